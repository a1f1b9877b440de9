// A mask corrected where it is judged: the labeling page's stage and tools around the one mask in hand.
import { createActions } from "../label/actions.js";
import { createAsking } from "../label/asking.js";
import { el } from "../label/dom.js";
import { createDocument } from "../label/document/document.js";
import { draftOf, kept } from "../label/document/draft.js";
import { newMask } from "../label/document/objects.js";
import { uuid } from "../label/journal/ids.js";
import { draftColour } from "../label/look.js";
import { centre } from "../label/masks/shapes.js";
import { createHand } from "../label/panels/hand.js";
import { createRail } from "../label/panels/rail.js";
import { createStage } from "../label/render/stage.js";
import { createRun } from "../label/run.js";
import { watchPointers } from "../label/tools/pointer.js";
import { createSketch } from "../label/tools/sketch.js";
import { createToolbox } from "../label/tools/toolbox.js";
import { createStore } from "../label/state.js";
import { cameraOf } from "./picture/crop.js";
import { maskOf } from "./picture/painting.js";

const version = (given) => (given !== null && typeof given === "object" ? given.number : given);

/** @param {object} parts  store (the page's), api, journal, keymap (the labeling page's), activity, categories, say
 * @param {object} parts.card
 * @param {object|null} parts.draft   of an earlier visit
 * @param {(mask: object|null) => void} parts.onKeep   the mask as it is sent; null: nothing was changed
 * @param {() => void} parts.onClose   without a verdict
 * @param {() => void} parts.openSheet */
export function createCorrecting({ store: page, api, journal, keymap, activity, categories, say, card, draft, onKeep, onClose, openSheet }) {
  const { project, session, look, category_id } = page.state;
  const image = card.image;
  const original = maskOf(card.segmentation);
  const began = draftOf(
    { kind: "annotation", key: `card/${card.id}`, id: card.id, mask: original, category_id: card.category_id, score: card.predicted_iou, version: version(card.model_version) },
    { uuid, category_id, began: activity.seconds });
  const store = createStore({
    session, project, image, look, category_id, objects: new Map(), draft: null, history: { undo: 0, redo: 0 }, hovered: null, selected: new Set(),
    pointer: null, tool: "brush", radius: radiusFor(card), counts: new Map(), asking: { waiting: false, text: "" }, loading: null, lease: null, warm: true, least_score: 0,
  });
  const { state } = store;
  const surface = el("div.stage", { tabIndex: 0, role: "application", "aria-roledescription": "mask to correct", "aria-label": "Correct the mask", data: { keys: "all", stage: "true" } });
  const canvases = el("div.stage-canvases");
  surface.append(canvases);
  const root = `/api/v1/projects/${project.id}/images/${image.id}`;
  const stage = createStage(canvases, {
    pictures: (kind, ...numbers) => (kind === "tile" ? `${root}/tiles/${numbers.join("/")}` : `${root}/rendition?side=${numbers[0]}`),
    onTrouble: (sentence) => say(sentence, { kind: "bad", key: "stage" }),
  });
  const doc = createDocument({ store, journal, outbox: NO_OUTBOX, onLost: (error) => say(error.message, { kind: "bad", key: "journal" }) });
  const asking = createAsking({ api, onPhase: (phase) => store.set({ asking: phase }) });
  const actions = { ...createActions({ store, doc, asking, activity, say, onKept: () => {} }), accept: keep, cancel: leave, reject: () => false, edit: () => false, merge() {}, remove: () => false };
  const sketch = createSketch({ store, stage });
  const toolbox = createToolbox({ store, stage, actions, sketch });
  let isWarned = false;

  const isChanged = () => state.draft !== null && state.draft.mask !== original;

  function keep() {
    if (state.draft?.mask === null) return say("Nothing is left of the mask: reject it instead.", { kind: "warn", key: "keep" });
    if (page.state.category_id === null) return say("Choose what it is first (1 to 9, or /).", { kind: "warn", key: "category" });
    const done = isChanged() ? newMask(kept({ ...state.draft, category_id: page.state.category_id }, activity.seconds)) : null;
    return end(() => onKeep(done));
  }

  /** Work is not dropped by one key. */
  function leave() {
    if (isChanged() && !isWarned) {
      isWarned = true;
      say("Esc once more drops this correction; Enter keeps it.", { kind: "warn", key: "drop" });
      return true;
    }
    end(onClose);
    return true;
  }

  function end(then) {
    say.dismiss("drop");
    asking.cancel();
    journal.saveDraft(project.id, image.id, null).catch(() => {}); // what is left over is of a card that is judged
    then();
    destroy();
  }

  function point(at) {
    store.set({ pointer: at });
    if (at === null) sketch.set(null);
    else toolbox.current.hover?.(at);
    stage.requestFrame();
  }

  const run = createRun({
    store, stage, toolbox, actions, doc, categories, point, openSheet, outbox: NO_OUTBOX, show() {}, toImages: leave, askSkip() {},
    flow: { shownObjects: [], submit: keep, step: () => false },
    focusStage: () => focus() ?? true,
    blurCursor: () => (state.pointer?.byKeyboard ? (point(null), true) : false),
    zoomCentre: () => (state.pointer ? [(state.pointer.x - stage.camera.x) * stage.camera.scale, (state.pointer.y - stage.camera.y) * stage.camera.scale] : []),
  });
  watchPointers(surface, { stage, tool: () => toolbox.current, onHover: point, onPick() {} });
  const focus = () => surface.focus({ preventScroll: true });
  const element = el("div.correcting", {}, createRail({ store, run, keymap }),
    el("div.stage-frame", {}, el("div.stage-hold", {}, surface), createHand({ store, run, keymap, at: stage.at })));

  const stops = [
    store.on(["draft"], () => {
      isWarned = false;
      stage.setDraft(state.draft?.mask ? { mask: state.draft.mask } : null, { colour: draftColour(state) });
      stage.requestFrame();
    }),
    store.on(["tool"], () => (surface.dataset.cursor = toolbox.current.cursor)),
    page.on(["category_id"], () => {
      store.set({ category_id: page.state.category_id });
      if (state.draft && state.draft.category_id !== page.state.category_id) doc.amend({ ...state.draft, category_id: page.state.category_id });
    }),
    page.on(["project"], () => store.set({ project: page.state.project })),
  ];

  function destroy() {
    for (const stop of stops) stop();
    stage.remove();
    element.remove();
  }

  /** When the stage has its size: around the mask, as it was judged. */
  async function open() {
    doc.open({ project: project.id, image: image.id, objects: new Map(), draft: { ...began, category_id }, decided: new Set() });
    // The clock of work began anew with the page.
    if (draft !== null) await doc.apply(() => ({ draft: { ...draft, began: activity.seconds } }));
    stage.open({ width: image.width, height: image.height, levels: image.levels });
    focus();
    await stage.ready;
    stage.setCamera(cameraOf(card, stage.viewport));
    asking.warm({ project: project.id, image: image.id }, centre(original));
  }

  return { element, run, open, focus, destroy, stage, state };
}

/** A tenth of the object, so that a stroke mends its edge and not all of it. */
const radiusFor = ({ bbox: [, , width, height] }) => Math.max(2, Math.min(60, Math.round(Math.min(width, height) / 10)));

/** Objects never change here: there is nothing to send. */
const NO_OUTBOX = { addAll: () => Promise.resolve([]), withdraw: () => Promise.resolve(false), flush: () => Promise.resolve() };
