// Cards of the image list: columns, what the screen shows, and arrow keys.

import assert from "node:assert/strict";
import { test } from "node:test";

import { GAP, firstWhole, gridOf, heightOf, led, onScreen, positionOf, topToShow } from "../../../ui/label/static/gallery/geometry.js";

const grid = gridOf(1000);
const step = grid.height + GAP;

test("cards fill the width whatever it is", () => {
  assert.equal(grid.columns, 4);
  for (const width of [0, 100, 216, 999, 2500]) {
    const { columns, width: card } = gridOf(width);
    assert.ok(columns >= 1);
    if (width > 0) assert.ok(Math.abs(columns * card + (columns - 1) * GAP - width) < 1e-6);
  }
});

test("rows follow each other", () => {
  assert.deepEqual(positionOf(grid, 0), { x: 0, y: 0 });
  assert.deepEqual(positionOf(grid, 5), { x: grid.width + GAP, y: step });
  assert.equal(heightOf(grid, 0), 0);
  assert.equal(heightOf(grid, 4), grid.height);
  assert.equal(heightOf(grid, 5), step + grid.height);
});

test("only the rows around the screen are kept", () => {
  assert.deepEqual(onScreen(grid, 10_000, 0, step * 3), { first: 0, end: 20 });
  assert.deepEqual(onScreen(grid, 10_000, step * 100, step * 3), { first: 98 * 4, end: 105 * 4 });
  assert.deepEqual(onScreen(grid, 6, 0, step * 3), { first: 0, end: 6 });
  assert.deepEqual(onScreen(grid, 0, 0, 500), { first: 0, end: 0 });
});

test("the place that is remembered is the first whole row", () => {
  assert.equal(firstWhole(grid, 100, 0), 0);
  assert.equal(firstWhole(grid, 100, step * 2), 8);
  assert.equal(firstWhole(grid, 100, step * 2 + GAP + 1), 12);
  assert.equal(firstWhole(grid, 6, step * 50), 5);
});

test("a card is scrolled to only where it is not on the screen", () => {
  assert.equal(topToShow(grid, 0, 0, step * 2), 0);
  assert.equal(topToShow(grid, 0, 300, step * 2), 0);
  assert.equal(topToShow(grid, 8, 0, step * 2), step * 2 + grid.height - step * 2);
});

test("arrows go by row and column and stay within the images", () => {
  const go = (key, from, count = 10) => led(key, grid, from, count, 2);
  assert.equal(go("ArrowRight", 3), 4);
  assert.equal(go("ArrowLeft", 0), 0);
  assert.equal(go("ArrowDown", 1), 5);
  assert.equal(go("ArrowDown", 7), 9, "a shorter last row: its last image");
  assert.equal(go("ArrowDown", 8), 8);
  assert.equal(go("ArrowUp", 2), 2);
  assert.equal(go("ArrowUp", 6), 2);
  assert.equal(go("Home", 6), 0);
  assert.equal(go("End", 6), 9);
  assert.equal(go("PageDown", 1, 100), 9);
  assert.equal(go("PageUp", 6), 2);
  assert.equal(go("Enter", 6), null);
});
