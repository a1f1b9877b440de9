// Masks for tests: drawn as rows of text, or by a seeded generator.

import { readFileSync } from "node:fs";
import { fromBitmap } from "../../../ui/label/static/masks/rle.js";

/** What an independent implementation says: see make_fixtures.py. */
export function fixture(name) {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8"));
}

/** A window with `#` inside, at (x, y) of an image that it fills unless a size is given. */
export function bitmapOf(rows, { x = 0, y = 0, size_hw = [rows.length, rows[0].length] } = {}) {
  const data = Uint8Array.from(rows.join(""), (sign) => (sign === "#" ? 1 : 0));
  return { size_hw, x, y, width: rows[0].length, height: rows.length, data };
}

export function maskOf(rows, place) {
  return fromBitmap(bitmapOf(rows, place));
}

/** The pixels of a whole image as 0 and 1, row-major, written run by run. */
export function pixelsOf({ ends, size_hw: [rows, columns] }) {
  const pixels = new Uint8Array(rows * columns);
  for (let i = 1; i < ends.length; i += 2) {
    for (let at = ends[i - 1]; at < ends[i]; at += 1) pixels[(at % rows) * columns + Math.floor(at / rows)] = 1;
  }
  return pixels;
}

/** The rows of an image as text; a null mask has no pixel inside. */
export function rowsOf(mask, size_hw = mask.size_hw) {
  const pixels = mask ? pixelsOf(mask) : new Uint8Array(size_hw[0] * size_hw[1]);
  return rowsOfBitmap({ width: size_hw[1], height: size_hw[0], data: pixels });
}

export function rowsOfBitmap({ width, height, data }) {
  return Array.from({ length: height }, (_, row) =>
    Array.from(data.subarray(row * width, (row + 1) * width), (pixel) => (pixel ? "#" : ".")).join(""));
}

/** Numbers from 0 to before 1, the same in each run (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A window of noise or of rectangles, anywhere in an image. */
export function randomBitmap(random, size_hw = randomSize(random)) {
  const [rows, columns] = size_hw;
  const x = Math.floor(random() * columns);
  const y = Math.floor(random() * rows);
  const width = 1 + Math.floor(random() * (columns - x));
  const height = 1 + Math.floor(random() * (rows - y));
  const data = new Uint8Array(width * height);
  if (random() < 0.4) data.forEach((_, at) => (data[at] = random() < 0.5 ? 1 : 0));
  else for (let turn = 0; turn < 5; turn += 1) rectangle(random, { width, height, data }, turn % 3 === 2 ? 0 : 1);
  return { size_hw, x, y, width, height, data };
}

export function randomSize(random, most = 40) {
  return [1 + Math.floor(random() * most), 1 + Math.floor(random() * most)];
}

/** A random mask that has a pixel. */
export function randomMask(random, size_hw = randomSize(random)) {
  for (;;) {
    const mask = fromBitmap(randomBitmap(random, size_hw));
    if (mask) return mask;
  }
}

function rectangle(random, { width, height, data }, value) {
  const left = Math.floor(random() * width);
  const right = left + Math.ceil(random() * (width - left));
  const top = Math.floor(random() * height);
  const bottom = top + Math.ceil(random() * (height - top));
  for (let row = top; row < bottom; row += 1) data.fill(value, row * width + left, row * width + right);
}
