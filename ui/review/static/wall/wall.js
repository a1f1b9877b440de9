// The wall: crops of many cards at once, walked over by arrows, selected, accepted together.
import { el } from "../../label/dom.js";
import { picture } from "../../label/panels/icons.js";
import { MOST } from "../deck/deck.js";
import { colourOf } from "../look.js";
import { cameraOf } from "../picture/crop.js";
import { maskOf, onDevice, paintMask, paintPicture, styleOf } from "../picture/painting.js";
import { among, toggled } from "./selection.js";

const SIDE = 1024; // of renditions: a crop is no wider than a few hundred pixels

/** @param {{ store: object, pictures: object, onOpen: (card: object) => void }} parts */
export function createWall({ store, pictures, onOpen }) {
  const { state } = store;
  const tiles = new Map(); // by card id
  const grid = el("div.wall", {
    role: "listbox", "aria-multiselectable": "true", "aria-label": "Crops", tabIndex: 0, data: { keys: "all" }, onclick: clicked, ondblclick: opened,
  });
  const ids = () => shownCards().map(({ id }) => id);
  const shownCards = () => state.cards.slice(0, MOST);

  function tileOf(card) {
    const canvas = el("canvas", { "aria-hidden": "true" });
    const element = el("div.tile", { role: "option", id: `tile-${card.id}`, data: { card: String(card.id) } },
      canvas, el("span.tile-score", {}), el("span.tile-mark", { "aria-hidden": "true" }, picture("check")));
    return { element, canvas, painted: "" };
  }

  function show() {
    if (state.mode !== "wall") return;
    const cards = shownCards();
    for (const [id, { element }] of tiles) {
      if (cards.some((card) => card.id === id)) continue;
      element.remove();
      tiles.delete(id);
    }
    cards.forEach((card, at) => {
      if (!tiles.has(card.id)) tiles.set(card.id, tileOf(card));
      const { element } = tiles.get(card.id);
      if (grid.children[at] !== element) grid.insertBefore(element, grid.children[at] ?? null);
    });
    const selection = among(state.selection, ids());
    if (selection.at !== state.selection.at || selection.ids.size !== state.selection.ids.size) store.set({ selection });
    measure();
    mark();
    draw();
  }

  function mark() {
    const { at, ids: selected } = state.selection;
    shownCards().forEach((card, place) => {
      const { element } = tiles.get(card.id) ?? {};
      if (!element) return;
      const [score] = card.why;
      element.setAttribute("aria-selected", String(selected.has(card.id)));
      element.setAttribute("aria-label", `Crop ${place + 1}${score ? `, ${score.text}` : ""}${state.audits.has(card.id) ? ", to be audited alone" : ""}`);
      element.classList.toggle("at", place === at);
      element.classList.toggle("audit", state.audits.has(card.id));
      element.querySelector(".tile-score").textContent = card.predicted_iou === null ? "" : card.predicted_iou.toFixed(2);
      if (place === at) {
        grid.setAttribute("aria-activedescendant", element.id);
        element.scrollIntoView({ block: "nearest" });
      }
    });
  }

  function measure() {
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    if (columns !== state.columns) store.set({ columns });
  }

  /** All that has changed since it was drawn. */
  function draw() {
    if (state.mode !== "wall") return;
    const first = tiles.values().next().value;
    if (!first) return;
    const { width, height } = first.canvas.getBoundingClientRect();
    const ratio = devicePixelRatio;
    if (!width || !height) return;
    const viewport = { width, height };
    const cameras = shownCards().map((card) => [card, onDevice(cameraOf(card, viewport), ratio)]);
    pictures.want(cameras.map(([{ image }, { scale }]) => ({ image, scale })), { ahead: MOST, most: SIDE });
    for (const [card, camera] of cameras) drawTile(tiles.get(card.id), card, camera, viewport, ratio);
  }

  function drawTile(tile, card, camera, { width, height }, ratio) {
    const found = pictures.best(card.image);
    const { mode, opacity } = state.look;
    const colour = colourOf(state, card.chosen ?? card.category_id ?? state.category_id);
    const wanted = [found?.bitmap.width ?? 0, width, height, ratio, mode, opacity, state.masked && !state.peeking, colour].join();
    if (tile.painted === wanted) return;
    tile.painted = wanted;
    tile.element.classList.toggle("waits", found === null);
    const context = tile.canvas.getContext("2d");
    tile.canvas.width = Math.round(width * ratio);
    tile.canvas.height = Math.round(height * ratio);
    if (found) paintPicture(context, found, camera);
    if (state.masked && !state.peeking) paintMask(context, maskOf(card.segmentation), camera, styleOf(colour, mode, opacity, ratio));
  }

  function placeOf(event) {
    const tile = event.target.closest(".tile");
    return tile ? ids().indexOf(Number(tile.dataset.card)) : -1;
  }

  function clicked(event) {
    const at = placeOf(event);
    if (at < 0) return;
    if (!event.shiftKey) return store.set({ selection: toggled(state.selection, at, ids()) });
    const [from, to] = [Math.min(state.selection.anchor, at), Math.max(state.selection.anchor, at)];
    return store.set({ selection: { ...state.selection, at, ids: new Set([...state.selection.ids, ...ids().slice(from, to + 1)]) } });
  }

  function opened(event) {
    const at = placeOf(event);
    if (at >= 0) onOpen(shownCards()[at]);
  }

  new ResizeObserver(() => {
    measure();
    draw();
  }).observe(grid);
  store.on(["cards", "mode"], show);
  store.on(["selection", "audits"], () => state.mode === "wall" && mark());
  store.on(["look", "masked", "peeking", "category_id"], draw);

  return { element: grid, arrived: draw, ids };
}
