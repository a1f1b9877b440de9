// What becomes of an object's other operations when one of them is done, dropped or decided. Pure:
// all take the object's operations in order and give `Changes` for the journal.
import { uuid } from "./ids.js";

/** @typedef {import("./journal.js").Operation} Operation
 * @typedef {import("./journal.js").Changes} Changes
 * @typedef {import("./journal.js").Identity} Identity */

const makes = ({ kind }) => kind === "create" || kind === "review";
const changes = ({ kind }) => kind === "update" || kind === "delete";

/** The server did it; the next operation changes the revision that this one made.
 * @param {Operation[]} operations
 * @param {string} key
 * @param {Identity|null} identity  what the object is now
 * @returns {Changes|null} null where it is gone: another tab was faster */
export function settled(operations, key, identity) {
  const at = operations.findIndex((operation) => operation.key === key);
  if (at < 0) return null;
  const { seq, kind } = operations[at];
  if (kind === "delete") return { remove: [seq], identify: null };
  if (identity === null) return { remove: [seq] };
  const next = operations[at + 1];
  const isBehind = next !== undefined && changes(next) && next.base === null;
  const replace = isBehind ? [{ ...next, base: identity.revision }] : [];
  return { remove: [seq], replace, identify: identity };
}

/** The operation shall not be done. What comes after it stays: masks are whole, not differences, so
 * an update stands for what was before it, too.
 * @param {Operation[]} operations
 * @param {string} key
 * @param {boolean} isKnown  whether the server has an annotation of the object
 * @returns {Changes|null} */
export function dropped(operations, key, isKnown) {
  const at = operations.findIndex((operation) => operation.key === key);
  if (at < 0) return null;
  const [gone, next] = operations.slice(at);
  if (next === undefined || !changes(next)) return { remove: [gone.seq] };
  if (isKnown || !makes(gone)) {
    return { remove: [gone.seq], replace: [{ ...next, base: next.base ?? gone.base }] };
  }
  if (next.kind === "delete") return { remove: [gone.seq, next.seq] };
  return { remove: [gone.seq], replace: [{ ...next, ...making(gone, next.body) }] };
}

/** What makes an object of a mask as `gone` would have made it of its own. */
function making(gone, mask) {
  if (gone.kind === "create") return { kind: "create", base: null };
  const { proposal } = gone;
  return { kind: "review", base: null, proposal, body: { verdict: "corrected", mask } };
}

/** @param {Operation[]} operations
 * @param {string} key
 * @param {object} marks  fields to set; undefined takes one away
 * @returns {Changes|null} */
export function marked(operations, key, marks) {
  const found = operations.find((operation) => operation.key === key);
  return found === undefined ? null : { replace: [{ ...found, ...marks }] };
}

/** A person decided a conflict: `mine`, `theirs` or `both`.
 * @param {Operation[]} operations
 * @param {string} key
 * @param {"mine"|"theirs"|"both"} choice
 * @returns {Changes|null} null where it is decided already */
export function decided(operations, key, choice) {
  const found = operations.find((operation) => operation.key === key);
  if (found?.conflict === undefined) return null;
  const { theirs, mine } = found.conflict;
  const free = { ...found, conflict: undefined };
  if (choice === "theirs") {
    const identify = found.kind === "review" || theirs === null ? undefined : identityOf(found, theirs);
    return { remove: operations.map(({ seq }) => seq), identify };
  }
  if (choice === "mine" && theirs !== null) {
    return { replace: [{ ...free, base: theirs.revision }] };
  }
  // A new annotation: nothing of mine is left of the one that was.
  const created = { ...free, kind: "create", base: null, body: mine };
  if (theirs === null || found.kind === "review") return { replace: [created] };
  return { replace: [created], identify: { ...identityOf(found, theirs), object: uuid() } };
}

/** @param {Operation} operation
 * @param {{id: number, revision: number}} annotation
 * @returns {Identity} */
export function identityOf({ object, project, image }, { id, revision }) {
  return { object, project, image, id, revision };
}

/** Whether two masks are the same, under the same category.
 * @param {{category_id: number, segmentation: object}} mine
 * @param {{category_id: number, segmentation: object}} theirs */
export function isSame(mine, theirs) {
  return (
    mine.category_id === theirs.category_id &&
    mine.segmentation.counts === theirs.segmentation.counts &&
    String(mine.segmentation.size) === String(theirs.segmentation.size)
  );
}
