// Where somebody is in the image list: in the page's address, and remembered by the tab, so that
// the way back from an image leads to the same place.

import { NO_FILTERS, filtersOf, isFiltered, placeOf, searchWith } from "./filters.js";

const keyOf = (projectId) => `maskloop.images.${projectId}`;

/** Of this tab; null where the browser keeps nothing: then the list begins at its top. */
function tabStorage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null; // storage is switched off for this site
  }
}

/**
 * What the address names, or what was remembered where it names nothing.
 * @param {number} projectId @param {{search: string, storage?: Storage|null}} from
 * @returns {{filters: import("./filters.js").Filters, at: number|null}}
 */
export function placeIn(projectId, { search, storage = tabStorage() }) {
  const named = { filters: filtersOf(search), at: placeOf(search) };
  if (named.at !== null || isFiltered(named.filters)) return named;
  const kept = storage?.getItem(keyOf(projectId)) ?? "";
  return { filters: filtersOf(kept), at: placeOf(kept) };
}

/** @param {number} projectId @param {{filters: import("./filters.js").Filters, at: number|null}} place */
export function keepPlace(projectId, { filters, at }, storage = tabStorage()) {
  const search = searchWith(location.search, filters, at);
  history.replaceState(history.state, "", location.pathname + search + location.hash);
  remember(projectId, { filters, at }, storage);
}

/** @param {number} projectId */
export function remember(projectId, { filters = NO_FILTERS, at = null }, storage = tabStorage()) {
  try {
    storage?.setItem(keyOf(projectId), searchWith("", filters, at));
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error; // full: the way back leads to the top
  }
}
