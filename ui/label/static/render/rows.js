// A mask's runs turned from columns to rows: what a screen is drawn from, line by line. Pure.

/** Where each row of a mask begins and ends: row y is made of [xs[i], xs[i + 1]) for even i − starts[y − top].
 * @typedef {object} Rows
 * @property {number} top
 * @property {number} height
 * @property {Uint32Array} starts  height + 1 places in xs
 * @property {Uint32Array} xs */

/** The cost is that of the outline, not of the area: only where two neighbouring columns differ does a
 * row begin or end.
 * @param {{ size_hw: number[], ends: Uint32Array, bbox_xywh: number[] }} mask
 * @returns {Rows} */
export function rowsOf(mask) {
  const [, top, , height] = mask.bbox_xywh;
  const starts = new Uint32Array(height + 1);
  eachChange(mask, (x, from, to) => {
    for (let y = from - top; y < to - top; y++) starts[y + 1]++;
  });
  for (let y = 0; y < height; y++) starts[y + 1] += starts[y];
  const next = starts.slice(0, height);
  const xs = new Uint32Array(starts[height]);
  // Columns come from left to right: the places of a row come out sorted.
  eachChange(mask, (x, from, to) => {
    for (let y = from - top; y < to - top; y++) xs[next[y]++] = x;
  });
  return { top, height, starts, xs };
}

/** Calls back with every vertical stretch [from, to) at which column x differs from column x − 1. */
function eachChange(mask, change) {
  const { ends } = mask;
  const imageHeight = mask.size_hw[0];
  const [left, , width] = mask.bbox_xywh;
  let before = [];
  let run = firstAfter(ends, left * imageHeight);
  for (let x = left; x <= left + width; x++) {
    const column = [];
    const base = x * imageHeight;
    if (x < left + width) run = readColumn(ends, run, base, imageHeight, column);
    differences(before, column, (from, to) => change(x, from, to));
    before = column;
  }
}

/** Fills `column` with the borders of the 1s between base and base + height; gives the next run. */
function readColumn(ends, run, base, height, column) {
  const stop = base + height;
  while (run < ends.length) {
    const start = run === 0 ? 0 : ends[run - 1];
    if (start >= stop) return run;
    if (run & 1) column.push(Math.max(0, start - base), Math.min(height, ends[run] - base));
    if (ends[run] > stop) return run; // it goes on in the next column
    run++;
  }
  return run;
}

/** The stretches in one of two sorted lists of borders but not in both. */
function differences(a, b, found) {
  let [i, j, open, from] = [0, 0, false, 0];
  while (i < a.length || j < b.length) {
    const at = i < a.length && (j >= b.length || a[i] <= b[j]) ? a[i++] : b[j++];
    if (open && at > from) found(from, at);
    [open, from] = [!open, at];
  }
}

/** The first run that ends after a place. */
function firstAfter(ends, place) {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > place) high = middle;
    else low = middle + 1;
  }
  return low;
}
