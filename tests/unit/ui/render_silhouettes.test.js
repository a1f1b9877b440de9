// Masks in hand are drawn at the resolution of the screen, with outlines of exact width.
import assert from "node:assert/strict";
import { test } from "node:test";
import { contains, toBitmap } from "../../../ui/label/static/masks/rle.js";
import { linesOfBitmap, linesOfMask, paintShape } from "../../../ui/label/static/render/silhouettes.js";
import { box, maskWhere, ragged } from "./render_masks.js";

const FILL = 7;
const [EDGE, LINE] = [8, 9];
const FILLED = { fill: FILL, bands: [] };

function painted(lines, view, style, { width = 60, height = 40, clip = { x0: 0, y0: 0, x1: width, y1: height } } = {}) {
  const pixels = new Uint32Array(width * height);
  paintShape({ pixels, width }, lines, view, style, clip);
  return { at: (x, y) => pixels[y * width + x], pixels };
}

test("a pixel of the screen is filled where its middle lies in the mask", () => {
  for (const view of [{ scale: 1, x: 0, y: 0 }, { scale: 3, x: 5, y: 4 }, { scale: 7.3, x: 9.25, y: 11.5 }, { scale: 1, x: -8, y: 12 }]) {
    const mask = ragged([40, 60], 3);
    const { at } = painted(linesOfMask(mask), view, FILLED);
    for (let y = 0; y < 40; y++)
      for (let x = 0; x < 60; x++) {
        const [px, py] = [Math.floor((x + 0.5) / view.scale + view.x), Math.floor((y + 0.5) / view.scale + view.y)];
        const inside = px >= 0 && py >= 0 && px < 60 && py < 40 && contains(mask, px, py);
        assert.equal(at(x, y), inside ? FILL : 0, `at ${x}, ${y} with scale ${view.scale}`);
      }
  }
});

test("bands follow each other from the border inwards", () => {
  const lines = linesOfMask(maskWhere([40, 60], box(10, 10, 30, 30)));
  const style = { fill: FILL, bands: [{ width: 1, colour: EDGE }, { width: 2, colour: LINE }] };
  const { at } = painted(lines, { scale: 1, x: 0, y: 0 }, style);
  const across = (fixed) => Array.from({ length: 6 }, (_, i) => at(9 + i, fixed));
  assert.deepEqual(across(20), [0, EDGE, LINE, LINE, FILL, FILL]);
  assert.deepEqual(Array.from({ length: 6 }, (_, i) => at(20, 30 - i)), [0, EDGE, LINE, LINE, FILL, FILL]);
  assert.deepEqual(across(10), [0, EDGE, EDGE, EDGE, EDGE, EDGE]);
});

test("no outline is drawn where the screen ends and the mask goes on", () => {
  const lines = linesOfMask(maskWhere([40, 60], () => true));
  const { pixels } = painted(lines, { scale: 2, x: 20, y: 10 }, { fill: 0, bands: [{ width: 2, colour: LINE }] });
  assert.ok(pixels.every((pixel) => pixel === 0));
});

test("the smallest mask is seen at the smallest scale", () => {
  const lines = linesOfMask(maskWhere([40, 60], box(31, 17, 32, 18)));
  const { pixels } = painted(lines, { scale: 0.1, x: 0, y: 0 }, FILLED);
  assert.equal(pixels.filter(Boolean).length, 1);
});

test("only what is inside the clip is written, as it would be without one", () => {
  const lines = linesOfMask(ragged([40, 60], 5));
  const view = { scale: 1.7, x: 3, y: 2 };
  const style = { fill: FILL, bands: [{ width: 1, colour: EDGE }, { width: 2, colour: LINE }] };
  const whole = painted(lines, view, style);
  const clip = { x0: 13, y0: 9, x1: 41, y1: 28 };
  const part = painted(lines, view, style, { clip });
  for (let y = 0; y < 40; y++)
    for (let x = 0; x < 60; x++) {
      const inside = x >= 13 && x < 41 && y >= 9 && y < 28;
      assert.equal(part.at(x, y), inside ? whole.at(x, y) : 0, `at ${x}, ${y}`);
    }
});

test("a bitmap is drawn like its mask, and anew after a change", () => {
  const mask = ragged([40, 60], 9);
  const bitmap = toBitmap(mask, 2);
  const lines = linesOfBitmap(bitmap);
  const view = { scale: 1, x: 0, y: 0 };
  assert.deepEqual(painted(lines, view, FILLED).pixels, painted(linesOfMask(mask), view, FILLED).pixels);
  bitmap.data.fill(0);
  lines.forget(bitmap.y, bitmap.y + bitmap.height);
  assert.ok(painted(lines, view, FILLED).pixels.every((pixel) => pixel === 0));
});
