// A cache with a budget in bytes: what was used longest ago goes first.

/** @param {number} budget  in bytes
 * @param {(value: any) => void} release  called with every value that leaves */
export function createLru(budget, release = () => {}) {
  const entries = new Map(); // in the order of use
  let bytes = 0;

  function remove(key) {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    bytes -= entry.bytes;
    release(entry.value);
  }

  return {
    get bytes() {
      return bytes;
    },
    has: (key) => entries.has(key),
    /** Looks without counting as a use. */
    peek: (key) => entries.get(key)?.value,
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, size) {
      remove(key);
      entries.set(key, { value, bytes: size });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (bytes <= budget || oldest === key) break;
        remove(oldest);
      }
    },
    remove,
    clear: () => [...entries.keys()].forEach(remove),
    entries: () => [...entries].map(([key, entry]) => [key, entry.value]),
  };
}
