// What people do with whole masks: polygons, holes, islands, merging, and the boxes and points that SAM is asked with.

import { areasOf, backgroundRuns, columnRuns, connect, masksOf } from "./components.js";
import { fromRuns, union } from "./rle.js";

export { components } from "./components.js";
export { splitByLine } from "./split.js";

/** @typedef {import("./rle.js").Mask} Mask */
/** @typedef {[number, number]} Point   x, y in image pixels */

const LEAST_GAP = 4; // image pixels between the points of a stroke: nearer ones tell SAM nothing new

/** All pixels whose centre lies inside a polygon by the even-odd rule; what lies outside of the image is cut off.
 * @param {Point[]} points_xy   the corners; the last one is joined to the first
 * @param {[number, number]} size_hw
 * @returns {Mask | null} null where no pixel's centre is inside
 * @throws {Error} where a corner is not a pair of finite numbers */
export function polygon(points_xy, size_hw) {
  requireFinite(points_xy);
  const [rows, columns] = size_hw;
  const ends = [];
  crossings(points_xy, columns).forEach(({ x, ys }) => {
    for (let i = 1; i < ys.length; i += 2) {
      const top = clamp(Math.ceil(ys[i - 1] - 0.5), 0, rows);
      const bottom = clamp(Math.ceil(ys[i] - 0.5), 0, rows);
      if (top < bottom) ends.push(x * rows + top, x * rows + bottom);
    }
  });
  ends.push(rows * columns);
  return fromRuns(ends, size_hw);
}

/** Fill the holes of a mask: pieces of the background, joined by their pixels' edges, that do not reach
 * the edge of the mask's box.
 * @param {Mask} mask
 * @param {number} [most_area]   pixels; larger holes stay
 * @returns {Mask} `mask` itself where there is nothing to fill */
export function fillHoles(mask, most_area = Infinity) {
  const runs = backgroundRuns(mask);
  const { pieces, piece } = connect(runs, 4);
  const areas = areasOf(runs, piece, pieces);
  const [left, top, width, height] = mask.bbox_xywh;
  for (let i = 0; i < runs.count; i += 1) {
    const open = runs.x[i] === left || runs.x[i] === left + width - 1
      || runs.top[i] === top || runs.bottom[i] === top + height;
    if (open) areas[piece[i]] = Infinity;
  }
  const filled = piece.map((number) => (areas[number] < Infinity && areas[number] <= most_area ? 0 : -1));
  if (!filled.includes(0)) return mask;
  return union(mask, masksOf(runs, { pieces: 1, piece: filled }, mask.size_hw)[0]);
}

/** Leave out the small pieces of a mask. The largest piece is no island: it always stays, so that
 * cleaning never deletes an object.
 * @param {Mask} mask
 * @param {number | "largest"} least_area   smaller pieces (joined by edges and corners) go; "largest": all but one go
 * @returns {Mask} `mask` itself where there is nothing to leave out */
export function removeIslands(mask, least_area) {
  const runs = columnRuns(mask);
  const { pieces, piece } = connect(runs, 8);
  const areas = areasOf(runs, piece, pieces);
  const largest = areas.indexOf(areas.reduce((most, area) => Math.max(most, area), 0));
  const stays = areas.map((area, number) => number === largest || (least_area !== "largest" && area >= least_area));
  if (stays.every(Boolean)) return mask;
  return masksOf(runs, { pieces: 1, piece: piece.map((number) => (stays[number] ? 0 : -1)) }, mask.size_hw)[0];
}

/** One mask of several, two by two, so that no mask is gone over more than log2(their number) times.
 * @param {Mask[]} masks
 * @returns {Mask | null} null where none of them has a pixel */
export function merge(masks) {
  if (masks.length === 0) return null;
  if (masks.length === 1) return masks[0].area > 0 ? masks[0] : null;
  const half = masks.length >> 1;
  const first = merge(masks.slice(0, half));
  const second = merge(masks.slice(half));
  return first && second ? union(first, second) : first ?? second;
}

/** Points at even distances along a drawn stroke, for SAM: the middles of parts of equal length, as the
 * ends of a stroke often stick out of the object.
 * @param {Point[]} points_xy
 * @param {number} [most]
 * @returns {Point[]} fewer where the stroke is short: one for a dot, none for no point */
export function strokePoints(points_xy, most = 8) {
  requireFinite(points_xy);
  if (points_xy.length === 0 || most < 1) return [];
  const lengths = points_xy.slice(1).map(([x, y], i) => Math.hypot(x - points_xy[i][0], y - points_xy[i][1]));
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  const count = clamp(Math.floor(whole / LEAST_GAP), 1, Math.floor(most));
  return Array.from({ length: count }, (_, i) => pointAt(points_xy, lengths, (whole * (i + 0.5)) / count));
}

/** @param {Mask} mask
 * @returns {[number, number, number, number]} x1, y1, x2, y2; the last two lie behind the last pixels */
export function boxOf({ bbox_xywh: [x, y, width, height] }) {
  return [x, y, x + width, y + height];
}

/** A pixel well inside of a mask: the middle of the longest column run in the middle half of its box,
 * of the longest run at all where nothing is there.
 * @param {Mask} mask
 * @returns {[number, number]} x, y
 * @throws {Error} where the mask has no pixel */
export function centre(mask) {
  if (mask.area === 0) throw new Error("a mask without a pixel has no centre: leave it out");
  const runs = columnRuns(mask);
  const [left, , width] = mask.bbox_xywh;
  const middle = left + (width - 1) / 2;
  const best = longestRun(runs, middle, width / 4) ?? longestRun(runs, middle, Infinity);
  return [runs.x[best], (runs.top[best] + runs.bottom[best] - 1) >> 1];
}

/** The longest run within `reach` columns of `middle`, the nearest to it among equals. */
function longestRun(runs, middle, reach) {
  let best = null;
  for (let i = 0; i < runs.count; i += 1) {
    const away = Math.abs(runs.x[i] - middle);
    if (away > reach) continue;
    const longer = best === null ? 1 : runs.bottom[i] - runs.top[i] - (runs.bottom[best] - runs.top[best]);
    if (longer > 0 || (longer === 0 && away < Math.abs(runs.x[best] - middle))) best = i;
  }
  return best;
}

/** Where the edges of a polygon cross the middle lines of columns: sorted rows, column by column. */
function crossings(points_xy, columns) {
  const found = new Map();
  points_xy.forEach(([x1, y1], i) => {
    const [x0, y0] = points_xy[(i || points_xy.length) - 1];
    const first = Math.max(0, Math.ceil(Math.min(x0, x1) - 0.5));
    const stop = Math.min(columns, Math.ceil(Math.max(x0, x1) - 0.5));
    for (let x = first; x < stop; x += 1) {
      const y = y0 + ((x + 0.5 - x0) * (y1 - y0)) / (x1 - x0);
      if (found.has(x)) found.get(x).push(y);
      else found.set(x, [y]);
    }
  });
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([x, ys]) => ({ x, ys: ys.sort((a, b) => a - b) }));
}

function pointAt(points_xy, lengths, distance) {
  let rest = distance;
  for (let i = 0; i < lengths.length; i += 1) {
    if (rest <= lengths[i] && lengths[i] > 0) {
      const [x0, y0] = points_xy[i];
      const [x1, y1] = points_xy[i + 1];
      const share = rest / lengths[i];
      return [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share];
    }
    rest -= lengths[i];
  }
  return [...points_xy[points_xy.length - 1]];
}

function requireFinite(points_xy) {
  points_xy.forEach((point, i) => {
    if (!(Number.isFinite(point[0]) && Number.isFinite(point[1]))) {
      throw new Error(`point ${i} must be two finite numbers, x and y in image pixels, not ${JSON.stringify(point)}`);
    }
  });
}

function clamp(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
