// Rows say the same as the columns that they were made from.
import assert from "node:assert/strict";
import { test } from "node:test";
import { contains } from "../../../ui/label/static/masks/rle.js";
import { rowsOf } from "../../../ui/label/static/render/rows.js";
import { box, maskWhere, ragged } from "./render_masks.js";

function pixelsOf({ top, height, starts, xs }, y) {
  const found = [];
  if (y < top || y >= top + height) return found;
  for (let i = starts[y - top]; i < starts[y - top + 1]; i += 2)
    for (let x = xs[i]; x < xs[i + 1]; x++) found.push(x);
  return found;
}

function check(mask) {
  const [height, width] = mask.size_hw;
  const rows = rowsOf(mask);
  for (let y = 0; y < height; y++) {
    const wanted = [];
    for (let x = 0; x < width; x++) if (contains(mask, x, y)) wanted.push(x);
    assert.deepEqual(pixelsOf(rows, y), wanted, `row ${y}`);
  }
  return rows;
}

test("any mask has the same pixels by rows", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const mask = ragged([37, 53], seed);
    if (mask) check(mask);
  }
});

test("a whole image is one stretch per row, though its columns are a single run", () => {
  const rows = check(maskWhere([7, 9], () => true));
  assert.equal(rows.xs.length, 2 * 7);
});

test("a run that goes on from the foot of a column to the head of the next is two columns", () => {
  check(maskWhere([5, 6], (x, y) => (x === 2 && y >= 3) || (x === 3 && y < 2)));
});

test("masks at the corners and a single pixel", () => {
  check(maskWhere([5, 6], box(0, 0, 2, 2)));
  check(maskWhere([5, 6], box(4, 3, 6, 5)));
  check(maskWhere([5, 6], box(5, 4, 6, 5)));
  check(maskWhere([1, 1], () => true));
});

test("the work is that of the outline: a rectangle has two borders a row, however wide", () => {
  assert.equal(rowsOf(maskWhere([50, 400], box(10, 10, 390, 40))).xs.length, 2 * 30);
});
