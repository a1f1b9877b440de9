// Reading, writing and combining masks, against pycocotools and against plain pixels.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  contains, decode, encode, fromBitmap, fromRuns, intersect, intersectionArea, iou, runIndex, subtract, toBitmap, union,
} from "../../../ui/label/static/masks/rle.js";
import { bitmapOf, fixture, maskOf, pixelsOf, randomBitmap, randomMask, randomSize, rowsOf, rowsOfBitmap, seeded } from "./drawing.js";

const { masks, large, pairs } = fixture("rle");

for (const { name, size_hw, counts, rows, area, bbox_xywh } of masks) {
  test(`decoding agrees with pycocotools: ${name}`, () => {
    const mask = decode(counts, size_hw);
    assert.deepEqual(rowsOf(mask), rows);
    assert.equal(mask.area, area);
    assert.deepEqual(mask.bbox_xywh, bbox_xywh);
    assert.deepEqual(mask.size_hw, size_hw);
    assert.equal(mask.ends.at(-1), size_hw[0] * size_hw[1]);
  });

  test(`encoding writes pycocotools' characters: ${name}`, () => {
    assert.equal(encode(decode(counts, size_hw)), counts);
  });

  test(`a window of a mask makes the same mask: ${name}`, () => {
    const mask = fromBitmap(bitmapOf(rows));
    assert.equal(mask && encode(mask), area > 0 ? counts : null);
  });
}

test("a mask of twelve million pixels is read as pycocotools reads it", () => {
  const mask = decode(large.counts, large.size_hw);
  assert.equal(mask.area, large.area);
  assert.deepEqual(mask.bbox_xywh, large.bbox_xywh);
  assert.deepEqual(large.points_xy.map(([x, y]) => contains(mask, x, y)), large.inside);
  assert.equal(encode(mask), large.counts);
  assert.deepEqual(fromBitmap(toBitmap(mask)), mask);
});

pairs.forEach((pair, number) => {
  test(`set operations agree with NumPy: pair ${number}`, () => {
    const { size_hw } = pair;
    const [a, b] = [decode(pair.a, size_hw), decode(pair.b, size_hw)];
    for (const [name, operation] of Object.entries({ union, subtract, intersect })) {
      const wanted = decode(pair[name], size_hw);
      assert.deepEqual(operation(a, b), wanted.area > 0 ? wanted : null, name);
    }
    assert.ok(Math.abs(iou(a, b) - pair.iou) < 1e-12);
  });
});

test("encoding and decoding again changes nothing, whatever the mask", () => {
  const random = seeded(1);
  for (let turn = 0; turn < 200; turn += 1) {
    const mask = randomMask(random);
    assert.deepEqual(decode(encode(mask), mask.size_hw), mask);
  }
});

test("set operations are those of the pixels, whatever the masks", () => {
  const random = seeded(2);
  for (let turn = 0; turn < 200; turn += 1) {
    const size_hw = randomSize(random);
    const [a, b] = [randomMask(random, size_hw), randomMask(random, size_hw)];
    const [inA, inB] = [pixelsOf(a), pixelsOf(b)];
    const whole = (data) => fromBitmap({ size_hw, x: 0, y: 0, width: size_hw[1], height: size_hw[0], data });
    const common = inA.map((pixel, at) => pixel & inB[at]);
    assert.deepEqual(union(a, b), whole(inA.map((pixel, at) => pixel | inB[at])));
    assert.deepEqual(subtract(a, b), whole(inA.map((pixel, at) => pixel & ~inB[at])));
    assert.deepEqual(intersect(a, b), whole(common));
    assert.equal(intersectionArea(a, b), common.reduce((sum, pixel) => sum + pixel, 0));
  }
});

test("a window anywhere makes a mask of its pixels, and the mask the window again", () => {
  const random = seeded(3);
  for (let turn = 0; turn < 200; turn += 1) {
    const bitmap = randomBitmap(random);
    const mask = fromBitmap(bitmap);
    if (mask === null) {
      assert.ok(!bitmap.data.includes(1));
      continue;
    }
    const pixels = pixelsOf(mask);
    for (let at = 0; at < bitmap.data.length; at += 1) {
      const [x, y] = [bitmap.x + (at % bitmap.width), bitmap.y + Math.floor(at / bitmap.width)];
      assert.equal(pixels[y * bitmap.size_hw[1] + x], bitmap.data[at]);
      assert.equal(contains(mask, x + 0.5, y + 0.99), bitmap.data[at] === 1);
    }
    assert.equal(mask.area, bitmap.data.reduce((sum, pixel) => sum + pixel, 0));
    assert.deepEqual(fromBitmap(toBitmap(mask, turn % 4)), mask);
  }
});

test("a window wider than a strip keeps its columns in order", () => {
  const random = seeded(4);
  const bitmap = { size_hw: [3, 200], x: 5, y: 1, width: 190, height: 2, data: Uint8Array.from({ length: 380 }, () => (random() < 0.5 ? 1 : 0)) };
  assert.deepEqual(rowsOf(fromBitmap(bitmap)).slice(1).map((row) => row.slice(5, 195)), rowsOfBitmap(bitmap));
});

test("the window of a mask is its box and a margin, within the image", () => {
  const mask = maskOf(["......", "..##..", "......", "......"]);
  const tight = toBitmap(mask);
  assert.deepEqual([tight.x, tight.y, tight.width, tight.height], [2, 1, 2, 1]);
  const wide = toBitmap(mask, 2);
  assert.deepEqual([wide.x, wide.y, wide.width, wide.height], [0, 0, 6, 4]);
  assert.deepEqual(rowsOfBitmap(wide), ["......", "..##..", "......", "......"]);
});

test("no point outside of the image is in a mask that fills it", () => {
  const mask = maskOf(["###", "###"]);
  const inside = [[0, 0], [2.9, 1.9]];
  const outside = [[-0.1, 0], [0, -0.1], [3, 0], [0, 2], [NaN, 0]];
  assert.deepEqual(inside.map(([x, y]) => contains(mask, x, y)), [true, true]);
  assert.deepEqual(outside.map(([x, y]) => contains(mask, x, y)), [false, false, false, false, false]);
});

test("the index of a run is odd inside", () => {
  const mask = maskOf([".#.", ".##"]); // ends 2, 4, 5, 6
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map((index) => runIndex(mask, index)), [0, 0, 1, 1, 2, 3, 4]);
});

test("runs of no length are left out", () => {
  assert.deepEqual([...fromRuns([0, 2, 2, 4], [2, 2]).ends], [0, 4]);
  assert.deepEqual([...fromRuns([1, 1, 1, 3, 4, 4], [2, 2]).ends], [1, 3, 4]);
  assert.deepEqual([...decode("0200", [2, 2]).ends], [0, 4]);
  assert.equal(fromRuns([4], [2, 2]), null);
  assert.equal(fromRuns([1, 1, 4], [2, 2]), null);
});

test("operations of nothing and something", () => {
  const nothing = decode("4", [2, 2]);
  const all = decode("04", [2, 2]);
  assert.deepEqual(union(nothing, all), all);
  assert.deepEqual(subtract(all, nothing), all);
  assert.equal(subtract(all, all), null);
  assert.equal(intersect(all, nothing), null);
  assert.equal(union(nothing, nothing), null);
  assert.equal(iou(nothing, nothing), 0);
  assert.equal(fromBitmap(toBitmap(nothing)), null);
});

test("malformed counts are refused with what is wrong and where", () => {
  const refused = [
    ["0!4", /character 1 \("!"\) does not belong/],
    ["0p4", /character 1 \("p"\) does not belong/],
    ["0é", /character 1 \("é"\) does not belong/],
    ["0T", /end within a number, after character 1/],
    ["0PPPPPPPP0", /run at character 8 is too long a number/],
    ["11O", /run 2 is negative \(-1\)/],
    ["110N", /run 3 is negative \(-1\)/],
    ["05", /add up to at least 5 pixels, the image has 4 \(2 × 2\)/],
    ["03", /add up to 3 pixels, the image has 4 \(2 × 2\)/],
    ["", /add up to 0 pixels/],
    [undefined, /compressed string, not undefined/],
  ];
  for (const [counts, message] of refused) assert.throws(() => decode(counts, [2, 2]), { message });
});

test("sizes and runs that are not a mask are refused", () => {
  for (const size_hw of [[0, 4], [2.5, 4], [-2, -2], [1e6, 1e6], [NaN, 1]]) {
    assert.throws(() => decode("4", size_hw), { message: /at least 1 × 1/ });
  }
  assert.throws(() => fromRuns([3, 2, 4], [2, 2]), { message: /run 1 ends at 2, before it begins/ });
  assert.throws(() => fromRuns([1, 2], [2, 2]), { message: /add up to 2 pixels, the image has 4/ });
  assert.throws(() => fromRuns([], [2, 2]), { message: /malformed mask/ });
  assert.throws(() => union(decode("4", [2, 2]), decode("4", [1, 4])), { message: /2 × 2 and 1 × 4/ });
});

test("numbers of seven characters are written and read", () => {
  const size_hw = [30000, 50000];
  const mask = fromRuns([1_000_000_000, 1_000_000_001, 1_000_000_002, 1_400_000_000, 1_500_000_000], size_hw);
  assert.deepEqual(decode(encode(mask), size_hw), mask);
});
