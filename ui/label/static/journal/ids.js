// Names that nobody else gives: for objects before the server knows them, and for requests.

/** A random uuid (version 4), also where the page came over plain http.
 * @returns {string} */
export function uuid() {
  const source = globalThis.crypto;
  return source.randomUUID ? source.randomUUID() : fromBytes(source.getRandomValues(new Uint8Array(16)));
}

/** @param {Uint8Array} bytes  16 random ones
 * @returns {string} */
export function fromBytes(bytes) {
  const marked = Uint8Array.from(bytes);
  marked[6] = (marked[6] & 0x0f) | 0x40; // version 4
  marked[8] = (marked[8] & 0x3f) | 0x80; // variant of RFC 9562
  const hex = Array.from(marked, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
