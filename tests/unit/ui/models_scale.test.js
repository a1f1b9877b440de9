// Axes and lines of the charts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { around, digitsOf, extent, linear, nearest, path, thinned, ticks } from "../../../ui/models/static/scale.js";

test("a domain is mapped onto a range, either way round", () => {
  const x = linear([0, 400], [0, 1000]);
  const y = linear([0.5, 1], [100, 0]);
  assert.deepEqual([x(0), x(100), x(400)], [0, 250, 1000]);
  assert.deepEqual([y(0.5), y(0.75), y(1)], [100, 50, 0]);
  assert.equal(linear([3, 3], [0, 10])(3), 0);
});

test("ticks are round, within the domain, and never many more than asked for", () => {
  assert.deepEqual(ticks([0, 400], 6), [0, 100, 200, 300, 400]);
  assert.deepEqual(ticks([0.187, 0.534], 4), [0.2, 0.3, 0.4, 0.5]);
  assert.deepEqual(ticks([-0.11, 0.11], 3), [-0.1, 0, 0.1]);
  assert.deepEqual(ticks([0, 7], 7), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(ticks([5, 5]), [5]);
  for (const span of [1e-6, 0.03, 1, 17, 999, 123_456]) {
    const found = ticks([span / 3, span / 3 + span], 5);
    assert.ok(found.length >= 2 && found.length <= 6, `${span}: ${found}`);
  }
});

test("digits tell neighbouring ticks apart", () => {
  assert.deepEqual([[0, 100], [0, 0.5], [0.2, 0.25], [0.001, 0.002], [1]].map(digitsOf), [0, 1, 2, 3, 2]);
});

test("an extent has room beside it, also around a single value", () => {
  assert.equal(extent([]), null);
  assert.equal(extent([NaN]), null);
  assert.deepEqual(extent([0, 10], 0.1), [-1, 11]);
  const [low, high] = extent([0.5]);
  assert.ok(low < 0.5 && high > 0.5);
});

test("differences lie around nothing, and small ones are not blown up", () => {
  assert.deepEqual(around([0.05, -0.5, NaN]), [-0.54, 0.54]);
  assert.deepEqual(around([0.0001]), [-0.0108, 0.0108]);
});

test("a line is a path, and a long one is thinned to its ends", () => {
  assert.equal(path([[0, 1], [2.006, 3]]), "M0 1L2.01 3");
  const points = Array.from({ length: 5000 }, (_, step) => ({ step }));
  const few = thinned(points, 600);
  assert.deepEqual([few.length, few[0].step, few.at(-1).step], [600, 0, 4999]);
  assert.equal(thinned(points.slice(0, 3), 600).length, 3);
});

test("the nearest point is read out", () => {
  const points = [{ step: 10 }, { step: 50 }, { step: 100 }];
  assert.deepEqual([0, 31, 29, 1000].map((step) => nearest(points, step).step), [10, 50, 10, 100]);
  assert.equal(nearest([], 3), null);
});
