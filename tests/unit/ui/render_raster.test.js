// Tiles of ids say which mask is topmost at each sample, at every level, with outlines that do not end at tiles.
import assert from "node:assert/strict";
import { test } from "node:test";
import { contains } from "../../../ui/label/static/masks/rle.js";
import { OUTLINE, colour, outlineTile, rgba, sampleTile } from "../../../ui/label/static/render/raster.js";
import { rowsOf } from "../../../ui/label/static/render/rows.js";
import { TILE } from "../../../ui/label/static/render/tiles.js";
import { box, maskWhere, ragged } from "./render_masks.js";

/** Shapes as the worker orders them: the largest at the bottom. */
function scene(masks) {
  const shapes = masks
    .map((mask, i) => ({ slot: i + 1, mask, rows: rowsOf(mask), bbox_xywh: mask.bbox_xywh }))
    .sort((a, b) => b.mask.area - a.mask.area);
  const ranks = new Uint16Array(masks.length + 1);
  shapes.forEach(({ slot }, place) => (ranks[slot] = place + 1));
  return { shapes, ranks };
}

function tile({ shapes, ranks }, size, place) {
  const ids = new Uint16Array(TILE * TILE);
  sampleTile(place, shapes, ranks, size, ids);
  return ids;
}

const topmost = ({ shapes }, x, y) => shapes.findLast(({ mask }) => contains(mask, x, y))?.slot ?? 0;
const size = { width: 90, height: 70 };
const masks = [1, 2, 3, 4, 5].map((seed) => ragged([70, 90], seed)).filter(Boolean);

test("level 0: each sample is the topmost mask at its pixel", () => {
  const all = scene(masks);
  const ids = tile(all, size, { level: 0, column: 0, row: 0 });
  for (let y = 0; y < 80; y++)
    for (let x = 0; x < 100; x++) {
      const wanted = x < 90 && y < 70 ? topmost(all, x, y) : 0;
      assert.equal(ids[y * TILE + x] & ~OUTLINE, wanted, `at ${x}, ${y}`);
    }
});

test("coarser levels take the pixel in the middle of a sample, the last one within the image", () => {
  const all = scene(masks);
  for (const level of [1, 2, 3]) {
    const step = 2 ** level;
    const ids = tile(all, size, { level, column: 0, row: 0 });
    for (let y = 0; y < Math.ceil(70 / step); y++)
      for (let x = 0; x < Math.ceil(90 / step); x++) {
        const [px, py] = [Math.min(89, x * step + step / 2), Math.min(69, y * step + step / 2)];
        assert.equal(ids[y * TILE + x] & ~OUTLINE, topmost(all, px, py), `level ${level} at ${x}, ${y}`);
      }
  }
});

test("finer levels repeat the pixel, in any tile", () => {
  const all = scene(masks);
  const ids = tile(all, size, { level: -4, column: 1, row: 1 });
  for (let y = 0; y < TILE; y += 7)
    for (let x = 0; x < TILE; x += 7)
      assert.equal(ids[y * TILE + x] & ~OUTLINE, topmost(all, (x + TILE) >> 4, (y + TILE) >> 4));
});

test("an outline is two samples wide, inside the mask, and drawn once between two masks", () => {
  const all = scene([maskWhere([70, 90], box(10, 10, 60, 60)), maskWhere([70, 90], box(20, 20, 40, 40))]);
  const ids = tile(all, size, { level: 0, column: 0, row: 0 });
  const row = Array.from(ids.subarray(30 * TILE, 30 * TILE + 70));
  const lines = row.flatMap((id, x) => (id & OUTLINE ? [[x, id & ~OUTLINE]] : []));
  assert.deepEqual(lines, [[10, 1], [11, 1], [20, 2], [21, 2], [38, 2], [39, 2], [58, 1], [59, 1]]);
});

test("an outline goes on across the edge of a tile, and none is made there", () => {
  const wide = { width: 1100, height: 40 };
  const all = scene([maskWhere([40, 1100], box(100, 10, 513, 30)), maskWhere([40, 1100], box(600, 0, 1100, 40))]);
  const left = tile(all, wide, { level: 0, column: 0, row: 0 });
  const right = tile(all, wide, { level: 0, column: 1, row: 0 });
  assert.equal(left[20 * TILE + 511], 1 | OUTLINE);
  assert.equal(right[20 * TILE], 1 | OUTLINE);
  assert.equal(right[20 * TILE + 1], 0);
  assert.equal(right[20 * TILE + 511], 2);
});

test("a palette turns ids into colours, without a look at the masks", () => {
  const palette = new Uint32Array(0x10000);
  palette[1] = rgba([255, 0, 0], 0.5);
  palette[1 | OUTLINE] = rgba([255, 0, 0], 1);
  const pixels = new Uint32Array(3);
  colour(Uint16Array.of(0, 1, 1 | OUTLINE), palette, pixels);
  assert.deepEqual(Array.from(new Uint8Array(pixels.buffer)), [0, 0, 0, 0, 255, 0, 0, 128, 255, 0, 0, 255]);
});

test("outlines alone are whole although another mask lies on them, at any level", () => {
  const { shapes } = scene([maskWhere([70, 90], box(10, 10, 60, 60)), maskWhere([70, 90], box(40, 20, 80, 40))]);
  for (const level of [0, 1, -2]) {
    const ids = new Uint16Array(TILE * TILE);
    outlineTile({ level, column: 0, row: 0 }, shapes, ids);
    const at = (x, y) => ids[Math.floor(y * 2 ** -level) * TILE + Math.floor(x * 2 ** -level)];
    assert.equal(at(59.9, 30), 1 | OUTLINE, "under the other mask");
    assert.equal(at(79.9, 30), 2 | OUTLINE);
    assert.equal(at(50, 30), 0, "within both");
  }
});
