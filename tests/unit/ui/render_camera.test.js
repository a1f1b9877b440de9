// The camera keeps what it promises: the point under the cursor stays, the image cannot be lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MAX_SCALE, actual, clamp, fit, fitScale, panBy, seen, toImage, toScreen, zoomAt, zoomWithin,
} from "../../../ui/label/static/render/camera.js";

const size = { width: 4000, height: 3000 };
const viewport = { width: 1280, height: 720, ratio: 2 };
const near = (got, wanted) => got.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-9, `${got} is not ${wanted}`));

test("screen and image are each other's inverse", () => {
  const camera = { scale: 0.37, x: 120.5, y: -33 };
  near(toScreen(camera, ...toImage(camera, 411, 97)), [411, 97]);
});

test("zooming keeps the image point under the cursor", () => {
  const camera = { scale: 0.5, x: 100, y: 200 };
  const before = toImage(camera, 300, 250);
  near(toImage(zoomAt(camera, 300, 250, 3), 300, 250), before);
});

test("panning moves the picture with the hand", () => {
  const camera = { scale: 2, x: 10, y: 20 };
  near(toScreen(panBy(camera, 30, -8), 15, 25), [10 + 30, 10 - 8]);
});

test("a fitted image is seen whole and in the middle", () => {
  const [x0, y0, x1, y1] = seen(fit(size, viewport), viewport);
  assert.ok(x0 <= 0 && y0 <= 0 && x1 >= size.width && y1 >= size.height);
  near([x0 + x1, y0 + y1], [size.width, size.height]);
});

test("one to one is one image pixel per device pixel, around the same middle", () => {
  const camera = fit(size, viewport);
  const one = actual(camera, viewport);
  assert.equal(one.scale, 1 / viewport.ratio);
  near(toImage(one, 640, 360), toImage(camera, 640, 360));
});

test("some of the image stays on the screen wherever one pans", () => {
  for (const [dx, dy] of [[1e6, 0], [-1e6, 0], [0, 1e6], [0, -1e6], [1e6, -1e6]]) {
    const camera = clamp(panBy(fit(size, viewport), dx, dy), size, viewport);
    const [x0, y0, x1, y1] = seen(camera, viewport);
    const width = (Math.min(x1, size.width) - Math.max(x0, 0)) * camera.scale;
    const height = (Math.min(y1, size.height) - Math.max(y0, 0)) * camera.scale;
    assert.ok(width >= 63.9 && height >= 63.9, `${width} × ${height} css pixels are left`);
  }
});

test("a scale stops at half of fit and at the largest", () => {
  const camera = fit(size, viewport);
  assert.equal(zoomWithin(camera, 0, 0, 1e-6, size, viewport).scale, fitScale(size, viewport) / 2);
  assert.equal(zoomWithin(camera, 0, 0, 1e6, size, viewport).scale, MAX_SCALE);
});

test("zooming beyond the limit does not drift", () => {
  const most = zoomWithin(fit(size, viewport), 700, 300, 1e6, size, viewport);
  const again = zoomWithin(most, 200, 600, 1.2, size, viewport);
  near([again.scale, again.x, again.y], [most.scale, most.x, most.y]);
});

test("a tiny image and a tiny window have a camera too", () => {
  const camera = fit({ width: 1, height: 1 }, { width: 10, height: 4, ratio: 1 });
  assert.ok(camera.scale > 0 && Number.isFinite(camera.x) && Number.isFinite(camera.y));
});
