// Connected pieces of a mask, found on the runs of its columns, without a raster.

import { fromRuns } from "./rle.js";

/** @typedef {import("./rle.js").Mask} Mask */

/** Runs of single columns, in the mask's order: run i covers rows from `top[i]` to before `bottom[i]`
 * of column `x[i]`.
 * @typedef {object} ColumnRuns
 * @property {number} count
 * @property {Int32Array} x
 * @property {Int32Array} top
 * @property {Int32Array} bottom */

/** @param {Mask} mask @returns {ColumnRuns} */
export function columnRuns({ ends, size_hw: [rows], bbox_xywh }) {
  const runs = emptyRuns((ends.length >> 1) + bbox_xywh[2]);
  for (let i = 1; i < ends.length; i += 2) {
    for (let start = ends[i - 1]; start < ends[i]; ) {
      const column = Math.floor(start / rows);
      const stop = Math.min(ends[i], (column + 1) * rows);
      addRun(runs, column, start - column * rows, stop - column * rows);
      start = stop;
    }
  }
  return runs;
}

/** What of a mask's box is not inside of it.
 * @param {Mask} mask
 * @returns {ColumnRuns} */
export function backgroundRuns(mask) {
  const [left, top, width, height] = mask.bbox_xywh;
  const inside = columnRuns(mask);
  const runs = emptyRuns(inside.count + width);
  let i = 0;
  for (let x = left; x < left + width; x += 1) {
    let y = top;
    for (; i < inside.count && inside.x[i] === x; i += 1) {
      if (inside.top[i] > y) addRun(runs, x, y, inside.top[i]);
      y = inside.bottom[i];
    }
    if (y < top + height) addRun(runs, x, y, top + height);
  }
  return runs;
}

/** Number the pieces: runs of one piece get the same number, from 0 in the order of first runs.
 * @param {ColumnRuns} runs
 * @param {4 | 8} neighbours   of a pixel
 * @returns {{ pieces: number, piece: Int32Array }} `piece[i]` is the number of run i's piece */
export function connect(runs, neighbours) {
  const { count, x, top, bottom } = runs;
  const slack = neighbours === 8 ? 1 : 0; // rows by which diagonal neighbours may miss each other
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  let back = 0; // the first run of the column before that may still touch run i
  for (let i = 0; i < count; i += 1) {
    while (back < i && (x[back] < x[i] - 1 || (x[back] === x[i] - 1 && bottom[back] + slack <= top[i]))) back += 1;
    for (let j = back; j < i && x[j] === x[i] - 1 && top[j] < bottom[i] + slack; j += 1) join(parent, i, j);
  }
  const piece = new Int32Array(count);
  let pieces = 0;
  for (let i = 0; i < count; i += 1) {
    const root = rootOf(parent, i);
    piece[i] = root === i ? pieces++ : piece[root];
  }
  return { pieces, piece };
}

/** @returns {number[]} pixels of each piece */
export function areasOf(runs, piece, pieces) {
  const areas = Array.from({ length: pieces }, () => 0);
  for (let i = 0; i < runs.count; i += 1) areas[piece[i]] += runs.bottom[i] - runs.top[i];
  return areas;
}

/** The masks of numbered pieces, in the order of their numbers. Runs of a number below 0 are left out.
 * @param {ColumnRuns} runs
 * @param {{ pieces: number, piece: ArrayLike<number> }} numbered
 * @param {[number, number]} size_hw
 * @returns {(Mask | null)[]} null for a number that no run has */
export function masksOf(runs, { pieces, piece }, size_hw) {
  const [rows, columns] = size_hw;
  const ends = Array.from({ length: pieces }, () => []);
  for (let i = 0; i < runs.count; i += 1) {
    if (piece[i] < 0) continue;
    const own = ends[piece[i]];
    const start = runs.x[i] * rows + runs.top[i];
    if (own.length > 0 && own[own.length - 1] === start) own.pop();
    else own.push(start);
    own.push(runs.x[i] * rows + runs.bottom[i]);
  }
  return ends.map((own) => {
    own.push(rows * columns);
    return fromRuns(own, size_hw);
  });
}

/** The connected pieces of a mask, the largest first.
 * @param {Mask} mask
 * @param {4 | 8} [neighbours]   of a pixel
 * @returns {Mask[]} */
export function components(mask, neighbours = 8) {
  const runs = columnRuns(mask);
  const numbered = connect(runs, neighbours);
  return masksOf(runs, numbered, mask.size_hw).sort((a, b) => b.area - a.area);
}

/** @param {number} most @returns {ColumnRuns} with room for so many */
export function emptyRuns(most) {
  return { count: 0, x: new Int32Array(most), top: new Int32Array(most), bottom: new Int32Array(most) };
}

/** @param {ColumnRuns} runs   one more run, behind the others in the mask's order */
export function addRun(runs, x, top, bottom) {
  runs.x[runs.count] = x;
  runs.top[runs.count] = top;
  runs.bottom[runs.count] = bottom;
  runs.count += 1;
}

function rootOf(parent, i) {
  let at = i;
  while (parent[at] !== at) {
    parent[at] = parent[parent[at]];
    at = parent[at];
  }
  return at;
}

/** The root of a piece is its first run. */
function join(parent, i, j) {
  const a = rootOf(parent, i);
  const b = rootOf(parent, j);
  if (a < b) parent[b] = a;
  else parent[a] = b;
}
