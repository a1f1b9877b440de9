// The cards on the screen: of thousands of images only those near it are elements.

import { el } from "../dom.js";
import { createCard } from "./card.js";
import { setChildren } from "./children.js";
import { GAP, firstWhole, gridOf, heightOf, led, onScreen, positionOf, topToShow } from "./geometry.js";

const NEAR = 900; // pixels from the end, where the next page is asked for
const SETTLED_MS = 200;

/**
 * `onEnd`: the end of what is loaded comes near; `onPlace(image | null)`: the first image after scrolling, null at the top.
 * @param {{onOpen: (image: object) => void, onEnd: () => void, onPlace: (image: object|null) => void, hrefOf, pictureOf, pictureProblem, me}} options
 */
export function createGrid({ onOpen, onEnd, onPlace, ...ofCards }) {
  const list = el("ul.cards", { role: "list", "aria-label": "Images", onclick: click, onkeydown: key, onfocusin: focused });
  const end = el("div.end", { "aria-hidden": "true" });
  const above = el("div.above");
  const below = el("div.below");
  const element = el("div.scroller", { onscroll: scrolled, tabIndex: -1 }, above, list, end, below);
  /** @type {Map<number, ReturnType<typeof createCard>>} */
  const cards = new Map();
  let listing = { items: [], isLoading: true, isComplete: false, problem: null };
  let grid = gridOf(0);
  let active = 0;
  let isPlanned = false;
  let lastTop = 0;
  let settling;
  /** An image to go to as soon as the page shows the list. @type {number|null} */
  let awaited = null;

  const sizes = new ResizeObserver(resized);
  sizes.observe(list);
  const ends = new IntersectionObserver(askForMore, { root: element, rootMargin: `0px 0px ${NEAR}px 0px` });
  ends.observe(end);

  const isShown = () => list.clientWidth > 0;
  const top = () => element.scrollTop - list.offsetTop;
  const screenHeight = () => element.clientHeight;
  const rowsOnScreen = () => Math.floor(screenHeight() / (grid.height + GAP));
  const hasFocus = () => list.contains(document.activeElement);

  /** The observer tells of changes only; a short page may leave the end where it was: near. */
  function askForMore() {
    if (!isShown() || listing.isLoading || listing.isComplete || listing.problem) return;
    if (heightOf(grid, listing.items.length) - top() - screenHeight() < NEAR) onEnd();
  }

  function plan() {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => {
      isPlanned = false;
      if (isShown()) draw();
    });
  }

  function resized() {
    if (!isShown()) return; // hidden by the page: as it was when it is shown again
    const { items } = listing;
    const old = grid;
    const first = firstWhole(old, items.length, lastTop - list.offsetTop);
    grid = gridOf(list.clientWidth);
    drawHeight();
    if (awaited !== null) goTo(awaited);
    else if (items.length > 0 && lastTop > 0) {
      const isSame = old.height === grid.height && old.columns === grid.columns;
      element.scrollTop = isSame ? lastTop : list.offsetTop + positionOf(grid, first).y;
    }
    draw();
    askForMore();
  }

  function goTo(id) {
    const index = listing.items.findIndex((item) => item.id >= id);
    awaited = null;
    if (index < 0) return; // it is gone, or further than is worth loading
    drawHeight();
    element.scrollTop = lastTop = list.offsetTop + positionOf(grid, index).y;
    active = index;
    draw();
  }

  function scrolled() {
    if (!isShown()) return;
    lastTop = element.scrollTop;
    plan();
    clearTimeout(settling);
    settling = setTimeout(tellPlace, SETTLED_MS);
  }

  function tellPlace() {
    if (!isShown() || listing.items.length === 0) return;
    const at = firstWhole(grid, listing.items.length, top());
    onPlace(at < grid.columns ? null : listing.items[at]);
  }

  /** Places for images that are being loaded. */
  function ghosts() {
    if (!listing.isLoading || listing.isComplete) return 0;
    const count = listing.items.length;
    if (count === 0) return grid.columns * (rowsOnScreen() + 1);
    return grid.columns - (count % grid.columns) + grid.columns;
  }

  function drawHeight() {
    list.style.height = `${heightOf(grid, listing.items.length + ghosts())}px`;
  }

  function draw() {
    const { items } = listing;
    const { first, end: last } = onScreen(grid, items.length + ghosts(), top(), screenHeight());
    active = Math.max(0, Math.min(active, items.length - 1));
    if (!hasFocus()) active = nearest(active, items.length);
    const wanted = [];
    const kept = new Set();
    for (const index of indexes(first, last, active, items.length)) {
      if (index >= items.length) {
        wanted.push(ghost(index));
        continue;
      }
      const card = cardOf(items[index]);
      kept.add(card.image.id);
      card.place({ ...positionOf(grid, index), ...grid, index, count: listing.isComplete ? items.length : -1 });
      card.link.tabIndex = index === active ? 0 : -1;
      card.link.dataset.index = String(index);
      wanted.push(card.element);
    }
    for (const [id, card] of cards) {
      if (kept.has(id)) continue;
      card.leave();
      cards.delete(id);
    }
    setChildren(list, wanted);
  }

  /** With the focus elsewhere, Tab shall lead to an image that is seen. */
  function nearest(index, count) {
    const first = firstWhole(grid, count, top());
    const end = first + Math.max(1, rowsOnScreen()) * grid.columns;
    return index >= first && index < end ? index : first;
  }

  function cardOf(image) {
    const known = cards.get(image.id);
    if (known) {
      known.update(image);
      return known;
    }
    const made = createCard({ image, ...ofCards });
    cards.set(image.id, made);
    return made;
  }

  function ghost(index) {
    const { x, y } = positionOf(grid, index);
    const style = { transform: `translate(${x}px, ${y}px)`, width: `${grid.width}px`, height: `${grid.height}px`, "--picture": `${grid.picture}px` };
    return el("li.card.ghost", { "aria-hidden": "true", style }, el("span.picture"), el("span.foot", {}, el("i"), el("i"), el("i")));
  }

  function click(event) {
    const link = event.target.closest("a.card-link");
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !isPlain) return;
    event.preventDefault();
    onOpen(listing.items[Number(link.dataset.index)]);
  }

  function focused(event) {
    const link = event.target.closest("a.card-link");
    if (!link) return;
    active = Number(link.dataset.index);
    for (const card of cards.values()) card.link.tabIndex = card.link === link ? 0 : -1;
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const to = led(event.key, grid, active, listing.items.length, rowsOnScreen());
    if (to === null) return;
    event.preventDefault();
    focusOn(to);
  }

  function focusOn(index) {
    if (listing.items.length === 0) return;
    active = index;
    const wanted = list.offsetTop + topToShow(grid, index, top(), screenHeight() - list.offsetTop);
    element.scrollTop = index < grid.columns ? 0 : wanted;
    lastTop = element.scrollTop;
    const focus = () => list.querySelector(`a[data-index="${active}"]`)?.focus({ preventScroll: true });
    if (!cards.has(listing.items[index].id)) mountThen(focus);
    else focus();
  }

  /** The card that gets the focus is made before the old one goes, or the focus falls out of the list. */
  function mountThen(focus) {
    draw();
    focus();
    draw();
  }

  return {
    element,
    /** Above and below the cards, scrolled with them. */
    above,
    below,
    /** @param {import("./pages.js").Listing} newer */
    show(newer) {
      listing = newer;
      if (!isShown()) return;
      drawHeight();
      draw();
      askForMore();
    },
    toTop() {
      active = 0;
      element.scrollTop = lastTop = 0;
    },
    /** To the image of that id, or the first one behind it. @param {number} id */
    toPlace(id) {
      if (isShown()) goTo(id);
      else awaited = id;
    },
    focus: () => focusOn(active),
    destroy() {
      sizes.disconnect();
      ends.disconnect();
      clearTimeout(settling);
      for (const card of cards.values()) card.leave();
      cards.clear();
    },
  };
}

/** first … last - 1, and the one that has the focus wherever it is, in order. */
function indexes(first, last, active, count) {
  const all = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
  if (active >= count || (active >= first && active < last)) return all;
  return active < first ? [active, ...all] : [...all, active];
}
