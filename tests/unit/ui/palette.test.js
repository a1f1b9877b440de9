// Colours that can be told apart, by any kind of colour sight.

import assert from "node:assert/strict";
import { test } from "node:test";

import { categoryColour, css, objectColour, scoreColour } from "../../../ui/label/static/palette.js";

/** Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB. */
const SIGHT = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, value, at) => sum + value * vector[at], 0));
const clipped = (vector) => vector.map((value) => Math.min(1, Math.max(0, value)));
const linear = (colour) => colour.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));

function oklab(rgb) {
  const lms = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], rgb).map(Math.cbrt);
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], lms);
}

const seen = (colour, sight) => oklab(clipped(times(SIGHT[sight], linear(colour))));
const apart = (a, b, sight) => Math.hypot(...seen(a, sight).map((value, at) => value - seen(b, sight)[at]));

for (const sight of Object.keys(SIGHT)) {
  test(`24 categories differ in ${sight} sight, the first eight by far`, () => {
    for (let a = 0; a < 24; a += 1) {
      for (let b = 0; b < a; b += 1) {
        const least = a < 8 ? 0.07 : 0.04; // 0.02 is about what an eye just tells apart side by side
        const found = apart(categoryColour(a), categoryColour(b), sight);
        assert.ok(found >= least, `${a} and ${b}: ${found}`);
      }
    }
  });

  test(`a better score looks lighter in ${sight} sight`, () => {
    const lightness = Array.from({ length: 11 }, (_, step) => seen(scoreColour(0.5 + step * 0.05), sight)[0]);
    for (let step = 1; step < lightness.length; step += 1) assert.ok(lightness[step] > lightness[step - 1] + 0.02, String(step));
  });
}

test("colours of categories begin again after 24", () => {
  assert.deepEqual(categoryColour(24), categoryColour(0));
  assert.deepEqual(categoryColour(-1), categoryColour(23));
});

test("scores end at dark blue and yellow; none is grey", () => {
  assert.deepEqual(scoreColour(0.5), [0, 34, 78]);
  assert.deepEqual(scoreColour(0.1), scoreColour(0.5));
  assert.deepEqual(scoreColour(1), [254, 232, 56]);
  assert.deepEqual(scoreColour(1.02), scoreColour(1));
  for (const none of [null, undefined, NaN]) assert.deepEqual(scoreColour(none), [160, 160, 160]);
});

test("an object keeps its colour, and proposals that follow one another differ", () => {
  const key = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
  assert.deepEqual(objectColour(key), objectColour(key));
  for (let id = 1; id <= 500; id += 1) {
    for (const later of [1, 2]) {
      const found = apart(objectColour(`p${id}`), objectColour(`p${id + later}`), "normal");
      assert.ok(found > 0.08, `p${id} and p${id + later}: ${found}`);
    }
  }
});

test("every colour is three whole numbers that CSS takes", () => {
  for (let id = 0; id < 1000; id += 1) {
    for (const value of objectColour(`object-${id}`)) assert.ok(Number.isInteger(value) && value >= 0 && value <= 255);
  }
  assert.equal(css([1, 2, 3]), "rgb(1 2 3)");
});
