// The cards in hand, in order; the first one is judged next. Pure: each function gives another list.

/** @typedef {object} Card   as the server hands it out; what lies behind it, nobody here knows
 * @property {number} id
 * @property {string} token     guards the answer
 * @property {string} until     when the lease lapses
 * @property {number} seconds   of a lease
 * @property {object} image
 * @property {{ size: [number, number], counts: string }} segmentation
 * @property {[number, number, number, number]} bbox   x, y, width, height
 * @property {number} area
 * @property {number|null} category_id
 * @property {number|null} predicted_iou
 * @property {object|null} model_version
 * @property {{ reason: string, text: string, value: any }[]} why */

/** A dozen is always on the way before it is needed. */
export const DOZEN = 12;
/** The most that the server hands out at once, and a wall. */
export const MOST = 48;

/** How many cards to ask for: none while there are enough. Cards whose answers have not arrived come back first, so
 * that they are asked for on top.
 * @param {Card[]} deck @param {"one"|"wall"} mode @param {number} underway  cards whose answers wait */
export function shortOf(deck, mode, underway = 0) {
  const enough = mode === "wall" ? MOST : DOZEN;
  return deck.length >= enough ? 0 : Math.min(MOST, (mode === "wall" ? MOST : 2 * DOZEN) + underway);
}

/** What the server handed out, behind what is there; leases of known cards are brought up to date.
 * @param {Card[]} deck @param {Card[]} fetched @param {(id: number) => boolean} isTaken  judged here already, or being judged */
export function admit(deck, fetched, isTaken) {
  const fresh = new Map(fetched.map((card) => [card.id, card]));
  const known = deck.map((card) => (fresh.has(card.id) ? { ...card, token: fresh.get(card.id).token, until: fresh.get(card.id).until } : card));
  const ids = new Set(deck.map(({ id }) => id));
  return [...known, ...fetched.filter(({ id }) => !ids.has(id) && !isTaken(id))];
}

/** @param {Card[]} deck @param {Iterable<number>} ids */
export function without(deck, ids) {
  const gone = new Set(ids);
  return deck.some(({ id }) => gone.has(id)) ? deck.filter(({ id }) => !gone.has(id)) : deck;
}

/** @param {Card[]} deck @param {Card[]} cards  come first now */
export const onTop = (deck, cards) => [...cards, ...without(deck, cards.map(({ id }) => id))];

/** @param {Card[]} deck @param {number} id */
export function toEnd(deck, id) {
  const card = deck.find((one) => one.id === id);
  return card === undefined ? deck : [...without(deck, [id]), card];
}

/** Changes of one card, as a lease that was renewed. @param {Card[]} deck @param {number} id @param {Partial<Card>} change */
export const changed = (deck, id, change) => deck.map((card) => (card.id === id ? { ...card, ...change } : card));

/** What the server needs to know a card by. @param {Card} card */
export const named = ({ id, token }) => ({ id, token });
