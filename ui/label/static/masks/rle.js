// Masks as ends of runs: COCO's compressed strings to and from them, set operations, windows of pixels.

/** An immutable mask at the size of the upright image.
 * @typedef {object} Mask
 * @property {[number, number]} size_hw
 * @property {Uint32Array} ends   ends of alternating runs, 0s first, in COCO's column-major order
 *   (pixel index = x * height + y); each greater than the one before, the last one is height * width
 * @property {[number, number, number, number]} bbox_xywh   integers, tight; four 0s without a pixel
 * @property {number} area */

/** A mutable window of the image, row-major, 1 inside.
 * @typedef {object} Bitmap
 * @property {[number, number]} size_hw   of the image
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height   the window, in image pixels
 * @property {Uint8Array} data */

const MOST_PIXELS = 2 ** 31 - 1;
const MOST_GROUPS = 7; // 35 bits hold the difference of any two runs of MOST_PIXELS
const STRIP = 64; // columns that are turned at once, so that a strip stays in the cache

// Truth tables of set operations: bit (in a) + 2 * (in b).
const EITHER = 0b1110;
const BOTH = 0b1000;
const ONLY_FIRST = 0b0010;

/** Read COCO's compressed counts. A mask without a pixel is well formed: its area is 0.
 * @param {string} counts
 * @param {[number, number]} size_hw
 * @returns {Mask}
 * @throws {Error} that says what is malformed, and where */
export function decode(counts, size_hw) {
  const total = pixelsOf(size_hw);
  if (typeof counts !== "string") {
    throw new Error(`counts of a mask must be COCO's compressed string, not ${typeof counts}`);
  }
  const ends = new Uint32Array(counts.length);
  let runs = 0;
  let end = 0;
  let before = 0; // the run before the last one, to which differences refer
  let last = 0;
  for (let at = 0; at < counts.length; ) {
    let run = 0;
    let bits = 0;
    let code;
    do {
      code = counts.charCodeAt(at) - 48;
      if (!(code >= 0 && code < 64)) throw unreadable(counts, at);
      if (bits === 5 * MOST_GROUPS) throw new Error(`malformed mask: the run at character ${at} is too long a number`);
      run = bits < 30 ? run | ((code & 31) << bits) : run + (code & 31) * 2 ** bits;
      bits += 5;
      at += 1;
    } while (code & 32);
    if (code & 16) run = bits <= 30 ? run | (-1 << bits) : run - 2 ** bits;
    if (runs > 2) run += before;
    if (run < 0) throw new Error(`malformed mask: run ${runs} is negative (${run})`);
    end += run;
    if (end > total) throw badSum(`at least ${end}`, total, size_hw);
    ends[runs] = end;
    runs += 1;
    before = last;
    last = run;
  }
  if (end !== total) throw badSum(end, total, size_hw);
  return measured(tidied(ends.subarray(0, runs), total), size_hw);
}

/** Write COCO's compressed counts, byte for byte as pycocotools does.
 * @param {Mask} mask
 * @returns {string} */
export function encode(mask) {
  const { ends } = mask;
  const bytes = new Uint8Array(ends.length * MOST_GROUPS);
  let size = 0;
  for (let i = 0; i < ends.length; i += 1) {
    let rest = lengthOf(ends, i) - (i > 2 ? lengthOf(ends, i - 2) : 0);
    let more = true;
    while (more) {
      const group = rest & 31;
      rest >>= 5;
      more = group & 16 ? rest !== -1 : rest !== 0;
      bytes[size] = (more ? group | 32 : group) + 48;
      size += 1;
    }
  }
  return new TextDecoder().decode(bytes.subarray(0, size));
}

/** A mask of ends of alternating runs, 0s first; runs of no length are allowed and go.
 * @param {ArrayLike<number>} ends
 * @param {[number, number]} size_hw
 * @returns {Mask | null} null without a pixel
 * @throws {Error} where an end comes before the one in front of it, or the last one is not height * width */
export function fromRuns(ends, size_hw) {
  const total = pixelsOf(size_hw);
  for (let i = 0; i < ends.length; i += 1) {
    if (!(ends[i] >= (i > 0 ? ends[i - 1] : 0))) {
      throw new Error(`malformed mask: run ${i} ends at ${ends[i]}, before it begins`);
    }
  }
  if (ends[ends.length - 1] !== total) throw badSum(ends[ends.length - 1], total, size_hw);
  const mask = measured(tidied(ends, total), size_hw);
  return mask.area > 0 ? mask : null;
}

/** How many runs end at or before a pixel index; odd: the pixel lies inside.
 * @param {Mask} mask
 * @param {number} index   x * height + y
 * @returns {number} */
export function runIndex(mask, index) {
  const { ends } = mask;
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] <= index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a point lies in a mask; never so outside of the image.
 * @param {Mask} mask
 * @param {number} x
 * @param {number} y */
export function contains(mask, x, y) {
  const [left, top, width, height] = mask.bbox_xywh;
  if (!(x >= left && x < left + width && y >= top && y < top + height)) return false;
  return (runIndex(mask, Math.floor(x) * mask.size_hw[0] + Math.floor(y)) & 1) === 1;
}

/** @param {Mask} a @param {Mask} b @returns {Mask | null} */
export function union(a, b) {
  return combine(a, b, EITHER);
}

/** What of `a` is not in `b`.
 * @param {Mask} a @param {Mask} b @returns {Mask | null} */
export function subtract(a, b) {
  return combine(a, b, ONLY_FIRST);
}

/** @param {Mask} a @param {Mask} b @returns {Mask | null} */
export function intersect(a, b) {
  sameSize(a, b);
  return apart(a.bbox_xywh, b.bbox_xywh) ? null : combine(a, b, BOTH);
}

/** @param {Mask} a @param {Mask} b @returns {number} pixels in both */
export function intersectionArea(a, b) {
  sameSize(a, b);
  if (apart(a.bbox_xywh, b.bbox_xywh)) return 0;
  const from = Math.max(a.bbox_xywh[0], b.bbox_xywh[0]) * a.size_hw[0];
  let i = runIndex(a, from) | 1; // odd runs are the ones inside
  let j = runIndex(b, from) | 1;
  let area = 0;
  while (i < a.ends.length && j < b.ends.length) {
    const end = Math.min(a.ends[i], b.ends[j]);
    const start = Math.max(a.ends[i - 1], b.ends[j - 1]);
    if (end > start) area += end - start;
    if (a.ends[i] === end) i += 2;
    if (b.ends[j] === end) j += 2;
  }
  return area;
}

/** @param {Mask} a @param {Mask} b @returns {number} intersection over union; 0 where both are empty */
export function iou(a, b) {
  const common = intersectionArea(a, b);
  return common > 0 ? common / (a.area + b.area - common) : 0;
}

/** The mask of a window's pixels that are not 0; nothing outside of the window is looked at.
 * @param {Bitmap} bitmap
 * @returns {Mask | null} null without a pixel */
export function fromBitmap(bitmap) {
  const { size_hw, width, height } = bitmap;
  const total = pixelsOf(size_hw);
  const ends = [];
  const strip = new Uint8Array(Math.min(STRIP, width) * height);
  let end = 0; // of the last run inside; a run goes on over the edge between two full columns
  for (let left = 0; left < width; left += STRIP) {
    const columns = Math.min(STRIP, width - left);
    turn(bitmap, left, columns, strip);
    for (let column = 0; column < columns; column += 1) {
      const first = (bitmap.x + left + column) * size_hw[0] + bitmap.y;
      const stop = (column + 1) * height;
      for (let at = column * height; at < stop; ) {
        while (at < stop && strip[at] === 0) at += 1;
        if (at === stop) break;
        const start = first + at - column * height;
        while (at < stop && strip[at] !== 0) at += 1;
        if (ends.length > 0 && start === end) ends.pop();
        else ends.push(start);
        end = first + at - column * height;
        ends.push(end);
      }
    }
  }
  if (end < total) ends.push(total);
  return fromRuns(ends, size_hw);
}

/** The pixels of a mask in the window of its box and a margin, clipped to the image.
 * @param {Mask} mask
 * @param {number} [margin]   in pixels
 * @returns {Bitmap} */
export function toBitmap(mask, margin = 0) {
  const { ends, size_hw, bbox_xywh } = mask;
  const rows = size_hw[0];
  const x = Math.max(0, bbox_xywh[0] - margin);
  const y = Math.max(0, bbox_xywh[1] - margin);
  const width = Math.min(size_hw[1], bbox_xywh[0] + bbox_xywh[2] + margin) - x;
  const height = Math.min(rows, bbox_xywh[1] + bbox_xywh[3] + margin) - y;
  const data = new Uint8Array(width * height);
  for (let i = 1; i < ends.length; i += 2) {
    for (let start = ends[i - 1]; start < ends[i]; ) {
      const column = Math.floor(start / rows);
      const stop = Math.min(ends[i], (column + 1) * rows);
      let at = (start - column * rows - y) * width + column - x;
      for (; start < stop; start += 1, at += width) data[at] = 1;
    }
  }
  return { size_hw, x, y, width, height, data };
}

function combine(a, b, truth) {
  sameSize(a, b);
  const total = pixelsOf(a.size_hw);
  const ends = new Uint32Array(a.ends.length + b.ends.length);
  let size = 0;
  let i = 0;
  let j = 0;
  let inside = 0;
  while (i < a.ends.length && j < b.ends.length) {
    const end = Math.min(a.ends[i], b.ends[j]);
    if (end === total) break;
    if (a.ends[i] === end) i += 1;
    if (b.ends[j] === end) j += 1;
    const now = (truth >> ((i & 1) | ((j & 1) << 1))) & 1;
    if (now !== inside) {
      ends[size] = end;
      size += 1;
      inside = now;
    }
  }
  ends[size] = total;
  const mask = measured(ends.slice(0, size + 1), a.size_hw);
  return mask.area > 0 ? mask : null;
}

/** Box and area, in one pass over the runs. */
function measured(ends, size_hw) {
  const rows = size_hw[0];
  let top = rows;
  let bottom = 0;
  let area = 0;
  for (let i = 1; i < ends.length; i += 2) {
    const start = ends[i - 1];
    const end = ends[i];
    area += end - start;
    const y = start % rows;
    if (y + end - start > rows) {
      top = 0;
      bottom = rows;
    } else {
      if (y < top) top = y;
      if (y + end - start > bottom) bottom = y + end - start;
    }
  }
  if (area === 0) return { size_hw, ends, bbox_xywh: [0, 0, 0, 0], area };
  const left = Math.floor(ends[0] / rows);
  const right = Math.floor((ends[ends.length - 1 - (ends.length & 1)] - 1) / rows) + 1;
  return { size_hw, ends, bbox_xywh: [left, top, right - left, bottom - top], area };
}

/** A copy without runs of no length: their neighbours are one run. */
function tidied(ends, total) {
  const kept = new Uint32Array(ends.length);
  let size = 0;
  for (let i = 0; i < ends.length; i += 1) {
    if (size > 0 && ends[i] === kept[size - 1]) size -= 1;
    else kept[size++] = ends[i];
    if (ends[i] === total) break;
  }
  return size === kept.length ? kept : kept.slice(0, size);
}

/** Columns of a window, one after the other: long strides through memory are slow. */
function turn({ width, height, data }, left, columns, strip) {
  for (let row = 0; row < height; row += 1) {
    const from = row * width + left;
    for (let column = 0, to = row; column < columns; column += 1, to += height) {
      strip[to] = data[from + column];
    }
  }
}

function lengthOf(ends, i) {
  return i > 0 ? ends[i] - ends[i - 1] : ends[0];
}

function apart(a, b) {
  return a[0] >= b[0] + b[2] || b[0] >= a[0] + a[2] || a[1] >= b[1] + b[3] || b[1] >= a[1] + a[3];
}

function sameSize(a, b) {
  if (a.size_hw[0] !== b.size_hw[0] || a.size_hw[1] !== b.size_hw[1]) {
    throw new Error(`two masks of different images: ${a.size_hw.join(" × ")} and ${b.size_hw.join(" × ")} (height × width)`);
  }
}

function pixelsOf(size_hw) {
  const [height, width] = size_hw;
  const sound = Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0;
  if (!sound || height * width > MOST_PIXELS) {
    throw new Error(`a mask's size must be whole numbers of pixels, at least 1 × 1 and at most ${MOST_PIXELS} in all, not ${height} × ${width}`);
  }
  return height * width;
}

function unreadable(counts, at) {
  return at >= counts.length
    ? new Error(`malformed mask: the counts end within a number, after character ${at - 1}`)
    : new Error(`malformed mask: character ${at} (${JSON.stringify(counts[at])}) does not belong in COCO's compressed counts`);
}

function badSum(sum, total, [height, width]) {
  return new Error(`malformed mask: its runs add up to ${sum} pixels, the image has ${total} (${height} × ${width})`);
}
