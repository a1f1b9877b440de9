// Splitting a mask along a drawn line: cut, number the pieces, give the cut's pixels back.

import { blank, stamp } from "./bitmap.js";
import { addRun, areasOf, columnRuns, connect, emptyRuns, masksOf } from "./components.js";
import { fromBitmap, intersect, subtract, union } from "./rle.js";

/** @typedef {import("./rle.js").Mask} Mask */

const NOTHING = 0; // labels of pixels: piece k is k + 1
const CUT = -1;

/** Cut a mask along a polyline. The pieces (joined by their pixels' edges) that the cut borders on are the
 * result. The pixels of the cut and crumbs of less than width² pixels beside it go to the pieces that grow into
 * them first, islands that the line does not touch to the nearest piece: together they are the mask again.
 * @param {Mask} mask
 * @param {[number, number][]} points_xy
 * @param {number} [width]   of the cut in pixels, 1 at least: thinner ones would leak between diagonal neighbours
 * @returns {Mask[]} the largest first; `[mask]` where the line does not divide it */
export function splitByLine(mask, points_xy, width = 2) {
  const thickness = Math.max(1, width);
  const line = lineMask(mask, points_xy, thickness / 2);
  const cut = line && intersect(mask, line);
  const rest = cut && subtract(mask, cut);
  if (!rest) return [mask];

  const runs = columnRuns(rest);
  const { pieces, piece } = connect(runs, 4);
  const areas = areasOf(runs, piece, pieces);
  const bordering = piecesBeside(labelled(cut, runs, piece), pieces);
  const kept = areas.map((area, number) => bordering[number] && area >= thickness * thickness);
  if (kept.filter(Boolean).length < 2) return [mask];

  const crumb = kept.map((stays, number) => bordering[number] && !stays);
  const loose = withCrumbs(cut, runs, piece, crumb);
  const field = labelled(loose, runs, piece);
  spread(field, kept);
  const nearest = nearestOf(runs, piece, kept);
  const boxes = boxesOf(runs, piece, pieces);
  const home = kept.map((stays, number) => {
    if (crumb[number]) return -1;
    return stays ? number : nearest(boxes[number]);
  });
  const given = givenBack(loose, field, nearest);
  const whole = masksOf(runs, { pieces, piece: piece.map((number) => home[number]) }, mask.size_hw);
  const back = masksOf(given.runs, { pieces, piece: given.piece }, mask.size_hw);
  return whole
    .map((part, number) => (part && back[number] ? union(part, back[number]) : part))
    .filter((part) => part !== null)
    .sort((a, b) => b.area - a.area);
}

/** The pixels of a thick polyline, as far as they lie in the mask's box. */
function lineMask(mask, points_xy, radius) {
  const window = blank(mask.size_hw, mask.bbox_xywh);
  points_xy.forEach(([x, y], i) => {
    const [x0, y0] = points_xy[Math.max(0, i - 1)];
    stamp(window, x0, y0, x, y, radius, 1);
  });
  return fromBitmap(window);
}

function withCrumbs(cut, runs, piece, crumb) {
  const numbers = piece.map((number) => (crumb[number] ? 0 : -1));
  const [crumbs] = masksOf(runs, { pieces: 1, piece: numbers }, cut.size_hw);
  return crumbs ? union(cut, crumbs) : cut;
}

/** The neighbourhood of the cut, column after column, each pixel with the label of its piece. */
function labelled(cut, runs, piece) {
  const [x, y] = cut.bbox_xywh;
  const width = cut.bbox_xywh[2] + 2;
  const height = cut.bbox_xywh[3] + 2;
  const field = { x: x - 1, y: y - 1, width, height, labels: new Int32Array(width * height) };
  for (let i = 0; i < runs.count; i += 1) paint(field, runs, i, piece[i] + 1);
  const cutRuns = columnRuns(cut);
  for (let i = 0; i < cutRuns.count; i += 1) paint(field, cutRuns, i, CUT);
  return field;
}

function paint(field, runs, i, label) {
  const column = runs.x[i] - field.x;
  if (column < 0 || column >= field.width) return;
  const top = Math.max(0, runs.top[i] - field.y);
  const bottom = Math.min(field.height, runs.bottom[i] - field.y);
  if (top < bottom) field.labels.fill(label, column * field.height + top, column * field.height + bottom);
}

/** Which pieces have an edge in common with the cut. The field's border is never cut, so that all four
 * neighbours of a pixel of the cut are in it. */
function piecesBeside({ labels, height }, pieces) {
  const beside = Array.from({ length: pieces }, () => false);
  for (let at = 0; at < labels.length; at += 1) {
    if (labels[at] !== CUT) continue;
    for (const step of [1, -1, height, -height]) {
      if (labels[at + step] > NOTHING) beside[labels[at + step] - 1] = true;
    }
  }
  return beside;
}

/** Let the kept pieces grow into the cut, all of them by a pixel at a time. */
function spread({ labels, height }, kept) {
  const steps = [1, -1, height, -height];
  const queue = [];
  for (let at = 0; at < labels.length; at += 1) {
    if (labels[at] !== CUT) continue;
    for (const step of steps) {
      const label = labels[at + step];
      if (label > NOTHING && kept[label - 1]) queue.push(at + step);
    }
  }
  for (let next = 0; next < queue.length; next += 1) {
    for (const step of steps) {
      const at = queue[next] + step;
      if (labels[at] !== CUT) continue;
      labels[at] = labels[queue[next]];
      queue.push(at);
    }
  }
}

/** The runs of the cut, divided where the label changes; what no piece grew into goes to the nearest. */
function givenBack(cut, { x, y, height, labels }, nearest) {
  const from = columnRuns(cut);
  const runs = emptyRuns(cut.area);
  const piece = new Int32Array(cut.area);
  for (let i = 0; i < from.count; i += 1) {
    const column = (from.x[i] - x) * height - y;
    for (let top = from.top[i]; top < from.bottom[i]; ) {
      const label = labels[column + top];
      let bottom = top + 1;
      while (bottom < from.bottom[i] && labels[column + bottom] === label) bottom += 1;
      piece[runs.count] = label === CUT ? nearest([from.x[i], top, from.x[i] + 1, bottom]) : label - 1;
      addRun(runs, from.x[i], top, bottom);
      top = bottom;
    }
  }
  return { runs, piece };
}

/** A function that says which kept piece has the run nearest to a box: it looks from the box's column
 * outwards, until the columns alone are farther away than the best. */
function nearestOf(runs, piece, kept) {
  const order = Array.from(piece.keys()).filter((i) => kept[piece[i]]);
  return ([left, top, right, bottom]) => {
    let best = -1;
    let least = Infinity;
    const worthLooking = (i) => {
      const dx = Math.max(0, left - runs.x[i] - 1, runs.x[i] - right);
      const dy = Math.max(0, top - runs.bottom[i], runs.top[i] - bottom);
      if (dx * dx + dy * dy < least) {
        least = dx * dx + dy * dy;
        best = piece[i];
      }
      return dx * dx < least;
    };
    const from = firstAt(order, runs.x, left);
    let at = from;
    while (at < order.length && worthLooking(order[at])) at += 1;
    at = from - 1;
    while (at >= 0 && worthLooking(order[at])) at -= 1;
    return best;
  };
}

/** The place in `order` of the first run in or behind a column. */
function firstAt(order, x, column) {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[order[middle]] < column) low = middle + 1;
    else high = middle;
  }
  return low;
}

function boxesOf(runs, piece, pieces) {
  const boxes = Array.from({ length: pieces }, () => [Infinity, Infinity, -Infinity, -Infinity]);
  for (let i = 0; i < runs.count; i += 1) {
    const box = boxes[piece[i]];
    box[0] = Math.min(box[0], runs.x[i]);
    box[1] = Math.min(box[1], runs.top[i]);
    box[2] = Math.max(box[2], runs.x[i] + 1);
    box[3] = Math.max(box[3], runs.bottom[i]);
  }
  return boxes;
}
