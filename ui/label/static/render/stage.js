// The stage: photograph, masks, shapes in hand and vectors on one camera, drawn only when something changed.
import { contains } from "../masks/rle.js";
import { actual, clamp, fit, panBy, seen, toImage, zoomWithin } from "./camera.js";
import { createFrames } from "./frames.js";
import { createHaste } from "./haste.js";
import { createLayers } from "./layers.js";
import { createOverlay } from "./overlay.js";
import { createPhoto } from "./photo.js";
import { rgba } from "./raster.js";
import { createShapeLayer, inHand } from "./silhouette_layer.js";
import { linesOfBitmap, linesOfMask } from "./silhouettes.js";
import { TILE } from "./tiles.js";

/** @typedef {import("./camera.js").Camera} Camera
 * @typedef {import("../masks/rle.js").Mask} Mask
 * @typedef {import("../masks/rle.js").Bitmap} Bitmap */

/** @typedef {object} Look
 * @property {number} opacity     of filled masks, 0 to 1
 * @property {number} brightness  @property {number} contrast   of the photograph, 1 as it is
 * @property {"fill"|"outline"|"both"} mode
 * @property {Map<string, number[]>} colours   [r, g, b] by key; a fourth number weakens the fill
 * @property {Set<string>} hidden   keys
 * @property {boolean} masks   false hides them all */

const LAYERS = ["photo", "overlay", "shapes", "vector"];
const NOTHING_LIT = { hovered: null, selected: new Set() };
const NO_COLOUR = [86, 180, 233];
/** @type {Look} */
const PLAIN = { opacity: 0.45, brightness: 1, contrast: 1, mode: "both", colours: new Map(), hidden: new Set(), masks: true };

/** @param {HTMLElement} host   an element with a size; the canvases fill it
 * @param {object} options
 * @param {(kind: "rendition"|"tile", ...numbers: number[]) => string} [options.pictures]   addresses, where `open` gets none
 * @param {(sentence: string) => void} options.onTrouble
 * @param {(camera: Camera) => void} [options.onCamera] */
export function createStage(host, { pictures, onTrouble, onCamera = () => {} }) {
  const layers = createLayers(host, LAYERS, drawAnew);
  const { viewport, contexts } = layers;
  const photo = createPhoto({ onPicture: () => mark("photo"), onTrouble });
  const overlay = createOverlay({ onTile: () => mark("overlay"), onTrouble });
  const shapes = createShapeLayer(contexts.shapes);
  const frames = createFrames();
  const haste = createHaste(() => mark("photo", "overlay"));
  const painters = new Set();
  const watchers = new Set();
  const dirty = new Set();
  let size = null;
  let camera = { scale: 1, x: 0, y: 0 };
  let fitted = true; // until somebody moves
  let objects = new Map(); // by key
  let look = PLAIN;
  let highlight = NOTHING_LIT;
  let draft = null;
  let draftColour = NO_COLOUR;
  let preview = null;
  let changed = null; // the part of the draft that changed since it was drawn
  let timer = 0;
  let firstPaint = promise();
  const waiting = []; // for the overlay

  function mark(...names) {
    names.forEach((name) => dirty.add(name));
    if (!timer) timer = requestAnimationFrame(frame);
  }

  function frame(time) {
    timer = 0;
    const start = performance.now();
    haste.frame(time);
    draw();
    frames.add(time, performance.now() - start);
    for (const watch of watchers) watch();
  }

  function draw() {
    if (!viewport.width) return;
    const view = { ...deviceView(camera, viewport), smooth: !haste.isOn() };
    const todo = [...dirty];
    dirty.clear();
    for (const name of todo) drawings[name](view);
  }

  const drawings = {
    photo(view) {
      photo.draw(contexts.photo, view);
      if (photo.isThere) firstPaint.resolve();
    },
    overlay(view) {
      layers.show("overlay", look.masks && !overlay.isEmpty());
      if (look.masks && !overlay.draw(contexts.overlay, view)) return;
      waiting.splice(0).forEach((resolve) => resolve());
    },
    shapes(view) {
      layers.show("shapes", !shapes.isEmpty());
      shapes.draw(view, changed);
      changed = null;
    },
    vector() {
      layers.show("vector", painters.size > 0);
      const context = contexts.vector;
      context.setTransform(viewport.ratio, 0, 0, viewport.ratio, 0, 0);
      context.clearRect(0, 0, viewport.width, viewport.height);
      for (const paint of painters) {
        context.save();
        paint(context, camera, viewport);
        context.restore();
      }
    },
  };

  /** At once, not in the next frame: canvases that changed their size are empty. */
  function drawAnew() {
    if (size) move(fitted ? fit(size, viewport) : camera);
    LAYERS.forEach((name) => dirty.add(name));
    setShapes(); // their widths are in device pixels
    draw();
  }

  function move(next) {
    camera = size && viewport.width ? clamp(next, size, viewport) : next;
    mark(...LAYERS);
    onCamera(camera);
  }

  function moveByHand(next) {
    fitted = false;
    haste.moved();
    move(next);
  }

  function setShapes() {
    const colourOf = (key) => look.colours.get(key) ?? NO_COLOUR;
    const lit = look.masks ? highlight : NOTHING_LIT;
    shapes.set(inHand({ objects, colourOf, highlight: lit, draft, preview }), viewport.ratio);
    mark("shapes");
  }

  function setOverlayLook() {
    const { mode, opacity, colours, hidden } = look;
    const paint = (key) => {
      const colour = colours.get(key) ?? NO_COLOUR;
      const fill = mode === "outline" ? 0 : rgba(colour, opacity * (colour[3] ?? 1));
      return [fill, mode === "fill" ? fill : rgba(colour, 1)];
    };
    overlay.setLook({ paint, hidden, isFilled: mode !== "outline" });
    mark("overlay");
  }

  function close() {
    photo.close();
    if (size) overlay.close();
    [size, objects, draft, preview, changed] = [null, new Map(), null, null, null];
    highlight = NOTHING_LIT;
    setShapes();
    firstPaint = promise();
    mark(...LAYERS);
  }

  return {
    viewport,

    /** @param {{ width: number, height: number, levels?: number, urls?: import("./photo.js").Urls }} picture   upright */
    open({ width, height, levels = levelsOf(width, height), urls = urlsFrom(pictures) }) {
      close();
      size = { width, height };
      fitted = true;
      overlay.open(size);
      setOverlayLook();
      photo.open({ width, height, levels, urls }, Math.max(viewport.width, viewport.height) * viewport.ratio);
      move(viewport.width ? fit(size, viewport) : camera);
    },

    close,

    /** Ends it: canvases, worker and listeners. */
    remove() {
      close();
      cancelAnimationFrame(timer);
      haste.end();
      overlay.end();
      layers.remove();
    },

    get camera() {
      return camera;
    },
    get size() {
      return size;
    },
    setCamera: moveByHand,
    fit() {
      fitted = true;
      if (size) move(fit(size, viewport));
    },
    actual: () => moveByHand(actual(camera, viewport)),
    zoomBy(factor, sx = viewport.width / 2, sy = viewport.height / 2) {
      if (size) moveByHand(zoomWithin(camera, sx, sy, factor, size, viewport));
    },
    panBy: (dx, dy) => moveByHand(panBy(camera, dx, dy)),
    toImage(clientX, clientY) {
      const { left, top } = host.getBoundingClientRect();
      return toImage(camera, clientX - left - host.clientLeft, clientY - top - host.clientTop);
    },

    /** All objects of the image; what has the same key and the same mask as before costs nothing.
     * @param {{ key: string, mask: Mask }[]} next */
    setObjects(next) {
      objects = new Map(next.map((object) => [object.key, object]));
      overlay.setObjects(next);
      mark("overlay");
      setShapes();
    },

    /** @param {Partial<Look>} next   what is left out stays */
    setLook(next) {
      const before = look;
      look = { ...look, ...next };
      const { brightness, contrast } = look;
      const plain = brightness === 1 && contrast === 1;
      layers.canvases.photo.style.filter = plain ? "" : `brightness(${brightness}) contrast(${contrast})`;
      if (["opacity", "mode", "colours", "hidden"].some((name) => look[name] !== before[name])) setOverlayLook();
      if (look.colours !== before.colours || look.masks !== before.masks) setShapes();
      mark("overlay");
    },

    /** @param {{ hovered: string|null, selected: Set<string> }} next */
    setHighlight(next) {
      highlight = next;
      setShapes();
    },

    /** The object in hand. A bitmap is watched, not copied: say `draftChanged` after writing to it.
     * @param {{ mask: Mask } | { bitmap: Bitmap } | null} next
     * @param {{ colour?: number[], kind?: "draft"|"preview" }} [style]   colour: as before when left out */
    setDraft(next, { colour = draftColour, kind = "draft" } = {}) {
      draftColour = colour;
      draft = null;
      if (next?.mask) draft = { role: kind, lines: linesOfMask(next.mask), box: next.mask.bbox_xywh, colour };
      else if (next) {
        const { x, y, width, height } = next.bitmap;
        draft = { role: kind, lines: linesOfBitmap(next.bitmap), box: [x, y, width, height], colour };
      }
      setShapes();
    },

    /** @param {[number, number, number, number]} box   of the image, where the bitmap was written to */
    draftChanged(box) {
      draft?.lines.forget?.(box[1], box[1] + box[3]);
      changed = changed ? around(changed, box) : box;
      mark("shapes");
    },

    /** @param {Mask|null} mask   what a click here would give */
    setPreview(mask) {
      if (mask === preview) return;
      preview = mask;
      setShapes();
    },

    /** @param {(context: CanvasRenderingContext2D, camera: Camera, viewport: { width: number, height: number }) => void} paint
     * in css pixels
     * @returns {() => void} that takes it away again */
    addPainter(paint) {
      painters.add(paint);
      mark("vector");
      return () => {
        painters.delete(paint);
        mark("vector");
      };
    },

    /** @param {() => void} watch   called after every frame that was drawn
     * @returns {() => void} that ends it */
    onFrame(watch) {
      watchers.add(watch);
      return () => watchers.delete(watch);
    },

    /** @returns {string[]} keys of what is visible at a point of the image, the smallest first */
    at(x, y) {
      const [column, row] = [Math.floor(x), Math.floor(y)];
      return [...objects.values()]
        .filter(({ key, mask }) => look.masks && !look.hidden.has(key) && contains(mask, column, row))
        .sort((a, b) => a.mask.area - b.mask.area)
        .map(({ key }) => key);
    },

    requestFrame: () => mark("vector"),
    frames: () => frames.report(),
    resetFrames: () => frames.reset(),
    /** Resolved when the picture is on the screen for the first time. */
    get ready() {
      return firstPaint.done;
    },
    /** Resolved when the masks on the screen are those of now. */
    overlayReady() {
      mark("overlay");
      return new Promise((resolve) => waiting.push(resolve));
    },
    /** The picture of the whole, at least so wide where there is one; null before `ready`. */
    small: photo.small,
    /** The colour at a point of the screen (css pixels from the top left), as composed. */
    snapshot(sx, sy) {
      draw();
      return composed(layers, sx, sy);
    },
  };
}

/** The camera in device pixels, on whole ones: all layers move by the same step. */
function deviceView(camera, viewport) {
  const scale = camera.scale * viewport.ratio;
  const whole = (place) => Math.round(place * scale) / scale;
  return { scale, x: whole(camera.x), y: whole(camera.y), seen: seen(camera, viewport) };
}

function composed({ canvases, viewport }, sx, sy) {
  const [x, y] = [Math.floor(sx * viewport.ratio), Math.floor(sy * viewport.ratio)];
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  for (const canvas of Object.values(canvases)) {
    if (canvas.style.display === "none") continue;
    context.filter = canvas.style.filter || "none";
    context.drawImage(canvas, x, y, 1, 1, 0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data];
}

function around([x, y, width, height], [left, top, w, h]) {
  const [x0, y0] = [Math.min(x, left), Math.min(y, top)];
  return [x0, y0, Math.max(x + width, left + w) - x0, Math.max(y + height, top + h) - y0];
}

function promise() {
  let resolve;
  const done = new Promise((settle) => (resolve = settle));
  return { done, resolve };
}

/** As the server counts levels: each halves, the last one is a single tile. */
function levelsOf(width, height) {
  return 1 + Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / TILE)));
}

function urlsFrom(pictures) {
  return {
    rendition: (side) => pictures("rendition", side),
    tile: (level, column, row) => pictures("tile", level, column, row),
  };
}
