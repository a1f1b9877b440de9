// Single masks at the resolution of the screen: filled, with outlines of several bands. Pure; writes into pixels.
import { rowsOf } from "./rows.js";

/** A mask line by line.
 * @typedef {object} Lines
 * @property {number} top
 * @property {number} height
 * @property {(y: number) => ArrayLike<number>} row   borders of its runs: inside from an even one to the next */

/** @typedef {object} Style
 * @property {number} fill   a value of the target; 0 leaves what is there
 * @property {{ width: number, colour: number }[]} bands   from the border inwards, in device pixels */

/** @typedef {{ x0: number, y0: number, x1: number, y1: number }} Clip   in device pixels */

const known = new WeakMap();
const EMPTY = [];

/** @param {import("../masks/rle.js").Mask} mask
 * @returns {Lines} */
export function linesOfMask(mask) {
  if (!known.has(mask)) known.set(mask, linesOfRows(rowsOf(mask)));
  return known.get(mask);
}

/** @param {import("./rows.js").Rows} rows
 * @returns {Lines} */
export function linesOfRows({ top, height, starts, xs }) {
  return { top, height, row: (y) => xs.subarray(starts[y - top], starts[y - top + 1]) };
}

/** Lines of a window that is being painted on: `forget` those that changed.
 * @param {import("../masks/rle.js").Bitmap} bitmap
 * @returns {Lines & { forget: (from: number, to: number) => void }} */
export function linesOfBitmap(bitmap) {
  const { x, y: top, width, height, data } = bitmap;
  const rows = new Array(height);
  const read = (index) => {
    const pixels = data.subarray(index * width, (index + 1) * width);
    const borders = [];
    for (let from = pixels.indexOf(1); from >= 0; ) {
      const end = pixels.indexOf(0, from);
      borders.push(x + from, x + (end < 0 ? width : end));
      from = end < 0 ? -1 : pixels.indexOf(1, end);
    }
    return borders;
  };
  return {
    top,
    height,
    row: (y) => (rows[y - top] ??= read(y - top)),
    forget: (from, to) => rows.fill(undefined, Math.max(0, from - top), Math.max(0, to - top)),
  };
}

/** The cost is that of the lines on the screen and of the pixels written.
 * @param {{ pixels: Uint32Array | Uint16Array, width: number }} target   colours, or ids for them
 * @param {Lines} shape
 * @param {{ scale: number, x: number, y: number }} view  scale in device pixels
 * @param {Style} style
 * @param {Clip} clip */
export function paintShape(target, shape, view, style, clip) {
  const depths = depthsOf(style.bands);
  const deepest = depths.at(-1) ?? 0;
  const lines = screenLines(shape, view, deepest, clip);
  if (!lines) return;
  for (let line = Math.max(clip.y0, lines.first); line < Math.min(clip.y1, lines.end); line++) {
    let outer = lines.at(line);
    if (!outer.length) continue;
    const base = line * target.width;
    for (let band = 0; band < style.bands.length; band++) {
      const inner = outer.length ? inset(lines, line, depths[band]) : EMPTY;
      fillBetween(target.pixels, base, outer, inner, style.bands[band].colour, clip);
      outer = inner;
    }
    if (style.fill) fillBetween(target.pixels, base, outer, EMPTY, style.fill, clip);
  }
}

function depthsOf(bands) {
  let depth = 0;
  return bands.map(({ width }) => (depth += width));
}

/** The shape's lines on the screen, as borders in device pixels. Even the smallest mask keeps a pixel. */
function screenLines(shape, view, margin, clip) {
  const first = Math.round((shape.top - view.y) * view.scale);
  const end = Math.max(first + 1, Math.round((shape.top + shape.height - view.y) * view.scale));
  const from = Math.max(first, clip.y0 - margin);
  const to = Math.min(end, clip.y1 + margin);
  if (from >= to) return null;
  const [left, right] = [clip.x0 - margin - 1, clip.x1 + margin + 1];
  const lines = new Array(to - from);
  let before = -1;
  for (let line = from; line < to; line++) {
    const y = Math.floor((line + 0.5) / view.scale + view.y);
    const inside = Math.min(shape.top + shape.height - 1, Math.max(shape.top, y));
    lines[line - from] = inside === before ? lines[line - from - 1] : onScreen(shape.row(inside), view, left, right);
    before = inside;
  }
  const at = (line) => (line < from || line >= to ? EMPTY : lines[line - from]);
  return { first: from, end: to, at };
}

function onScreen(row, view, left, right) {
  const borders = [];
  for (let i = 0; i < row.length; i += 2) {
    const from = Math.round((row[i] - view.x) * view.scale);
    const to = Math.max(from + 1, Math.round((row[i + 1] - view.x) * view.scale));
    if (to <= left) continue;
    if (from >= right) break;
    const last = borders.length - 1;
    if (last > 0 && from <= borders[last]) borders[last] = Math.min(right, Math.max(to, borders[last]));
    else borders.push(Math.max(left, from), Math.min(right, to));
  }
  return borders;
}

/** What is left of a line when the shape is worn off by a disc: outlines are as wide on slopes. */
function inset(lines, line, depth) {
  const whole = lines.at(line);
  let left = shrunk(whole, depth);
  for (let away = 1; away <= depth && left.length; away++) {
    const by = Math.floor(Math.sqrt(depth * depth - away * away));
    for (const other of [lines.at(line - away), lines.at(line + away)])
      if (other !== whole) left = intersection(left, other, by);
  }
  return left;
}

/** What two lines have in common when the second one is worn off by some pixels. */
function intersection(a, b, by) {
  const both = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const from = Math.max(a[i], b[j] + by);
    const to = Math.min(a[i + 1], b[j + 1] - by);
    if (from < to) both.push(from, to);
    if (a[i + 1] < b[j + 1] - by) i += 2;
    else j += 2;
  }
  return both;
}

function shrunk(borders, by) {
  const rest = [];
  for (let i = 0; i < borders.length; i += 2)
    if (borders[i + 1] - borders[i] > 2 * by) rest.push(borders[i] + by, borders[i + 1] - by);
  return rest;
}

/** Fills what is in `outer` but not in `inner`, which lies within it. */
function fillBetween(pixels, base, outer, inner, colour, clip) {
  let hole = 0;
  for (let i = 0; i < outer.length; i += 2) {
    let from = outer[i];
    for (; hole < inner.length && inner[hole] < outer[i + 1]; hole += 2) {
      fill(pixels, base, from, inner[hole], colour, clip);
      from = inner[hole + 1];
    }
    fill(pixels, base, from, outer[i + 1], colour, clip);
  }
}

function fill(pixels, base, from, to, colour, clip) {
  const [start, end] = [Math.max(clip.x0, from), Math.min(clip.x1, to)];
  if (start < end) pixels.fill(colour, base + start, base + end);
}
