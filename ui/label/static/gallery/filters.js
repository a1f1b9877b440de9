// What the image list is narrowed to: read from the page's address, written there, and asked of the API.

/**
 * @typedef {"all"|"todo"|"leased"|"done"|"skipped"} Show
 * @typedef {object} Filters
 * @property {Show} show
 * @property {string} text
 * @property {number|null} category_id
 * @property {number|null} score_least   of proposals that wait, 0 to 1
 * @property {number|null} score_most
 */

/** @type {Show[]} */
export const SHOWS = ["all", "todo", "leased", "done", "skipped"];
/** @type {Readonly<Filters>} */
export const NO_FILTERS = Object.freeze({ show: "all", text: "", category_id: null, score_least: null, score_most: null });
const LONGEST_TEXT = 200; // what the API takes
/** Names in the page's address. */
const NAMES = { show: "show", text: "text", category_id: "category", score_least: "from", score_most: "to" };
const AT = "at";

/** What cannot be read there is left out: an address may be typed by hand. @param {string} search @returns {Filters} */
export function filtersOf(search) {
  const given = new URLSearchParams(search);
  const show = given.get(NAMES.show);
  return {
    show: SHOWS.includes(show) ? show : "all",
    text: (given.get(NAMES.text) ?? "").slice(0, LONGEST_TEXT),
    category_id: idOf(given.get(NAMES.category_id)),
    score_least: scoreOf(given.get(NAMES.score_least)),
    score_most: scoreOf(given.get(NAMES.score_most)),
  };
}

/** The image that was at the top of the screen. @param {string} search @returns {number|null} */
export const placeOf = (search) => idOf(new URLSearchParams(search).get(AT));

/** The address's query with these filters and this place; what else is in it stays.
 * @param {string} search @param {Filters} filters @param {number|null} place */
export function searchWith(search, filters, place) {
  const made = new URLSearchParams(search);
  for (const [key, name] of Object.entries(NAMES)) put(made, name, filters[key], NO_FILTERS[key]);
  put(made, AT, place, null);
  const text = made.toString();
  return text ? `?${text}` : "";
}

/** @param {Filters} filters @returns {URLSearchParams}  of GET projects/{p}/images */
export function queryOf(filters) {
  const query = new URLSearchParams();
  if (filters.show === "leased") query.set("leased", "true");
  else if (filters.show !== "all") query.set("state", filters.show);
  const text = filters.text.trim();
  if (text) query.set("text", text.slice(0, LONGEST_TEXT));
  for (const key of ["category_id", "score_least", "score_most"]) put(query, key, filters[key], null);
  return query;
}

/** @param {Filters} filters */
export const isFiltered = (filters) => queryOf(filters).size > 0;

/** True where the tab alone narrows, so that its number is how many images are found. @param {Filters} filters */
export const isOnlyShow = (filters) => !isFiltered({ ...filters, show: "all" });

/** What is wrong with a range of scores, or null. @param {number|null} least @param {number|null} most */
export function rangeProblem(least, most) {
  const isOutside = (score) => score !== null && !(score >= 0 && score <= 1);
  if (isOutside(least) || isOutside(most)) return "A score lies between 0 and 1.";
  if (least !== null && most !== null && least > most) return "No score is from the larger to the smaller number: swap the two.";
  return null;
}

/** `value` of a number field. @param {string} text @returns {number|null} NaN for what is no number */
export const scoreOfField = (text) => (text.trim() === "" ? null : Number(text));

function put(query, name, value, none) {
  if (value === none) query.delete(name);
  else query.set(name, String(value));
}

function idOf(text) {
  return text !== null && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}

function scoreOf(text) {
  const score = text === null || text.trim() === "" ? NaN : Number(text);
  return score >= 0 && score <= 1 ? score : null;
}
