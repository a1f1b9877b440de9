// What the address names: the project and the days. Days are UTC's, as the server counts them.

const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d\d-\d\d$/;
export const RANGES = [7, 30, 90];
const USUAL = 30;

/** @typedef {{ project: number|null, days: number|null, from: string|null, to: string|null }} Place
 * `days`: so many up to today; else from `from` to `to`, both with their whole day; null on both sides: ever. */

/** @param {string} query @returns {Place} */
export function placeOf(query) {
  const found = new URLSearchParams(query);
  const project = Number(found.get("project"));
  const from = dayOf(found.get("from"));
  const to = dayOf(found.get("to"));
  const given = found.get("days");
  const isAll = given === "all" && from === null && to === null;
  const days = isAll || from !== null || to !== null ? null : RANGES.includes(Number(given)) ? Number(given) : USUAL;
  return { project: Number.isSafeInteger(project) && project > 0 ? project : null, days, from, to };
}

/** @param {Partial<Place>} place @returns {string} */
export function addressOf({ project, days = null, from = null, to = null }) {
  const query = new URLSearchParams();
  if (project) query.set("project", String(project));
  if (from !== null) query.set("from", from);
  if (to !== null) query.set("to", to);
  if (from === null && to === null && days !== USUAL) query.set("days", days === null ? "all" : String(days));
  return `?${query}`;
}

/** First and last day, null where that side is open. @param {Place} place @param {number} now */
export function daysOf({ days, from, to }, now) {
  if (days === null) return { first: from, last: to };
  return { first: isoDay(now - (days - 1) * DAY_MS), last: isoDay(now) };
}

/** What the server is asked. @returns {string} */
export function periodOf(place, now) {
  const { first, last } = daysOf(place, now);
  const query = new URLSearchParams();
  if (first !== null) query.set("since", `${first}T00:00:00Z`);
  if (last !== null) query.set("until", `${isoDay(Date.parse(last) + DAY_MS)}T00:00:00Z`);
  return query.size === 0 ? "" : `?${query}`;
}

/** Every day from the first to the last, both with them. @returns {string[]} */
export function everyDay(first, last) {
  const found = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) found.push(isoDay(at));
  return found;
}

export const isoDay = (moment) => new Date(moment).toISOString().slice(0, 10);
const dayOf = (text) => (text !== null && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : null);
