// Windows of pixels that a brush changes in place; masks are made of them when the stroke ends.

/** @typedef {import("./rle.js").Bitmap} Bitmap */
/** @typedef {[number, number, number, number]} Rect   x, y, width, height in image pixels */

const LEAST_RADIUS = 0.5;

/** A window without a pixel inside, clipped to the image and widened to whole pixels.
 * @param {[number, number]} size_hw
 * @param {Rect} rect
 * @returns {Bitmap} */
export function blank(size_hw, rect) {
  const [x, y, width, height] = clipped(size_hw, rect);
  return { size_hw, x, y, width, height, data: new Uint8Array(width * height) };
}

/** @param {Bitmap} bitmap @returns {Bitmap} */
export function copy(bitmap) {
  return { ...bitmap, data: bitmap.data.slice() };
}

/** A window that covers `rect` too, with the same pixels inside. It is `bitmap` itself where that is
 * large enough already; who draws on asks for more than the next stamp needs, as growing copies.
 * @param {Bitmap} bitmap
 * @param {Rect} rect
 * @returns {Bitmap} */
export function grow(bitmap, rect) {
  const wanted = clipped(bitmap.size_hw, rect);
  if (wanted[2] === 0 || wanted[3] === 0) return bitmap;
  const [x, y, width, height] = enclosing([bitmap.x, bitmap.y, bitmap.width, bitmap.height], wanted);
  if (width === bitmap.width && height === bitmap.height) return bitmap;
  const grown = blank(bitmap.size_hw, [x, y, width, height]);
  for (let row = 0; row < bitmap.height; row += 1) {
    const line = bitmap.data.subarray(row * bitmap.width, (row + 1) * bitmap.width);
    grown.data.set(line, (bitmap.y - y + row) * width + bitmap.x - x);
  }
  return grown;
}

/** The box of all pixels that a stamp of these numbers can reach, before clipping: what to `grow` by.
 * @returns {Rect} */
export function stampBox(x0, y0, x1, y1, radius) {
  const reach = Math.max(LEAST_RADIUS, radius);
  const left = Math.floor(Math.min(x0, x1) - reach);
  const top = Math.floor(Math.min(y0, y1) - reach);
  return [left, top, Math.ceil(Math.max(x0, x1) + reach) - left, Math.ceil(Math.max(y0, y1) + reach) - top];
}

/** Set all pixels whose centre lies within `radius` (0.5 at least) of the segment from (x0, y0) to
 * (x1, y1). What lies outside of the window is left out.
 * @param {Bitmap} bitmap   changed in place
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {number} radius
 * @param {0 | 1} value   1 draws, 0 erases
 * @returns {Rect | null} the pixels that were set, tight; null where the window has none of them */
export function stamp(bitmap, x0, y0, x1, y1, radius, value) {
  const capsule = { x0, y0, x1, y1, radius: Math.max(LEAST_RADIUS, radius) };
  const box = stampBox(x0, y0, x1, y1, radius);
  const first = Math.max(bitmap.y, box[1]);
  const stop = Math.min(bitmap.y + bitmap.height, box[1] + box[3]);
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (let y = first; y < stop; y += 1) {
    const span = spanAt(capsule, y + 0.5);
    const from = Math.max(bitmap.x, Math.ceil(span[0] - 0.5));
    const to = Math.min(bitmap.x + bitmap.width, Math.floor(span[1] - 0.5) + 1);
    if (!(from < to)) continue;
    const row = (y - bitmap.y) * bitmap.width - bitmap.x;
    bitmap.data.fill(value, row + from, row + to);
    left = Math.min(left, from);
    right = Math.max(right, to);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  return left < right ? [left, top, right - left, bottom - top] : null;
}

/** Where the horizontal line at `y` enters and leaves a capsule, which is convex: the outermost of
 * what its two discs and the band between them reach; from Infinity to -Infinity where it misses. */
function spanAt({ x0, y0, x1, y1, radius }, y) {
  let from = Infinity;
  let to = -Infinity;
  const half0 = Math.sqrt(radius * radius - (y - y0) * (y - y0)); // NaN where the disc is missed
  if (half0 >= 0) {
    from = x0 - half0;
    to = x0 + half0;
  }
  const half1 = Math.sqrt(radius * radius - (y - y1) * (y - y1));
  if (half1 >= 0) {
    from = Math.min(from, x1 - half1);
    to = Math.max(to, x1 + half1);
  }
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length = Math.hypot(dx, dy);
  if (length === 0) return [from, to];
  // Along the segment: 0 <= (x - x0) * dx + (y - y0) * dy <= length²; across: |…| <= radius * length.
  const along = between(dx, (y - y0) * dy, 0, length * length);
  const across = between(dy, -(y - y0) * dx, -radius * length, radius * length);
  const start = x0 + Math.max(along[0], across[0]);
  const end = x0 + Math.min(along[1], across[1]);
  return start <= end ? [Math.min(from, start), Math.max(to, end)] : [from, to];
}

/** The values u with low <= u * slope + shift <= high, as the two ends of an interval. */
function between(slope, shift, low, high) {
  if (slope === 0) return shift >= low && shift <= high ? [-Infinity, Infinity] : [Infinity, -Infinity];
  const a = (low - shift) / slope;
  const b = (high - shift) / slope;
  return a < b ? [a, b] : [b, a];
}

function clipped([rows, columns], [x, y, width, height]) {
  const left = Math.min(columns, Math.max(0, Math.floor(x)));
  const top = Math.min(rows, Math.max(0, Math.floor(y)));
  const right = Math.min(columns, Math.max(left, Math.ceil(x + width)));
  const bottom = Math.min(rows, Math.max(top, Math.ceil(y + height)));
  return [left, top, right - left, bottom - top];
}

function enclosing(a, b) {
  if (a[2] === 0 || a[3] === 0) return b;
  const x = Math.min(a[0], b[0]);
  const y = Math.min(a[1], b[1]);
  return [x, y, Math.max(a[0] + a[2], b[0] + b[2]) - x, Math.max(a[1] + a[3], b[1] + b[3]) - y];
}
