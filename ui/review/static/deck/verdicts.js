// The session's verdicts, newest last: what undo takes back, and what the figures are made of. Pure.

/** @typedef {object} Said   one card, or several that were accepted together
 * @property {string} key     of the operation
 * @property {"accepted"|"corrected"|"rejected"} verdict
 * @property {import("./deck.js").Card[]} cards   after a reload only their ids and tokens
 * @property {number|null} seconds   of work
 * @property {object} [mine]  the mask that was drawn */

const REMEMBERED = 1000;

/** @param {Said[]} said */
export function figuresOf(said) {
  const count = (verdict) => said.filter((one) => one.verdict === verdict).reduce((sum, { cards }) => sum + cards.length, 0);
  const [accepted, corrected, rejected] = ["accepted", "corrected", "rejected"].map(count);
  const done = accepted + corrected + rejected;
  const seconds = said.flatMap((one) => (one.seconds === null ? [] : Array(one.cards.length).fill(one.seconds / one.cards.length)));
  return { done, accepted, corrected, rejected, acceptance: done ? accepted / done : null, seconds: median(seconds) };
}

function median(values) {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Without cards, by whatever they were judged. @param {Said[]} said @param {number[]} ids */
export function unsaid(said, ids) {
  const gone = new Set(ids);
  return said
    .map((one) => (one.cards.some(({ id }) => gone.has(id)) ? { ...one, cards: one.cards.filter(({ id }) => !gone.has(id)) } : one))
    .filter(({ cards }) => cards.length > 0);
}

/** As a tab keeps it over a reload: names only, masks are the server's. @param {Said[]} said */
export const toText = (said) =>
  JSON.stringify(said.slice(-REMEMBERED).map(({ key, verdict, cards, seconds }) => ({ key, verdict, seconds, cards: cards.map(({ id, token }) => ({ id, token })) })));

/** @param {string|null} text @returns {Said[]} none where it cannot be read: no work is lost by it */
export function fromText(text) {
  try {
    const found = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((one) => Array.isArray(one?.cards)) : [];
  } catch {
    return [];
  }
}
