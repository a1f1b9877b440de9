import assert from "node:assert/strict";
import { test } from "node:test";
import "./addresses.js";

const { PLAIN, around, cameraOf, cropOf, isWhole, moved, sideFor, zoomed } = await import("../../../ui/review/static/picture/crop.js");
const { styleOf } = await import("../../../ui/review/static/picture/painting.js");

const image = { width: 4000, height: 3000 };
const viewport = { width: 900, height: 600 };
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test("a crop shows what is around the mask, and never less than 48 pixels", () => {
  const [x, y, width, height] = cropOf([100, 200, 50, 100]);
  [[x, 80], [y, 160], [width, 90], [height, 180]].forEach(([is, wanted]) => near(is, wanted));
  assert.deepEqual(cropOf([10, 10, 2, 2]), [-13, -13, 48, 48]);
});

test("a box is around several", () => {
  assert.deepEqual(around([[4, 5, 6, 7]]), [4, 5, 6, 7]);
  assert.deepEqual(around([[10, 20, 5, 5], [0, 22, 2, 30], [12, 3, 40, 1]]), [0, 3, 52, 49]);
});

test("the middle of the mask is in the middle of the screen", () => {
  const { scale, x, y } = cameraOf({ bbox: [1000, 800, 200, 100], image }, viewport);
  near((1100 - x) * scale, 450);
  near((850 - y) * scale, 300);
  near(scale, 900 / 360);
});

test("the whole picture is fitted, and a mask as large as it is no smaller than that", () => {
  const whole = cameraOf({ bbox: [10, 10, 5, 5], image }, viewport, { ...PLAIN, whole: true });
  near((2000 - whole.x) * whole.scale, 450);
  const all = cameraOf({ bbox: [0, 0, 4000, 3000], image }, viewport);
  near(all.scale, whole.scale);
});

test("what is under the pointer stays there while zooming", () => {
  const before = { ...PLAIN, dx: 20, dy: -10 };
  const after = zoomed(before, 2, 100, 50);
  const card = { bbox: [1000, 800, 200, 100], image };
  const at = (view) => {
    const { scale, x, y } = cameraOf(card, viewport, view);
    return [x + (450 + 100) / scale, y + (300 + 50) / scale];
  };
  const [[x0, y0], [x1, y1]] = [at(before), at(after)];
  near(x0, x1);
  near(y0, y1);
});

test("zooming ends at its limits, and a picture is moved by the hand", () => {
  assert.equal(zoomed(PLAIN, 1000).zoom, 16);
  assert.equal(zoomed(PLAIN, 0.001).zoom, 0.1);
  assert.deepEqual(moved(PLAIN, 3, -4), { whole: false, zoom: 1, dx: 3, dy: -4 });
});

test("the rendition is as fine as the screen needs and no finer", () => {
  assert.equal(sideFor(image, 0.2), 1024);
  assert.equal(sideFor(image, 0.5), 2048);
  assert.equal(sideFor(image, 3), 4096);
  assert.equal(sideFor({ width: 800, height: 600 }, 3), 1024);
  assert.ok(isWhole({ width: 800, height: 600 }, 1024));
  assert.ok(!isWhole(image, 2048));
});

test("an outline has a dark edge outside, and no fill where none is wanted", () => {
  const { fill, bands } = styleOf([255, 0, 0], "outline", 0.5, 1);
  assert.equal(fill, 0);
  assert.deepEqual(bands.map(({ width }) => width), [1, 2]);
  assert.equal(bands[1].colour, 0xff0000ff);
  assert.deepEqual(styleOf([255, 0, 0], "fill", 1, 1), { fill: 0xff0000ff, bands: [] });
});
