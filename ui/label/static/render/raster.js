// Label-id tiles: which mask is topmost at each sample, and where its outline runs. Pure; the overlay worker's inner loops.
import { linesOfRows, paintShape } from "./silhouettes.js";
import { TILE, span } from "./tiles.js";

/** @typedef {object} Shape
 * @property {number} slot   1 to MAX_SLOT: its id in the tiles
 * @property {import("./rows.js").Rows} rows
 * @property {number[]} bbox_xywh */

export const OUTLINE = 0x8000; // set in a sample that belongs to the outline
export const MAX_SLOT = 0x7fff;
/** Width of an outline in samples, that is 1 to 2 device pixels. */
const THICK = 2;
const SIDE = TILE + 2 * THICK; // outlines are found with a rim of the neighbours: no seams

const work = new Uint16Array(SIDE * SIDE);

/** @param {import("./tiles.js").Place} place
 * @param {Shape[]} shapes   those that may touch the tile, the lowest first
 * @param {Uint16Array} ranks  by slot: which of two is on top
 * @param {Uint16Array} ids  TILE × TILE, written */
export function sampleTile(place, shapes, ranks, size, ids) {
  const { level, column, row } = place;
  const xAxis = axis(level, size.width, column * TILE - THICK);
  const yAxis = axis(level, size.height, row * TILE - THICK);
  const lines = linesOf(yAxis, size.height);
  work.fill(0);
  for (const shape of shapes) paint(shape, lines, xAxis);
  repeatLines(lines);
  markOutlines(ranks, ids);
}

/** Outlines alone, each whole: where nothing is filled, nothing hides what lies beneath.
 * @param {import("./tiles.js").Place} place
 * @param {Shape[]} shapes   those that may touch the tile, the lowest first
 * @param {Uint16Array} ids  TILE × TILE, written */
export function outlineTile({ level, column, row }, shapes, ids) {
  const view = { scale: 2 ** -level, x: column * span(level), y: row * span(level) };
  const clip = { x0: 0, y0: 0, x1: TILE, y1: TILE };
  ids.fill(0);
  for (const { slot, rows } of shapes) {
    const bands = [{ width: THICK, colour: slot | OUTLINE }];
    paintShape({ pixels: ids, width: TILE }, linesOfRows(rows), view, { fill: 0, bands }, clip);
  }
}

/** How far around its box a mask can change a level, in image pixels. */
export const reach = (level) => Math.ceil((THICK + 1) * Math.max(1, 2 ** level));

/** Places of samples along one side of the image. `first(e)`: the first sample at or after the border e. */
function axis(level, length, origin) {
  if (level <= 0) {
    const shift = -level;
    return { at: (sample) => (sample + origin) >> shift, first: (edge) => (edge << shift) - origin };
  }
  const step = 2 ** level;
  const half = step >> 1; // in the middle of its pixels, so that masks do not shift
  const count = Math.ceil(length / step);
  const at = (sample) => {
    const place = sample + origin;
    return place >= count ? length : Math.min(length - 1, place * step + half);
  };
  const first = (edge) => (edge >= length ? count : Math.ceil((edge - half) / step)) - origin;
  return { at, first };
}

/** The image row of each line of the tile; −1 outside of the image, −2 for the same as the line before. */
function linesOf(yAxis, height) {
  const lines = new Int32Array(SIDE);
  let before = -1;
  for (let line = 0; line < SIDE; line++) {
    const y = yAxis.at(line);
    const outside = y < 0 || y >= height;
    lines[line] = outside ? -1 : y === before ? -2 : y;
    before = outside ? -1 : y;
  }
  return lines;
}

function paint({ slot, rows }, lines, xAxis) {
  const { top, height, starts, xs } = rows;
  const before = xAxis.at(0);
  for (let line = 0; line < SIDE; line++) {
    const y = lines[line] - top;
    if (y < 0 || y >= height) continue;
    const base = line * SIDE;
    const stop = starts[y + 1];
    for (let i = starts[y]; i < stop; i += 2) {
      if (xs[i + 1] <= before) continue;
      const from = Math.max(0, xAxis.first(xs[i]));
      if (from >= SIDE) break;
      const to = Math.min(SIDE, xAxis.first(xs[i + 1]));
      if (to - from > 24) work.fill(slot, base + from, base + to);
      else for (let at = base + from; at < base + to; at++) work[at] = slot;
    }
  }
}

function repeatLines(lines) {
  for (let line = 1; line < SIDE; line++)
    if (lines[line] === -2) work.copyWithin(line * SIDE, (line - 1) * SIDE, line * SIDE);
}

/** A sample is outline where its mask lies on top of what is within THICK samples: each border is drawn
 * once, in the colour of the upper mask. */
function markOutlines(ranks, ids) {
  for (let row = 0; row < TILE; row++) {
    let at = (row + THICK) * SIDE + THICK;
    let out = row * TILE;
    for (const end = out + TILE; out < end; out++, at++) {
      const id = work[at];
      if (id === 0) {
        ids[out] = 0;
        continue;
      }
      const same =
        work[at - 1] === id && work[at + 1] === id && work[at - 2] === id && work[at + 2] === id &&
        work[at - SIDE] === id && work[at + SIDE] === id &&
        work[at - 2 * SIDE] === id && work[at + 2 * SIDE] === id;
      ids[out] = same || !isAbove(ranks, ranks[id], at) ? id : id | OUTLINE;
    }
  }
}

function isAbove(ranks, rank, at) {
  return (
    ranks[work[at - 1]] < rank || ranks[work[at + 1]] < rank ||
    ranks[work[at - 2]] < rank || ranks[work[at + 2]] < rank ||
    ranks[work[at - SIDE]] < rank || ranks[work[at + SIDE]] < rank ||
    ranks[work[at - 2 * SIDE]] < rank || ranks[work[at + 2 * SIDE]] < rank
  );
}

/** @param {Uint32Array} palette  2^16 colours, by sample
 * @param {Uint32Array} pixels  TILE × TILE, written */
export function colour(ids, palette, pixels) {
  for (let at = 0; at < pixels.length; at++) pixels[at] = palette[ids[at]];
}

/** A colour as canvas pixels hold it: red in the lowest byte.
 * @param {number[]} rgb  0 to 255
 * @param {number} alpha  0 to 1 */
export const rgba = ([red, green, blue], alpha) =>
  ((Math.round(alpha * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
