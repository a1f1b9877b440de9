// Which operation is sent next: those of one object strictly in order, a submission after all
// earlier ones of its image; what is stuck holds up nothing else.

/** @typedef {import("./journal.js").Operation} Operation */

/** Waits for a person, not for the server. */
export const isStuck = (operation) => operation.conflict !== undefined || operation.refused !== undefined;

/** @param {Operation[]} operations  in order
 * @param {(operation: Operation) => boolean} isDue
 * @returns {Operation|null} */
export function nextToSend(operations, isDue) {
  return openToSend(operations).find(isDue) ?? null;
}

/** Those with nothing unsettled before them that they depend on.
 * @param {Operation[]} operations  in order
 * @returns {Operation[]} */
export function openToSend(operations) {
  const objects = new Set();
  const images = new Set();
  const open = [];
  for (const operation of operations) {
    const image = `${operation.project}/${operation.image}`;
    const waits = operation.kind === "submit" ? images.has(image) : objects.has(operation.object);
    if (!waits && !isStuck(operation)) open.push(operation);
    objects.add(operation.object);
    images.add(image);
  }
  return open;
}
