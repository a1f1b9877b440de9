// The passes side by side: in each the same part of the picture, with what one person drew on it.
import { counted, el } from "../../label/dom.js";
import { createLayers } from "../../label/render/layers.js";
import { categoryName, colourOf } from "../look.js";
import { cameraOf, moved, zoomed } from "../picture/crop.js";
import { maskOf, onDevice, paintMask, paintPicture, raisedStyleOf, styleOf } from "../picture/painting.js";
import { columnsFor, countsOf } from "./comparing.js";
import { isSkipped, letterOf } from "./state.js";

const WHEEL_STEP = 0.0016;
const HEAD = 46; // of a pass, with what is between two of them
const CLICK = 4; // css pixels that a click may move

/** "3 objects · 1 drawn otherwise · 1 only here" @param {object} pass */
export function wordsOf(pass) {
  if (isSkipped(pass)) return pass.reason ? `skipped: ${pass.reason}` : "skipped";
  const { otherwise, alone } = countsOf(pass.standings);
  return [counted(pass.annotations.length, "object"), otherwise && `${otherwise} otherwise`, alone && `${alone} only here`].filter(Boolean).join(" · ");
}

/** @param {{ store: object, pictures: object, keymap: object, choose: (at: number) => void }} parts */
export function createPasses({ store, pictures, keymap, choose }) {
  const { state } = store;
  const element = el("div.passes", { role: "group", "aria-label": "Passes" });
  const room = new ResizeObserver(() => arrange());
  room.observe(element);
  let sheets = [];
  let shown = null;
  let frame = 0;

  const cameraIn = ({ layers: { viewport } }, image) => cameraOf({ image, bbox: [0, 0, image.width, image.height] }, viewport, state.view);

  function make() {
    if (shown === state.fold) return;
    shown = state.fold;
    for (const { layers } of sheets) layers.remove();
    sheets = (shown?.passes ?? []).map(sheetOf);
    element.replaceChildren(...sheets.map((sheet) => sheet.element));
    arrange();
    draw();
  }

  function arrange() {
    if (shown === null) return;
    const { clientWidth: width, clientHeight: height } = element;
    if (width && height) element.style.setProperty("--columns", String(columnsFor(sheets.length, shown.image, { width, height }, HEAD)));
  }

  function sheetOf(pass, at) {
    const letter = letterOf(at);
    const button = el("button.pass-head", { type: "button", "aria-keyshortcuts": keymap.aria(`pass.${at + 1}`), onclick: () => choose(at) },
      el("strong", {}, letter), el("span", {}, wordsOf(pass)), el("kbd", { "aria-hidden": "true" }, keymap.label(`pass.${at + 1}`)));
    const canvases = el("div.pass-picture", { role: "img" }, isSkipped(pass) && el("p.pass-skipped", {}, pass.reason ? `Skipped: ${pass.reason}` : "Skipped"));
    const layers = createLayers(canvases, ["photo", "mask"], later);
    const sheet = { element: el("section.pass", { "aria-label": `Pass ${letter}` }, button, canvases), button, canvases, layers, pass };
    canvases.addEventListener("wheel", (event) => wheel(event, canvases), { passive: false });
    canvases.addEventListener("pointerdown", (event) => drag(event, canvases, at));
    return sheet;
  }

  /** Once a frame, however much has changed. */
  function later() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  }

  function draw() {
    const [first] = sheets;
    if (first === undefined || !first.layers.viewport.width) return;
    const { image } = shown;
    const scale = cameraIn(first, image).scale * first.layers.viewport.ratio;
    pictures.want([{ image, scale }, ...state.list.slice(1, 4).map((fold) => ({ image: fold.image, scale }))], { isStill: true });
    for (const sheet of sheets) paint(sheet, image);
  }

  function paint(sheet, image) {
    const { layers: { viewport, contexts: { photo, mask } }, canvases, pass } = sheet;
    if (!viewport.width) return;
    const camera = onDevice(cameraIn(sheet, image), viewport.ratio);
    const picture = pictures.best(image);
    if (picture) paintPicture(photo, picture, camera);
    else photo.clearRect(0, 0, photo.canvas.width, photo.canvas.height);
    mask.clearRect(0, 0, mask.canvas.width, mask.canvas.height);
    const isShown = state.masked && !state.peeking;
    if (isShown) paintMasks(mask, pass, camera, viewport.ratio);
    canvases.dataset.ready = String(picture !== null);
    canvases.setAttribute("aria-label", isShown ? toldOf(pass) : "The picture; masks are off");
  }

  /** What all agree on lies below. */
  function paintMasks(context, { annotations, standings }, camera, ratio) {
    const { look: { mode, opacity }, project } = state;
    const order = annotations.map((_, at) => at).sort((a, b) => (standings[b] === "agreed") - (standings[a] === "agreed"));
    for (const at of order) {
      const colour = colourOf({ project, category_id: annotations[at].category_id });
      const style = standings[at] === "agreed" ? styleOf(colour, mode, opacity, ratio) : raisedStyleOf(colour, mode, opacity, ratio);
      paintMask(context, maskOf(annotations[at].segmentation), camera, style);
    }
  }

  function toldOf(pass) {
    const more = { agreed: "", otherwise: ", not so in every pass", alone: ", only here" };
    const objects = pass.annotations.map(({ category_id, category }, at) => (categoryName(state.project, category_id) ?? category ?? "?") + more[pass.standings[at]]);
    return [wordsOf(pass), ...objects].join("; ");
  }

  function wheel(event, canvases) {
    event.preventDefault();
    const { left, top, width, height } = canvases.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 20 : 1) * WHEEL_STEP);
    store.set({ view: zoomed(state.view, factor, event.clientX - left - width / 2, event.clientY - top - height / 2) });
  }

  /** A click chooses; what is dragged moves in all of them. */
  function drag(event, canvases, at) {
    if (event.button !== 0 && event.button !== 1) return;
    canvases.setPointerCapture(event.pointerId);
    let last = event;
    let isClick = event.button === 0;
    const move = (next) => {
      isClick &&= Math.hypot(next.clientX - event.clientX, next.clientY - event.clientY) < CLICK;
      if (isClick) return;
      store.set({ view: moved(state.view, next.clientX - last.clientX, next.clientY - last.clientY) });
      last = next;
    };
    const end = ({ type }) => {
      for (const name of ["pointerup", "pointercancel"]) canvases.removeEventListener(name, end);
      canvases.removeEventListener("pointermove", move);
      if (isClick && type === "pointerup") choose(at);
    };
    canvases.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) canvases.addEventListener(name, end);
  }

  store.on(["fold"], make);
  store.on(["view", "masked", "peeking", "look"], later);
  store.on(["chosen", "fold"], ({ chosen }) => {
    for (const [at, sheet] of sheets.entries()) {
      sheet.button.setAttribute("aria-pressed", String(at === chosen));
      sheet.element.dataset.chosen = String(at === chosen);
    }
  });
  return { element, arrived: later };
}
