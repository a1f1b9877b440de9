// The image list: what is found, drawn as cards, and ways to add more.

import { el } from "../dom.js";
import { listenForFiles } from "./drop.js";
import { isFiltered, isOnlyShow, queryOf } from "./filters.js";
import { createGrid } from "./grid.js";
import { createHeader } from "./header.js";
import { emptyProject, failed, failedBelow, nothingFound } from "./notices.js";
import { createPages } from "./pages.js";
import { createPictures } from "./pictures.js";
import { keepPlace, placeIn } from "./place.js";
import { createUploading } from "./uploading.js";
import { foundSentence } from "./words.js";

const STALE_MS = 30_000;
const MAY_ADD = "images.add";
const MAY_LABEL = "annotations.write";

/**
 * Filters and place are kept in the page's address and by the tab. An upload goes on when the list is
 * left for an image: it is at `store.state.uploading` then, and its tray in the page.
 * @param {{store: object, api: object, projectId: number, onOpen: (image: object) => void, onStart: () => void,
 *   onProblem: (sentence: string) => void}} options
 */
export function createGallery({ store, api, projectId, onOpen, onStart, onProblem }) {
  const path = `/projects/${projectId}/images`;
  const stop = new AbortController();
  let { filters, at } = placeIn(projectId, location);
  let counts = null;
  let asked = 0;

  const hrefOf = ({ id }) => `?project=${projectId}&image=${id}`;
  const may = (permission) => store.state.project?.permissions.includes(permission) ?? false;
  const uploading = takenUp(store, projectId) ?? createUploading({ store, api, projectId, hrefOf, onProblem });
  uploading.listen(reload);

  const pages = createPages({ ask, onChange: show });
  const header = createHeader({
    filters,
    onFilters: (newer) => void narrow(newer),
    onStart,
    onChoose: uploading.choose,
    onChooseFolder: uploading.chooseFolder,
    onLeave: () => grid.focus(),
  });
  const grid = createGrid({
    onOpen,
    onEnd: () => void pages.more(),
    onPlace: (image) => keep(image?.id ?? null),
    hrefOf,
    ...createPictures({ api, path }),
    me: () => store.state.session?.user.name,
  });
  const notices = el("div.notices", { hidden: true });
  const element = el("section.gallery", { "aria-label": "Images" }, header.element, el("div.gallery-body", {}, grid.element, notices), uploading.element);
  const drop = listenForFiles({ host: element, may: () => may(MAY_ADD), onFiles: uploading.add, onProblem });
  const unlisten = store.on(["project", "session"], showProject);
  document.addEventListener("keydown", key, { signal: stop.signal });
  document.addEventListener("visibilitychange", refreshIfStale, { signal: stop.signal });

  async function ask(cursor, limit, signal) {
    const query = queryOf(filters);
    query.set("limit", String(limit));
    if (cursor !== null) query.set("cursor", cursor);
    const { data } = await api.get(`${path}?${query}`, { signal });
    return data;
  }

  /** @param {() => Promise<void>} list */
  async function load(list) {
    asked = performance.now();
    const { signal } = stop;
    const counting = api.get(`${path}/counts`, { signal }).then(
      ({ data }) => showCounts(data),
      (problem) => problem,
    );
    await list();
    const problem = await counting;
    // Where the list does not come either, its own notice says why.
    if (problem && !signal.aborted && pages.listing.problem === null) onProblem(`The images cannot be counted. ${problem.message}`);
  }

  async function begin() {
    await load(() => pages.start(at));
    keep(at);
    if (at !== null) grid.toPlace(at);
  }

  function reload() {
    return load(pages.listing.items.length === 0 ? () => pages.start() : pages.refresh);
  }

  function refreshIfStale() {
    const isStale = performance.now() - asked > STALE_MS;
    if (document.visibilityState === "visible" && isStale && element.checkVisibility() && !pages.listing.isLoading) void reload();
  }

  async function narrow(newer) {
    filters = newer;
    grid.toTop();
    keep(null);
    element.classList.add("narrowing");
    await load(pages.replace);
    if (filters === newer) element.classList.remove("narrowing");
  }

  function keep(id) {
    at = id;
    if (element.checkVisibility()) keepPlace(projectId, { filters, at }); // the address is of what the page shows
  }

  function showProject({ project }) {
    header.showProject(project, { mayLabel: may(MAY_LABEL), mayAdd: may(MAY_ADD) });
    show(pages.listing);
  }

  function showCounts(newer) {
    counts = newer;
    header.showCounts(counts);
    show(pages.listing);
  }

  function show(listing) {
    const { items, isLoading, isComplete, problem } = listing;
    const isDone = !isLoading && asked > 0;
    element.setAttribute("aria-busy", String(isLoading));
    if (isLoading && items.length === 0) header.showFound("Loading…");
    else if (problem && items.length === 0) header.showFound("");
    else header.showFound(foundSentence({ count: items.length, isComplete, total: counts && isOnlyShow(filters) ? counts[filters.show] : null }));
    const instead = isDone && items.length === 0 ? noticeOf(problem) : null;
    notices.hidden = instead === null;
    grid.element.hidden = instead !== null;
    notices.replaceChildren(...(instead ? [instead] : []));
    grid.below.replaceChildren(...(isDone && problem && items.length > 0 ? [failedBelow({ problem, isComplete, onRetry: () => void (isComplete ? reload() : pages.more()) })] : []));
    grid.show(listing);
  }

  function noticeOf(problem) {
    if (problem) return failed({ problem, onRetry: () => void begin() });
    if (isFiltered(filters)) return nothingFound({ onClear: header.clearAll });
    if (!store.state.project) return null;
    return emptyProject({ project: store.state.project, mayAdd: may(MAY_ADD), onChoose: uploading.choose, onChooseFolder: uploading.chooseFolder });
  }

  function key(event) {
    const isTyping = event.target instanceof Element && event.target.closest("input:not([type=radio]), textarea, select, [contenteditable], dialog[open]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping || !element.checkVisibility()) return;
    event.preventDefault();
    header.focusSearch();
  }

  void begin();

  return {
    element,
    /** Once more from the server; what is shown stays where it is. */
    reload,
    destroy() {
      stop.abort();
      unlisten();
      pages.stop();
      header.destroy();
      grid.destroy();
      drop.destroy();
      leave(uploading, { store, page: element.closest(".maskloop") });
      element.remove();
    },
  };
}

/** What the list before this one left under way. */
function takenUp(store, projectId) {
  const { uploading } = store.state;
  if (!uploading || uploading.projectId !== projectId) return null;
  store.set({ uploading: null });
  return uploading;
}

function leave(uploading, { store, page }) {
  uploading.listen(() => {});
  if (page === null || !uploading.hasNews) {
    uploading.destroy();
    return;
  }
  page.append(uploading.element);
  store.set({ uploading });
}
