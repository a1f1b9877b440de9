// The overlay's worker: keeps the runs of all masks and turns them into tiles of colour, newest request first.
import { createLru } from "./lru.js";
import { OUTLINE, colour, outlineTile, reach, sampleTile } from "./raster.js";
import { rowsOf } from "./rows.js";
import { TILE, areaOf, nameOf, touches } from "./tiles.js";

const IDS_BUDGET = 40 * 1024 * 1024;

const shapes = new Map(); // by slot
const idTiles = createLru(IDS_BUDGET);
const palette = new Uint32Array(0x10000);
const pixels = new ImageData(TILE, TILE);
const pixels32 = new Uint32Array(pixels.data.buffer);
const canvas = new OffscreenCanvas(TILE, TILE);
const context = canvas.getContext("2d");
const { port1: wake, port2: onWake } = new MessageChannel();

let size = { width: 0, height: 0 };
let hidden = new Uint8Array(0);
let ranks = new Uint16Array(1);
let filled = true; // or outlines alone
let order = null; // shapes from the lowest to the highest; null when it must be sorted anew
let wanted = [];
let epoch = 0;
let awake = false;

const handlers = {
  open(message) {
    size = message.size;
    shapes.clear();
    idTiles.clear();
    hidden = new Uint8Array(0);
    [order, wanted] = [null, []];
  },

  /** `drop`: slots that are free again; `put`: masks by slot. */
  objects({ drop, put }) {
    for (const slot of drop) {
      forgetAround(shapes.get(slot).bbox_xywh);
      shapes.delete(slot);
    }
    for (const { slot, ends, bbox_xywh, area } of put) {
      const rows = rowsOf({ size_hw: [size.height, size.width], ends, bbox_xywh });
      shapes.set(slot, { slot, rows, bbox_xywh, area });
      forgetAround(bbox_xywh);
    }
    order = null;
  },

  /** Colours and what is hidden, by slot. Colours alone change no ids. */
  look({ fills, outlines, hidden: next, isFilled }) {
    if (isFilled !== filled) idTiles.clear();
    filled = isFilled;
    palette.set(fills);
    palette.set(outlines, OUTLINE);
    for (const [slot, shape] of shapes)
      if (Boolean(hidden[slot]) !== Boolean(next[slot])) forgetAround(shape.bbox_xywh);
    hidden = next;
  },

  /** The only tiles that are wanted from now on, in this order. */
  tiles({ places }) {
    wanted = places;
    workOn();
  },
};

self.onmessage = ({ data }) => {
  epoch = data.epoch;
  handlers[data.type](data);
};

/** One tile at a time: a newer request is read in between. */
onWake.onmessage = () => {
  awake = false;
  const place = wanted.shift();
  if (!place) return;
  colour(idsOf(place), palette, pixels32);
  context.putImageData(pixels, 0, 0);
  const bitmap = canvas.transferToImageBitmap();
  self.postMessage({ place, epoch, bitmap }, [bitmap]);
  workOn();
};

function workOn() {
  if (!awake) wake.postMessage(null);
  awake = true;
}

function idsOf(place) {
  const name = nameOf(place);
  const known = idTiles.get(name);
  if (known) return known.ids;
  const ids = new Uint16Array(TILE * TILE);
  const margin = reach(place.level);
  const touching = inOrder().filter(
    (shape) => !hidden[shape.slot] && touches(shape.bbox_xywh, areaOf(place, size), margin),
  );
  if (filled) sampleTile(place, touching, ranks, size, ids);
  else outlineTile(place, touching, ids);
  idTiles.set(name, { place, ids }, ids.byteLength);
  return ids;
}

/** Small masks lie on large ones. Ranks of masks that stay keep their order: their tiles stay valid. */
function inOrder() {
  if (order) return order;
  order = [...shapes.values()].sort((a, b) => b.area - a.area || a.slot - b.slot);
  ranks = new Uint16Array(OUTLINE);
  order.forEach((shape, place) => (ranks[shape.slot] = place + 1));
  return order;
}

function forgetAround(bbox) {
  for (const [name, { place }] of idTiles.entries())
    if (touches(bbox, areaOf(place, size), reach(place.level))) idTiles.remove(name);
}
