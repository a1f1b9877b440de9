// Polygons, pieces, holes and splits, against floods of pixels in NumPy.

import assert from "node:assert/strict";
import { test } from "node:test";

import { contains, decode, encode, intersectionArea, subtract, union } from "../../../ui/label/static/masks/rle.js";
import {
  boxOf, centre, components, fillHoles, merge, polygon, removeIslands, splitByLine, strokePoints,
} from "../../../ui/label/static/masks/shapes.js";
import { fixture, maskOf, randomMask, rowsOf, seeded } from "./drawing.js";

const { polygons, shapes } = fixture("shapes");

polygons.forEach(({ size_hw, points_xy, counts }, number) => {
  test(`a polygon covers the pixels whose centres NumPy finds inside: ${number}`, () => {
    const wanted = decode(counts, size_hw);
    assert.deepEqual(polygon(points_xy, size_hw), wanted.area > 0 ? wanted : null);
  });
});

shapes.forEach(({ size_hw, counts, ...wanted }, number) => {
  const mask = decode(counts, size_hw);

  test(`pieces are those of a flood of pixels, in its order: ${number}`, () => {
    assert.deepEqual(components(mask).map(encode), wanted.components);
    assert.deepEqual(components(mask, 4).map(encode), wanted.components_by_edges);
  });

  test(`holes are those of a flood of pixels: ${number}`, () => {
    assert.equal(encode(fillHoles(mask)), wanted.filled);
    assert.equal(encode(fillHoles(mask, 3)), wanted.filled_to_3);
  });

  test(`islands are those of a flood of pixels: ${number}`, () => {
    assert.equal(encode(removeIslands(mask, 4)), wanted.without_islands_below_4);
    assert.equal(encode(removeIslands(mask, "largest")), wanted.components[0]);
  });
});

test("neighbouring polygons share no pixel and leave none out", () => {
  const left = polygon([[0, 0], [4.5, 0], [2.5, 6], [0, 6]], [6, 8]);
  const right = polygon([[4.5, 0], [8, 0], [8, 6], [2.5, 6]], [6, 8]);
  assert.equal(intersectionArea(left, right), 0);
  assert.equal(union(left, right).area, 48);
});

test("a star that crosses itself is open in the middle, by the even-odd rule", () => {
  const star = polygon([[10, 0], [16, 19], [0, 7], [20, 7], [4, 19]], [20, 20]);
  assert.equal(contains(star, 10, 10), false);
  assert.equal(contains(star, 10, 3), true);
});

test("a polygon without the centre of a pixel is no mask", () => {
  assert.equal(polygon([], [5, 5]), null);
  assert.equal(polygon([[1, 1], [4, 4]], [5, 5]), null);
  assert.equal(polygon([[1.6, 1.6], [2.4, 1.6], [2, 2.4]], [5, 5]), null);
  assert.equal(polygon([[-9, -9], [-1, -9], [-5, -1]], [5, 5]), null);
});

test("a polygon around the image is the whole image", () => {
  assert.equal(polygon([[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [-1e9, 1e9]], [7, 5]).area, 35);
});

test("a corner that is not two finite numbers is named", () => {
  assert.throws(() => polygon([[0, 0], [1, NaN], [2, 2]], [5, 5]), { message: /point 1 must be two finite numbers/ });
});

test("the pieces of a mask are the mask, and have no pixel in common", () => {
  const random = seeded(1);
  for (let turn = 0; turn < 200; turn += 1) {
    const mask = randomMask(random);
    for (const parts of [components(mask), components(mask, 4)]) {
      assert.deepEqual(merge(parts), mask);
      assert.equal(parts.reduce((sum, part) => sum + part.area, 0), mask.area);
      assert.ok(parts.every((part, i) => i === 0 || part.area <= parts[i - 1].area));
    }
  }
});

test("pixels that meet at a corner are one piece by eight neighbours and two by four", () => {
  const mask = maskOf(["#..", ".#.", "..#"]);
  assert.equal(components(mask).length, 1);
  assert.equal(components(mask, 4).length, 3);
});

test("the bottom of a column does not touch the top of the next one", () => {
  assert.equal(components(maskOf([".#", "..", "..", "#."])).length, 2);
  assert.equal(components(maskOf([".#", "##", "##", "#."])).length, 1);
});

test("a mask without a hole is handed back as it is", () => {
  const open = maskOf(["###", "#..", "###"]);
  assert.equal(fillHoles(open), open);
  const border = maskOf(["#.#", "###"]);
  assert.equal(fillHoles(border), border);
});

test("an opening at a corner leaks nothing: a hole is joined by edges", () => {
  assert.deepEqual(rowsOf(fillHoles(maskOf([".###", "#..#", "#..#", "####"]))), [".###", "####", "####", "####"]);
});

test("filling twice is filling once", () => {
  const random = seeded(2);
  for (let turn = 0; turn < 200; turn += 1) {
    const mask = randomMask(random);
    const filled = fillHoles(mask);
    assert.equal(subtract(mask, filled), null);
    assert.deepEqual(filled.bbox_xywh, mask.bbox_xywh);
    assert.equal(fillHoles(filled), filled);
  }
});

test("cleaning leaves the largest piece, however small it is", () => {
  const mask = maskOf(["##..#", "....."]);
  assert.deepEqual(rowsOf(removeIslands(mask, 100)), ["##...", "....."]);
  assert.equal(removeIslands(mask, 1), mask);
});

test("merging is the union of all, in any number", () => {
  const random = seeded(3);
  const masks = Array.from({ length: 9 }, () => randomMask(random, [20, 30]));
  assert.deepEqual(merge(masks), masks.reduce((a, b) => union(a, b)));
  assert.equal(merge([masks[0]]), masks[0]);
  assert.equal(merge([]), null);
});

test("a line through the middle makes two halves that are the mask again", () => {
  const mask = maskOf(Array.from({ length: 6 }, () => "##########"));
  const parts = splitByLine(mask, [[5, -2], [5, 8]]);
  assert.deepEqual(parts.map((part) => rowsOf(part)[0]), ["#####.....", ".....#####"]);
  assert.deepEqual(merge(parts), mask);
});

test("a line that ends within the mask, or beside it, divides nothing", () => {
  const mask = maskOf(Array.from({ length: 6 }, () => "##########"));
  for (const line of [[[5, -2], [5, 4]], [[-3, -3], [20, -3]], [[5, 3]], []]) {
    assert.deepEqual(splitByLine(mask, line), [mask]);
  }
});

test("a line as wide as the mask divides nothing", () => {
  const mask = maskOf(["....", ".##.", "...."]);
  assert.deepEqual(splitByLine(mask, [[2, 0], [2, 3]], 6), [mask]);
});

test("a crooked line makes as many pieces as it parts", () => {
  const mask = maskOf(Array.from({ length: 12 }, () => "#".repeat(30)));
  const parts = splitByLine(mask, [[10, -2], [10, 14], [20, 14], [20, -2]], 1);
  assert.deepEqual(parts.map(({ bbox_xywh }) => bbox_xywh).sort((a, b) => a[0] - b[0]).map(([x]) => x), [0, 10, 20]);
});

test("an island that the line does not touch stays with the nearest piece", () => {
  const mask = maskOf(["####.####..#", "####.####...", "#########...", "####.####..."]);
  const parts = splitByLine(mask, [[4.5, -1], [4.5, 5]], 1);
  assert.equal(parts.length, 2);
  assert.ok(contains(parts.find((part) => contains(part, 8, 0)), 11, 0));
});

test("crumbs beside a cut become no objects of their own", () => {
  const bump = maskOf(["..#.....", "########", "########", "########"]);
  assert.deepEqual(splitByLine(bump, [[-1, 2], [9, 2]]), [bump]);
  const crumb = maskOf(["#.######", "########", "########", "########"]);
  const [lower, upper] = splitByLine(crumb, [[-1, 2], [9, 2]]);
  assert.deepEqual(rowsOf(lower), ["#.......", "##......", "########", "########"]);
  assert.deepEqual(rowsOf(upper), ["..######", "..######", "........", "........"]);
});

test("pieces of a split are the mask again, with no pixel in common, whatever the line", () => {
  const random = seeded(4);
  let divided = 0;
  for (let turn = 0; turn < 400; turn += 1) {
    const mask = randomMask(random);
    const [rows, columns] = mask.size_hw;
    const [x, y] = centre(mask);
    const line = [[-1, random() * rows], [x + 0.5, y + 0.5], [random() * columns, rows + 1], [columns + 1, -1]];
    const parts = splitByLine(mask, line, 1 + (turn % 4));
    if (parts.length > 1) divided += 1;
    assert.deepEqual(merge(parts), mask);
    assert.equal(parts.reduce((sum, part) => sum + part.area, 0), mask.area);
  }
  assert.ok(divided > 50, `${divided} of 400 lines divided a mask`);
});

test("the pieces of a connected mask are connected, whatever the line", () => {
  const random = seeded(6);
  for (let turn = 0; turn < 300; turn += 1) {
    const [mask] = components(randomMask(random), 4);
    const [x, y] = centre(mask);
    const parts = splitByLine(mask, [[x - 30 * random(), -1], [x + 0.5, y + 0.5], [x + 30 * random(), 41]], 1 + (turn % 5));
    assert.deepEqual(parts.map((part) => components(part, 4).length), parts.map(() => 1));
  }
});

test("islands go to the nearest of two halves, wherever they are", () => {
  const random = seeded(7);
  const bar = polygon([[10, 12], [30, 12], [30, 18], [10, 18]], [30, 40]);
  for (let turn = 0; turn < 50; turn += 1) {
    const specks = Array.from({ length: 30 }, () => [Math.floor(random() * 40), Math.floor(random() * 30)])
      .filter(([x]) => Math.abs(x - 19.5) > 3);
    const pixels = specks.map(([x, y]) => polygon([[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]], [30, 40]));
    const parts = splitByLine(merge([bar, ...pixels]), [[20, 9], [20, 21]]);
    assert.equal(parts.length, 2);
    const left = parts.find((part) => contains(part, 10, 12));
    assert.deepEqual(specks.map(([x, y]) => contains(left, x, y)), specks.map(([x]) => x < 20));
  }
});

test("the points of a stroke lie at even distances, within its ends", () => {
  assert.deepEqual(strokePoints([[0, 10], [40, 10], [80, 10]], 4), [[10, 10], [30, 10], [50, 10], [70, 10]]);
  assert.deepEqual(strokePoints([[0, 0], [0, 20], [20, 20]], 2), [[0, 10], [10, 20]]);
  assert.equal(strokePoints([[0, 0], [500, 0]]).length, 8);
});

test("a short stroke has few points, a dot one, nothing none", () => {
  assert.equal(strokePoints([[0, 0], [9, 0]]).length, 2);
  assert.deepEqual(strokePoints([[3, 4], [3, 4]]), [[3, 4]]);
  assert.deepEqual(strokePoints([[3, 4]]), [[3, 4]]);
  assert.deepEqual(strokePoints([]), []);
});

test("a box ends behind the last pixels", () => {
  assert.deepEqual(boxOf(maskOf(["....", ".##.", "...."])), [1, 1, 3, 2]);
});

test("the centre of a ring, of a fork and of two far pieces is a pixel of theirs", () => {
  assert.deepEqual(centre(maskOf(["#####", "#####", "#####"])), [2, 1]);
  const fork = maskOf(["#....#", "#....#", "######"]);
  assert.ok(contains(fork, ...centre(fork)));
  assert.deepEqual(centre(maskOf(["#......#", "#......."])), [0, 0]);
  assert.throws(() => centre(decode("4", [2, 2])), { message: /without a pixel/ });
});

test("a centre lies inside, whatever the mask", () => {
  const random = seeded(5);
  for (let turn = 0; turn < 200; turn += 1) {
    const mask = randomMask(random);
    assert.ok(contains(mask, ...centre(mask)));
  }
});
