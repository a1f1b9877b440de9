// The overlay's client: which tiles of the masks are on the screen, and what the worker must still make.
import { createLru } from "./lru.js";
import { MAX_SLOT, reach } from "./raster.js";
import { TILE, areaOf, best, drawPieces, levelFor, nameOf, placesFor, touches } from "./tiles.js";

const BYTES = TILE * TILE * 4;
/** More tiles than this on one screen are taken one level coarser. */
const MOST = 48;
const BITMAPS_BUDGET = 64 * BYTES; // what is on the screen and around it, and what stands in for it
const COARSEST = 16;
const UNPAINTED = { fills: [], outlines: [], hidden: [] };

/** @param {{ onTile: () => void, onTrouble: (sentence: string) => void }} options
 * onTile: there is something new to draw */
export function createOverlay({ onTile, onTrouble }) {
  const tiles = createLru(BITMAPS_BUDGET, (tile) => tile.bitmap.close());
  const objects = new Map(); // key → { slot, mask }
  let slots = { next: 1, free: [] };
  let size = null;
  let look = { paint: () => [0, 0], hidden: new Set(), isFilled: true };
  let painted = UNPAINTED; // what the worker knows of the looks, by slot
  // Every message counts the epoch up. A tile is fresh when it was made after the last change that touches it.
  let epoch = 0;
  let openedAt = 0;
  const changedAt = new Map(); // name of a tile → { place, at }
  let asked = { epoch: -1, names: new Set() };
  const worker = startWorker(receive, onTrouble);

  function send(message) {
    worker?.postMessage({ ...message, epoch });
  }

  function receive({ place, epoch: made, bitmap }) {
    const name = nameOf(place);
    if (!size || made < openedAt || made < (tiles.peek(name)?.made ?? 0)) {
      bitmap.close();
      return;
    }
    tiles.set(name, { bitmap, made }, BYTES);
    asked.names.delete(name);
    onTile();
  }

  function isFresh(place) {
    const name = nameOf(place);
    const tile = tiles.peek(name);
    return Boolean(tile) && tile.made >= (changedAt.get(name)?.at ?? 0);
  }

  function changed(boxes) {
    for (const entry of changedAt.values()) {
      const area = areaOf(entry.place, size);
      const margin = reach(entry.place.level);
      if (boxes.some((box) => touches(box, area, margin))) entry.at = epoch;
    }
  }

  function slotFor(key) {
    const slot = slots.free.pop() ?? slots.next++;
    if (slot <= MAX_SLOT) return slot;
    slots.next -= 1;
    onTrouble(`Only ${MAX_SLOT} masks can be drawn on one image: ${key} is not shown. Hide some with a filter.`);
    return null;
  }

  /** Sends what every slot looks like, if anything does look different: only tiles with those masks change. */
  function sendLook() {
    const next = { fills: new Uint32Array(slots.next), outlines: new Uint32Array(slots.next), hidden: new Uint8Array(slots.next) };
    const boxes = [];
    for (const [key, { slot, mask }] of objects) {
      [next.fills[slot], next.outlines[slot]] = look.paint(key);
      next.hidden[slot] = look.hidden.has(key) ? 1 : 0;
      if (Object.keys(next).some((name) => next[name][slot] !== painted[name][slot])) boxes.push(mask.bbox_xywh);
    }
    if (!boxes.length) return;
    painted = next;
    epoch += 1;
    changed(boxes);
    send({ type: "look", ...next, isFilled: look.isFilled });
  }

  function ask(places) {
    const missing = places.filter((place) => !isFresh(place));
    const names = missing.map(nameOf);
    if (asked.epoch === epoch && names.length <= asked.names.size && names.every((name) => asked.names.has(name))) return;
    missing.forEach((place, i) => {
      if (!changedAt.has(names[i])) changedAt.set(names[i], { place, at: 0 });
    });
    asked = { epoch, names: new Set(names) };
    send({ type: "tiles", places: missing });
  }

  return {
    open(imageSize) {
      size = imageSize;
      tiles.clear();
      objects.clear();
      changedAt.clear();
      slots = { next: 1, free: [] };
      painted = UNPAINTED;
      openedAt = ++epoch;
      send({ type: "open", size });
    },

    close() {
      size = null;
      tiles.clear();
      objects.clear();
      openedAt = ++epoch;
      send({ type: "open", size: { width: 0, height: 0 } });
    },

    /** @param {{ key: string, mask: import("../masks/rle.js").Mask }[]} list  all that there are */
    setObjects(list) {
      const now = new Map(list.map(({ key, mask }) => [key, mask]));
      const [drop, put, boxes] = [[], [], []];
      for (const [key, { slot, mask }] of objects) {
        if (now.get(key) === mask) continue;
        objects.delete(key);
        drop.push(slot);
        boxes.push(mask.bbox_xywh);
      }
      // A slot that is freed here is not given away here: the worker drops first.
      for (const [key, mask] of now) {
        if (objects.has(key) || mask.area === 0) continue;
        const slot = slotFor(key);
        if (slot === null) break;
        objects.set(key, { slot, mask });
        put.push({ slot, ends: mask.ends, bbox_xywh: mask.bbox_xywh, area: mask.area });
        boxes.push(mask.bbox_xywh);
      }
      slots.free.push(...drop);
      if (!boxes.length) return;
      epoch += 1;
      changed(boxes);
      send({ type: "objects", drop, put });
      sendLook();
    },

    /** @param {{ paint: (key: string) => [number, number], hidden: Set<string>, isFilled: boolean }} next
     * paint: fill and outline of a mask, as colours of `rgba`; without fills every outline is seen whole */
    setLook(next) {
      look = next;
      sendLook();
    },

    /** Draws what there is and asks for what is missing. True when nothing on the screen is.
     * @param {{ scale: number, x: number, y: number, seen: number[], smooth: boolean }} view  scale in device pixels */
    draw(context, view) {
      const { width, height } = context.canvas;
      context.clearRect(0, 0, width, height);
      if (!size || objects.size === 0) return true;
      const { level, visible, wanted } = placesFor(view, levelFor(view.scale), size, MOST);
      ask(wanted);
      // Shrunk tiles are averaged; image pixels are seen as squares, with sharp edges.
      context.imageSmoothingEnabled = view.smooth && view.scale * 2 ** level < 1;
      const pieces = best(visible, (place) => tiles.has(nameOf(place)), COARSEST, size);
      drawPieces(context, pieces, view, (place) => tiles.get(nameOf(place)).bitmap);
      return visible.every(isFresh);
    },

    end: () => worker?.terminate(),

    /** There is nothing to show. */
    isEmpty: () => objects.size === 0,
  };
}

function startWorker(receive, onTrouble) {
  if (typeof OffscreenCanvas === "undefined") {
    onTrouble("Masks cannot be drawn: this browser has no OffscreenCanvas. Use a current Chrome, Edge, Firefox or Safari.");
    return null;
  }
  const worker = new Worker(new URL("./overlay.worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => receive(data);
  worker.onerror = (event) => {
    event.preventDefault();
    const reason = event.message || "its script could not be loaded";
    onTrouble(`Masks cannot be drawn: the worker that draws them stopped (${reason}). Reload the page.`);
  };
  return worker;
}
