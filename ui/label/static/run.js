// Commands by name: what a key, a button or a menu runs. True when it did something.
import { LEAST_SHOWN } from "./look.js";
import { lookAfter } from "./panels/look_state.js";
import { TOOLS } from "./tools/toolbox.js";

const ZOOM_STEP = 1.25;
const CURSOR_PX = 8;
const FAR = 5;
const RADIUS_STEP = 1.2;
const WAYS = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

/**
 * @param {object} parts  store, stage, toolbox, actions, flow, doc, categories, and what opens dialogs:
 *   openSheet, askSkip, chooseQueue, toImages, outbox
 */
export function createRun(parts) {
  const { store, stage, toolbox, actions, flow, doc, categories } = parts;
  const { state } = store;
  const did = (value) => (value === false ? false : true);
  const busy = () => state.image === null || state.loading !== null;

  // --- the keyboard's pointer ---------------------------------------------------------------------

  function moveCursor(way, times) {
    const [dx, dy] = WAYS[way];
    const { camera, viewport } = stage;
    const at = state.pointer ?? { x: camera.x + viewport.width / 2 / camera.scale, y: camera.y + viewport.height / 2 / camera.scale };
    const step = Math.max(1, (CURSOR_PX * times) / camera.scale);
    const x = Math.max(0, Math.min(state.image.width - 1, Math.floor(at.x + dx * step) + 0.5));
    const y = Math.max(0, Math.min(state.image.height - 1, Math.floor(at.y + dy * step) + 0.5));
    parts.point({ x, y, label: 1, byKeyboard: true, event: null });
    keepInSight(x, y);
    return true;
  }

  function keepInSight(x, y) {
    const { camera, viewport } = stage;
    const [sx, sy] = [(x - camera.x) * camera.scale, (y - camera.y) * camera.scale];
    const over = (place, size) => Math.min(0, size - 40 - place) + Math.max(0, 40 - place);
    const [dx, dy] = [over(sx, viewport.width), over(sy, viewport.height)];
    if (dx || dy) stage.panBy(dx, dy);
  }

  function atCursor(label) {
    if (!state.pointer) return moveCursor("right", 0);
    const tool = toolbox.current;
    return did(tool.click?.({ ...state.pointer, label }));
  }

  // --- walking over the objects -------------------------------------------------------------------

  function walk(step) {
    const objects = flow.shownObjects.filter(({ key }) => !state.look.hidden?.has(key)).sort(byPlace);
    if (!objects.length) return false;
    const at = objects.findIndex(({ key }) => state.selected.has(key));
    const next = objects[at < 0 ? (step > 0 ? 0 : objects.length - 1) : (at + step + objects.length) % objects.length];
    store.set({ selected: new Set([next.key]), hovered: null });
    parts.show(next.key, { onlyIfOutside: true });
    return true;
  }

  /** Proposals that wait come first, from the best one down; then annotations. */
  function byPlace(a, b) {
    if (a.kind !== b.kind) return a.kind === "proposal" ? -1 : 1;
    return (b.score ?? 0) - (a.score ?? 0) || a.key.localeCompare(b.key);
  }

  function stack(step) {
    if (!state.pointer) return false;
    const keys = stage.at(state.pointer.x, state.pointer.y);
    if (keys.length < 2) return false;
    const at = Math.max(0, keys.indexOf(state.hovered));
    store.set({ hovered: keys[(at + step + keys.length) % keys.length], selected: new Set() });
    return true;
  }

  function selectAll() {
    const proposals = flow.shownObjects.filter(({ kind, score }) => kind === "proposal" && score >= (state.least_score ?? LEAST_SHOWN));
    store.set({ selected: new Set(proposals.map(({ key }) => key)) });
    return proposals.length > 0;
  }

  function cancel() {
    return Boolean(toolbox.current.cancel?.()) || actions.cancel() || parts.blurCursor();
  }

  const onImage = {
    accept: () => (toolbox.current.finish?.() ? true : did(actions.accept())),
    reject: actions.reject,
    edit: actions.edit,
    delete: () => (toolbox.current.back?.() ? true : actions.remove()),
    cancel,
    "candidate.next": () => actions.candidate(1),
    "candidate.previous": () => actions.candidate(-1),
    "candidate.cycle": () => actions.candidate(1),
    candidate: (step) => actions.candidate(step),
    fill_holes: () => did(actions.fillHoles()),
    remove_islands: () => did(actions.removeIslands()),
    merge: () => did(actions.merge()),
    snap: () => did(actions.snap()),
    undo: () => doc.undo(),
    redo: () => doc.redo(),
    "object.next": () => walk(1),
    "object.previous": () => walk(-1),
    below: () => stack(1),
    above: () => stack(-1),
    select_all: selectAll,
    "cursor.include": () => atCursor(1),
    "cursor.exclude": () => atCursor(0),
    "stage.focus": parts.focusStage,
    "zoom.in": () => did(stage.zoomBy(ZOOM_STEP, ...parts.zoomCentre())),
    "zoom.out": () => did(stage.zoomBy(1 / ZOOM_STEP, ...parts.zoomCentre())),
    "view.fit": () => did(stage.fit()),
    "view.actual": () => did(stage.actual()),
    "brush.smaller": () => did(toolbox.resize(1 / RADIUS_STEP)),
    "brush.larger": () => did(toolbox.resize(RADIUS_STEP)),
    "category.search": () => did(categories.search()),
    submit: () => did(flow.submit()),
    skip: () => did(parts.askSkip()),
    "image.next": () => did(flow.step(1)),
    "image.previous": () => did(flow.step(-1)),
  };
  for (const name of TOOLS) onImage[`tool.${name}`] = () => did(toolbox.choose(name));
  for (const way of Object.keys(WAYS)) {
    onImage[`cursor.${way}`] = () => moveCursor(way, 1);
    onImage[`cursor.${way}_far`] = () => moveCursor(way, FAR);
  }
  for (let place = 1; place <= 9; place += 1) onImage[`category.${place}`] = () => did(categories.choose(place));

  const always = {
    images: () => did(parts.toImages()),
    queue: () => parts.chooseQueue?.() ?? false,
    help: () => did(parts.openSheet()),
    save: () => did(parts.outbox.flush()),
  };

  return (id, value) => {
    const look = lookAfter(state.look, id);
    if (look) {
      store.set({ look });
      return true;
    }
    if (always[id]) return always[id]();
    if (busy() || !onImage[id]) return false;
    return onImage[id](value);
  };
}
