// The card in view: its picture and mask on two canvases, redrawn at once when something of it changes.
import { el } from "../../label/dom.js";
import { createLayers } from "../../label/render/layers.js";
import { maskVoted, voteInView } from "../deck/votes.js";
import { PROPOSED, colourOf, voteColour } from "../look.js";
import { told } from "../panels/votes.js";
import { PLAIN, around, cameraOf, moved, zoomed } from "./crop.js";
import { maskOf, onDevice, paintMask, paintPicture, styleOf } from "./painting.js";

const WHEEL_STEP = 0.0016;
const STILL_MS = 400;

/** Of what is proposed and of all that people drew instead, so that the picture stands still while one looks from vote to vote. */
const boxOf = (card) => around([card.bbox, ...card.votes.filter(({ segmentation }) => segmentation !== null).map(({ segmentation }) => maskOf(segmentation).bbox_xywh)]);

/** @param {object} parts
 * @param {object} parts.store  `cards`, `view`, `masked`, `look`, `project`, `category_id`
 * @param {ReturnType<import("./pictures.js").createPictures>} parts.pictures
 * @param {(id: string) => void} parts.run */
export function createCardView({ store, pictures, run }) {
  const { state } = store;
  const canvases = el("div.card-canvases");
  const waits = el("p.card-waits", { hidden: true }, el("span.spinner", { "aria-hidden": "true" }), "Loading the picture …");
  const element = el("div.card-picture", { role: "img", data: { keys: "all" }, tabIndex: 0 }, canvases, waits);
  const button = (command, text, title, more = {}) =>
    el("button.button", { type: "button", title, "aria-label": title, tabIndex: -1, onclick: () => run(command), onpointerdown: (event) => event.preventDefault(), ...more }, text);
  const masked = button("mask", "Mask", "Mask on or off (B)");
  const whole = button("whole", "Whole", "Whole picture (F)");
  const buttons = el("div.view-buttons", { role: "group", "aria-label": "View" },
    masked, whole, button("zoom.out", "−", "Zoom out (−)"), button("zoom.in", "+", "Zoom in (+)"));
  const layers = createLayers(canvases, ["photo", "mask"], () => draw());
  const { viewport, contexts } = layers;
  let seen = { card: null, picture: null };
  let timer = 0;
  let isStill = false; // somebody has looked at it for a while

  /** Of a card, in device pixels. @param {object} card */
  const camera = (card, view = PLAIN) => onDevice(cameraOf({ image: card.image, bbox: boxOf(card) }, viewport, view), viewport.ratio);

  /** What `pictures.want` is told. @param {object} card */
  const viewOf = (card, at) => ({ image: card.image, scale: viewport.width ? camera(card, at === 0 ? state.view : PLAIN).scale : 1 });

  function draw() {
    const [card] = state.cards;
    if (!viewport.width || state.mode !== "one") return;
    if (card?.id !== seen.card?.id) settle();
    pictures.want(state.cards.map(viewOf), { isStill });
    if (card === undefined) return clear();
    const picture = pictures.best(card.image);
    waits.hidden = picture !== null;
    const at = camera(card, state.view);
    if (picture) paintPicture(contexts.photo, picture, at);
    else contexts.photo.clearRect(0, 0, contexts.photo.canvas.width, contexts.photo.canvas.height);
    const { canvas } = contexts.mask;
    contexts.mask.clearRect(0, 0, canvas.width, canvas.height);
    if (state.masked && !state.peeking) paintMasks(card, at);
    seen = { card, picture };
    element.dataset.card = String(card.id);
    element.dataset.ready = String(picture !== null);
    return undefined;
  }

  /** Of a vote its mask, and what was proposed as an outline above it. */
  function paintMasks(card, at) {
    const { look: { mode, opacity } } = state;
    const paint = (segmentation, colour, how) => paintMask(contexts.mask, maskOf(segmentation), at, styleOf(colour, how, opacity, viewport.ratio));
    const vote = voteInView(state);
    if (vote === null) return paint(card.segmentation, colourOf(state), mode);
    const voted = maskVoted(card, vote);
    if (voted !== null) paint(voted, voteColour(state.vote), "both");
    return voted === card.segmentation ? undefined : paint(card.segmentation, PROPOSED, "outline");
  }

  function clear() {
    for (const context of Object.values(contexts)) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    delete element.dataset.card;
    waits.hidden = true;
  }

  /** Of several pictures that arrive while cards wait, only the one in view is drawn. */
  function arrived() {
    const [card] = state.cards;
    if (card && pictures.best(card.image)?.bitmap !== seen.picture?.bitmap) draw();
    else pictures.want(state.cards.map(viewOf), { isStill });
  }

  function settle() {
    isStill = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      isStill = true;
      arrived();
    }, STILL_MS);
  }

  function wheel(event) {
    event.preventDefault();
    const { left, top, width, height } = element.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 20 : 1) * WHEEL_STEP);
    store.set({ view: zoomed(state.view, factor, event.clientX - left - width / 2, event.clientY - top - height / 2) });
  }

  function drag(event) {
    if (event.button !== 0 && event.button !== 1) return;
    element.setPointerCapture(event.pointerId);
    let last = event;
    const move = (next) => {
      store.set({ view: moved(state.view, next.clientX - last.clientX, next.clientY - last.clientY) });
      last = next;
    };
    const end = () => element.removeEventListener("pointermove", move);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end, { once: true });
    element.addEventListener("pointercancel", end, { once: true });
  }

  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("pointerdown", drag);
  store.on(["cards", "view", "masked", "peeking", "look", "category_id", "mode", "vote"], draw);
  store.on(["cards", "masked", "peeking", "vote", "mode", "project"], () => {
    const { cards: [card], masked, peeking } = state;
    const shown = masked && !peeking ? (told(state) ?? "the mask is shown") : "the mask is hidden";
    element.setAttribute("aria-label", card ? `Picture of card ${card.id}, ${shown}` : "No card");
  });

  store.on(["masked", "view"], ({ masked: isOn, view: { whole: isWhole } }) => {
    masked.setAttribute("aria-pressed", String(isOn));
    whole.setAttribute("aria-pressed", String(isWhole));
  });

  return { element, buttons, draw, arrived, viewport };
}
