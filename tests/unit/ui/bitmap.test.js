// The brush, against the distances that NumPy finds.

import assert from "node:assert/strict";
import { test } from "node:test";

import { blank, copy, grow, stamp, stampBox } from "../../../ui/label/static/masks/bitmap.js";
import { bitmapOf, fixture, randomBitmap, rowsOfBitmap, seeded } from "./drawing.js";

const { stamps } = fixture("bitmap");

stamps.forEach(({ segment, radius, rows }, number) => {
  test(`a stamp sets the pixels whose centres NumPy finds near enough: ${number}`, () => {
    const size_hw = [rows.length, rows[0].length];
    const window = blank(size_hw, [0, 0, size_hw[1], size_hw[0]]);
    const dirty = stamp(window, ...segment, radius, 1);
    assert.deepEqual(rowsOfBitmap(window), rows);
    assert.deepEqual(dirty, boxOfRows(rows));
  });
});

test("a stamp in a part of the image is that part of the stamp in the whole image", () => {
  const random = seeded(1);
  for (let turn = 0; turn < 100; turn += 1) {
    const size_hw = [30, 40];
    const whole = blank(size_hw, [0, 0, 40, 30]);
    const part = blank(size_hw, [random() * 40, random() * 30, random() * 20, random() * 20]);
    const numbers = [random() * 50 - 5, random() * 40 - 5, random() * 50 - 5, random() * 40 - 5, random() * 8];
    stamp(whole, ...numbers, 1);
    stamp(part, ...numbers, 1);
    for (let row = 0; row < part.height; row += 1) {
      const from = (part.y + row) * 40 + part.x;
      assert.deepEqual(part.data.subarray(row * part.width, (row + 1) * part.width), whole.data.subarray(from, from + part.width));
    }
  }
});

test("an eraser clears what a brush of the same path has set", () => {
  const window = blank([20, 20], [2, 3, 15, 12]);
  const drawn = stamp(window, 4.2, 5.1, 12.7, 9.9, 3.3, 1);
  const erased = stamp(window, 4.2, 5.1, 12.7, 9.9, 3.3, 0);
  assert.deepEqual(erased, drawn);
  assert.ok(!window.data.includes(1));
});

test("a centre at exactly the radius is inside", () => {
  const window = blank([5, 5], [0, 0, 5, 5]);
  assert.deepEqual(stamp(window, 2.5, 2.5, 2.5, 2.5, 1, 1), [1, 1, 3, 3]);
  assert.deepEqual(rowsOfBitmap(window), [".....", "..#..", ".###.", "..#..", "....."]);
});

test("the thinnest brush sets the pixel that it is in the middle of", () => {
  const window = blank([3, 3], [0, 0, 3, 3]);
  assert.deepEqual(stamp(window, 1.5, 1.5, 1.5, 1.5, 0.1, 1), [1, 1, 1, 1]);
});

test("a stamp beside the window changes nothing and says so", () => {
  const window = blank([50, 50], [10, 10, 5, 5]);
  assert.equal(stamp(window, 30, 30, 40, 40, 4, 1), null);
  assert.equal(stamp(window, 2, 12, 4, 12, 4, 1), null);
  assert.equal(stamp(blank([50, 50], [60, 60, 5, 5]), 49, 49, 49, 49, 9, 1), null);
});

test("a stamp reaches no pixel outside of its box", () => {
  const random = seeded(2);
  for (let turn = 0; turn < 100; turn += 1) {
    const numbers = [random() * 40, random() * 40, random() * 40, random() * 40, random() * 9];
    const [x, y, width, height] = stampBox(...numbers);
    const dirty = stamp(blank([40, 40], [0, 0, 40, 40]), ...numbers, 1);
    if (dirty === null) continue;
    assert.ok(dirty[0] >= x && dirty[1] >= y && dirty[0] + dirty[2] <= x + width && dirty[1] + dirty[3] <= y + height);
  }
});

test("a blank window is clipped to the image and covers whole pixels", () => {
  const place = ({ x, y, width, height, data }) => [x, y, width, height, data.length];
  assert.deepEqual(place(blank([10, 20], [-3.5, 2.5, 6, 3])), [0, 2, 3, 4, 12]);
  assert.deepEqual(place(blank([10, 20], [18, 8, 9, 9])), [18, 8, 2, 2, 4]);
  assert.equal(blank([10, 20], [30, 30, 4, 4]).data.length, 0);
  assert.equal(blank([10, 20], [-9, -9, 4, 4]).data.length, 0);
});

test("a grown window holds the same pixels at the same places", () => {
  const random = seeded(3);
  for (let turn = 0; turn < 100; turn += 1) {
    const bitmap = randomBitmap(random, [30, 40]);
    const grown = grow(bitmap, [random() * 60 - 10, random() * 50 - 10, random() * 20, random() * 20]);
    assert.ok(grown.x <= bitmap.x && grown.y <= bitmap.y && grown.x >= 0 && grown.y >= 0);
    assert.ok(grown.x + grown.width <= 40 && grown.y + grown.height <= 30);
    assert.equal(sum(grown), sum(bitmap));
    for (let row = 0; row < bitmap.height; row += 1) {
      const from = (bitmap.y - grown.y + row) * grown.width + bitmap.x - grown.x;
      assert.deepEqual(grown.data.subarray(from, from + bitmap.width), bitmap.data.subarray(row * bitmap.width, (row + 1) * bitmap.width));
    }
  }
});

test("a window that is large enough is not copied", () => {
  const bitmap = bitmapOf(["##", ".."], { x: 3, y: 3, size_hw: [9, 9] });
  assert.equal(grow(bitmap, [4, 4, 1, 1]), bitmap);
  assert.equal(grow(bitmap, [40, 40, 5, 5]), bitmap);
});

test("an empty window grows to what is asked for", () => {
  const { x, y, width, height } = grow(blank([9, 9], [0, 0, 0, 0]), [5, 6, 2, 2]);
  assert.deepEqual([x, y, width, height], [5, 6, 2, 2]);
});

test("a copy does not change with its original", () => {
  const bitmap = blank([4, 4], [0, 0, 4, 4]);
  const copied = copy(bitmap);
  stamp(bitmap, 2, 2, 2, 2, 2, 1);
  assert.equal(sum(copied), 0);
  assert.deepEqual({ ...copied, data: null }, { ...bitmap, data: null });
});

function sum({ data }) {
  return data.reduce((total, pixel) => total + pixel, 0);
}

function boxOfRows(rows) {
  const ys = rows.flatMap((row, y) => (row.includes("#") ? [y] : []));
  if (ys.length === 0) return null;
  const left = Math.min(...ys.map((y) => rows[y].indexOf("#")));
  const right = Math.max(...ys.map((y) => rows[y].lastIndexOf("#"))) + 1;
  return [left, ys[0], right - left, ys.at(-1) + 1 - ys[0]];
}
