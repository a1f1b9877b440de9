// Which categories are shown, in which order, and which were used of late. Pure: no DOM here.

/** @typedef {{ id: number, name: string }} Category */

const RECENT = 5;

/** As compared: without case, accents or surplus spaces. @param {string} text */
export const plain = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();

/** Those that match, the closest first: the name itself, its beginning, the beginning of a word, anywhere. Equally
 * close ones keep the project's order. @param {Category[]} categories @param {string} query @returns {Category[]} */
export function narrow(categories, query) {
  const wanted = plain(query);
  if (wanted === "") return categories;
  return categories
    .map((category, place) => ({ category, place, rank: rankOf(plain(category.name), wanted) }))
    .filter(({ rank }) => rank < Infinity)
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .map(({ category }) => category);
}

function rankOf(name, wanted) {
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  const words = name.split(/[^\p{L}\p{N}]+/u);
  if (words.some((word) => word.startsWith(wanted))) return 2;
  if (name.includes(wanted)) return 3;
  return wanted.split(" ").every((part) => words.some((word) => word.startsWith(part))) ? 4 : Infinity;
}

/** What could be made of a search that names no category; null when one has that very name. */
export function newName(categories, query) {
  const name = query.replace(/\s+/g, " ").trim();
  if (name === "") return null;
  return categories.some((category) => category.name.toLowerCase() === name.toLowerCase()) ? null : name;
}

/** @param {number[]} recent ids, newest first @param {number} id */
export const used = (recent, id) => [id, ...recent.filter((other) => other !== id)].slice(0, RECENT);

/** The recent ones that still exist. @param {Category[]} categories @param {number[]} recent @returns {Category[]} */
export const recentOf = (categories, recent) =>
  recent.map((id) => categories.find((category) => category.id === id)).filter(Boolean);

const keptAt = (projectId) => `maskloop.categories.${projectId}`;

/** Recent ids of a project; the first is the one last chosen. What can't be read counts as none: nothing is lost by it.
 * @param {Storage|null} storage @param {number} projectId @returns {number[]} */
export function readRecent(storage, projectId) {
  try {
    const found = JSON.parse(storage?.getItem(keptAt(projectId)) ?? "[]");
    return Array.isArray(found) ? found.filter(Number.isInteger).slice(0, RECENT) : [];
  } catch {
    return [];
  }
}

/** @returns {string|null} a sentence when the browser keeps nothing */
export function writeRecent(storage, projectId, recent) {
  try {
    storage?.setItem(keptAt(projectId), JSON.stringify(recent));
    return null;
  } catch (error) {
    return `The category in hand will not be remembered: the browser keeps nothing (${error.message}). Allow this site to store data.`;
  }
}

/** The category to begin with: the one last chosen, or the only one; otherwise none, so that nobody
 * accepts under a category that they never chose. */
export function firstInHand(categories, recent) {
  const [last] = recentOf(categories, recent);
  return last?.id ?? (categories.length === 1 ? categories[0].id : null);
}
