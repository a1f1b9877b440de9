// The page where an image is labeled: its parts made, and bound to the state.
import { createActions } from "./actions.js";
import { createAsking } from "./asking.js";
import { el } from "./dom.js";
import { createDocument } from "./document/document.js";
import { countByCategory } from "./document/objects.js";
import { createFlow, pictureOf } from "./flow.js";
import { draftColour, drawn, lookOf } from "./look.js";
import { createCategories } from "./panels/categories.js";
import { askReason, decideConflicts, decideRefused } from "./panels/decisions.js";
import { createHand } from "./panels/hand.js";
import { createKeysSheet } from "./panels/keys_sheet.js";
import { createLook } from "./panels/look.js";
import { createObjects } from "./panels/objects.js";
import { createQueueChoice } from "./panels/queue_choice.js";
import { createRail } from "./panels/rail.js";
import { createNotices } from "./panels/notices.js";
import { createTopBar } from "./panels/status.js";
import { createPreview } from "./preview.js";
import { createQueues } from "./queues.js";
import { createMinimap } from "./render/minimap.js";
import { createStage } from "./render/stage.js";
import { createRun } from "./run.js";
import { watchPointers } from "./tools/pointer.js";
import { createSketch } from "./tools/sketch.js";
import { createToolbox } from "./tools/toolbox.js";

/**
 * @param {object} parts  store, api, journal, outbox, keymap, activity, figures, say, toImages
 * @returns {{ element: HTMLElement, run: Function, flow: object, destroy: () => void }}
 */
export function createLabelView(parts) {
  const { store, api, journal, outbox, keymap, activity, figures, say, toImages } = parts;
  const { state } = store;

  const surface = el("div.stage", {
    tabIndex: 0, role: "application", "aria-roledescription": "image to label", "aria-label": "Image",
    data: { keys: "all", stage: "true" },
  });
  const canvases = el("div.stage-canvases");
  surface.append(canvases);
  const pictures = (kind, ...numbers) => {
    const base = `/api/v1/projects/${state.project.id}/images/${opened.id}`;
    return kind === "tile" ? `${base}/tiles/${numbers.join("/")}` : `${base}/rendition?side=${numbers[0]}`;
  };
  let opened = null;
  const stage = createStage(canvases, {
    pictures,
    onTrouble: (sentence) => say(sentence, { kind: "bad", key: "stage" }),
  });

  const doc = createDocument({ store, journal, outbox, onLost: (error) => say(error.message, { kind: "bad", key: "journal" }) });
  const asking = createAsking({ api, onPhase: (phase) => store.set({ asking: phase }) });
  const actions = createActions({ store, doc, asking, activity, say, onKept: figures.kept });
  const sketch = createSketch({ store, stage });
  const toolbox = createToolbox({ store, stage, actions, sketch });
  const queues = createQueues({ store, api });
  const flow = createFlow({
    store, api, journal, outbox, doc, asking, activity, figures, queues, say,
    onOpen(image) {
      opened = image;
      preview.clear();
      store.set({ pointer: null });
      stage.open({ width: image.width, height: image.height, levels: image.levels });
    },
  });

  const preview = createPreview({
    peek: ([x, y], signal) => asking.peek({ project: state.project.id, image: state.image.id }, { points: [[x, y, 1]], multimask: true }, signal),
    onPreview: (found) => stage.setPreview(found?.answer.masks[0]?.mask ?? null),
    isWanted: () =>
      state.image !== null && state.tool === "point" && state.draft === null && !state.loading && state.look.masks &&
      state.hovered === null && !document.hidden && asking.isWarm(state.image.id),
  });

  // --- pointing -----------------------------------------------------------------------------------

  function point(at) {
    store.set({ pointer: at });
    if (at === null || !state.image) {
      preview.clear();
      sketch.set(null);
      return store.set({ hovered: null });
    }
    toolbox.current.hover?.(at);
    if (state.draft === null) {
      lookUnder(at);
      const inside = at.x >= 0 && at.y >= 0 && at.x < state.image.width && at.y < state.image.height;
      if (inside) preview.at([at.x, at.y]);
      else preview.clear();
    }
    return stage.requestFrame();
  }

  function lookUnder(at) {
    const under = stage.at(at.x, at.y);
    if (!under.includes(state.hovered)) store.set({ hovered: under[0] ?? null });
  }

  watchPointers(surface, {
    stage,
    tool: () => toolbox.current,
    onHover: point,
    onPick(at) {
      const [key] = stage.at(at.x, at.y);
      if (key) select(key, true);
    },
  });

  function select(key, adds) {
    const selected = new Set(adds ? state.selected : []);
    if (selected.has(key) && adds) selected.delete(key);
    else selected.add(key);
    store.set({ selected });
  }

  function show(key, { onlyIfOutside = false } = {}) {
    const [x, y, w, h] = state.objects.get(key).mask.bbox_xywh;
    const { camera, viewport } = stage;
    const inside = (x - camera.x) * camera.scale > 0 && (y - camera.y) * camera.scale > 0 &&
      (x + w - camera.x) * camera.scale < viewport.width && (y + h - camera.y) * camera.scale < viewport.height;
    if (inside && onlyIfOutside) return;
    const scale = Math.min(8, 0.6 * Math.min(viewport.width / w, viewport.height / h));
    stage.setCamera({ scale, x: x + w / 2 - viewport.width / 2 / scale, y: y + h / 2 - viewport.height / 2 / scale });
  }

  // --- commands -----------------------------------------------------------------------------------

  const categories = createCategories({
    store, api, keymap,
    onChoose: ({ id }) => {
      actions.categorize(id);
      surface.focus({ preventScroll: true });
    },
    onProblem: (sentence) => say(sentence, { kind: "bad", key: "category" }),
  });
  const run = createRun({
    store, stage, toolbox, actions, flow, doc, categories, outbox, point, show, toImages,
    chooseQueue: () => choice.focus(),
    openSheet: createKeysSheet(keymap).open,
    async askSkip() {
      const reason = await askReason();
      if (reason !== null) await flow.skip(reason);
    },
    focusStage: () => {
      surface.focus({ preventScroll: true });
      return true;
    },
    blurCursor() {
      if (!state.pointer?.byKeyboard) return false;
      point(null);
      return true;
    },
    zoomCentre() {
      const { camera } = stage;
      return state.pointer ? [(state.pointer.x - camera.x) * camera.scale, (state.pointer.y - camera.y) * camera.scale] : [];
    },
  });

  // --- what is seen -------------------------------------------------------------------------------

  const look = createLook({ store, keymap, onProblem: (sentence) => say(sentence, { kind: "warn", key: "look" }) });
  const hand = createHand({ store, run, keymap, at: stage.at });
  const viewButton = (command, text, title, more = {}) =>
    el("button.button", { type: "button", title, onclick: () => run(command), ...more }, text);
  const viewButtons = el("div.view-buttons", { role: "group", "aria-label": "View" },
    viewButton("zoom.out", "−", "Zoom out", { "aria-label": "Zoom out" }),
    viewButton("view.actual", "1:1", "One image pixel per screen pixel"),
    viewButton("view.fit", "Fit", "Fit the image to the window"),
    viewButton("zoom.in", "+", "Zoom in", { "aria-label": "Zoom in" }));
  surface.append(viewButtons);
  createMinimap(surface, stage);
  surface.append(createNotices({ store, run, onQueue: toQueue }));
  const choice = createQueueChoice({ store, onQueue: toQueue });

  async function toQueue(queue) {
    surface.focus({ preventScroll: true });
    await flow.toQueue(queue);
  }

  const lookPanel = el("details.panel.look-panel", {}, el("summary", {}, "Look"), look.element);
  const element = el("div.label-view", {},
    createTopBar({
      store, run, queues: choice.element,
      async onConflicts() {
        await decideConflicts({ outbox, project: state.project, pictureOf: (image) => pictureOf(state.project.id, image) });
        await flow.refresh();
      },
      onRefused: () => decideRefused({ outbox }),
    }),
    el("div.label-body", {},
      createRail({ store, run, keymap }),
      el("main.stage-frame", { "aria-label": "Image" }, el("div.stage-hold", {}, surface), hand),
      el("aside.sidebar", { "aria-label": "Categories, objects and look" },
        el("div.panel", {}, categories.element),
        createObjects({
          store,
          onPoint: (key) => state.draft === null && store.set({ hovered: key }),
          onSelect: select,
          onShow: show,
        }),
        lookPanel),
    ));

  const stops = [
    store.on(["objects", "draft"], () => {
      if (opened?.id !== state.image?.id) return; // the next picture is there, its objects are not
      stage.setObjects(drawn(state));
      if (state.pointer && state.draft === null) lookUnder(state.pointer);
    }),
    store.on(["objects", "look", "project", "least_score", "selected"], () => {
      if (!state.project) return;
      const { opacity, brightness, contrast, mode, masks } = state.look;
      stage.setLook({ opacity, brightness, contrast, mode, masks, ...lookOf(state) });
    }),
    store.on(["hovered", "selected"], () => stage.setHighlight({ hovered: state.hovered, selected: state.selected })),
    store.on(["draft", "project"], () => {
      if (!state.project) return;
      if (state.draft) {
        preview.clear();
        store.set({ hovered: null });
      }
      stage.setDraft(state.draft?.mask ? { mask: state.draft.mask } : null, { colour: draftColour(state) });
      stage.requestFrame();
    }),
    store.on(["objects"], () => store.set({ counts: countByCategory(state.objects) })),
    store.on(["tool"], () => {
      surface.dataset.cursor = toolbox.current.cursor;
      preview.clear();
    }),
    store.on(["image"], ({ image }) => surface.setAttribute("aria-label", image ? `Image ${image.source_uri}, ${image.width} by ${image.height} pixels` : "No image")),
  ];

  return {
    element,
    run,
    flow,
    doc,
    stage,
    asking,
    preview,
    focus: () => surface.focus({ preventScroll: true }),
    destroy() {
      for (const stop of stops) stop();
      flow.destroy();
      queues.destroy();
      categories.destroy();
      look.destroy();
      stage.remove();
    },
  };
}
