// A view asks for exactly the tiles that it shows, and makes do with what is there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { areaOf, best, drawPieces, levelFor, nameOf, placesFor, tilesIn } from "../../../ui/label/static/render/tiles.js";

const size = { width: 4000, height: 3000 };
const names = (places) => places.map(nameOf).sort();

test("a level has one to two samples per device pixel", () => {
  for (const scale of [0.1, 0.25, 0.3, 0.5, 0.99, 1, 1.01, 2, 7.9, 8, 40]) {
    const samples = 1 / (scale * 2 ** levelFor(scale));
    assert.ok(samples >= 1 - 1e-9 && samples < 2, `${samples} at ${scale}`);
  }
});

test("the tiles of a rectangle are those that it touches, the middle ones first", () => {
  const places = tilesIn([600, 100, 1400, 500], 0, size);
  assert.deepEqual(names(places), ["0/1/0", "0/2/0"]);
  const [first] = tilesIn([0, 0, 4000, 3000], 0, size);
  assert.deepEqual([first.column, first.row], [3, 2]);
});

test("nothing is asked for outside of the image", () => {
  assert.deepEqual(tilesIn([-900, -900, -1, -1], 0, size), []);
  assert.deepEqual(tilesIn([4000, 0, 5000, 100], 0, size), []);
  assert.deepEqual(names(tilesIn([3900, 2900, 9000, 9000], 0, size)), ["0/7/5"]);
  assert.deepEqual(names(tilesIn([0, 0, 10, 10], 0, size, 1)), ["0/0/0", "0/0/1", "0/1/0", "0/1/1"]);
});

test("tiles finer than the image cover a part of a pixel grid", () => {
  assert.deepEqual(areaOf({ level: -3, column: 2, row: 0 }, size), [128, 0, 192, 64]);
});

test("a missing tile is replaced by its children, or by a part of its ancestor", () => {
  const wanted = [{ level: 0, column: 2, row: 3 }];
  const there = (...list) => (place) => list.includes(nameOf(place));
  assert.deepEqual(best(wanted, there(), 3, size), []);
  const [piece] = best(wanted, there("2/0/0"), 3, size);
  assert.equal(nameOf(piece.place), "2/0/0");
  assert.deepEqual(piece.area, [1024, 1536, 1536, 2048]);
  const children = ["-1/4/6", "-1/5/6", "-1/4/7", "-1/5/7"];
  assert.deepEqual(names(best(wanted, there(...children), 3, size).map(({ place }) => place)), children.sort());
});

test("pieces never overlap: with a child missing, the ancestor alone is drawn", () => {
  const has = (place) => ["-1/4/6", "1/1/1"].includes(nameOf(place));
  const pieces = best([{ level: 0, column: 2, row: 3 }], has, 3, size);
  assert.deepEqual(pieces.map(({ place }) => nameOf(place)), ["1/1/1"]);
});

test("neighbours are drawn edge to edge on whole pixels at any scale", () => {
  for (const scale of [0.317, 0.7071, 1.3, 2.999]) {
    const drawn = [];
    const context = { drawImage: (...values) => drawn.push(values.slice(5)) };
    const level = levelFor(scale);
    const places = [0, 1, 2].map((column) => ({ level, column, row: 0 }));
    const pieces = best(places, () => true, 9, size);
    drawPieces(context, pieces, { scale, x: 3.3, y: 1.7 }, () => null);
    drawn.sort((a, b) => a[0] - b[0]);
    for (const values of drawn) assert.ok(values.every(Number.isInteger));
    for (let i = 1; i < drawn.length; i++) assert.equal(drawn[i][0], drawn[i - 1][0] + drawn[i - 1][2]);
  }
});

test("a view of more tiles than a cache holds is given coarser, and never asks for more than it holds", () => {
  const view = { seen: [0, 0, 4000, 3000] };
  assert.equal(placesFor(view, 0, size, 48).level, 0);
  const { level, visible, wanted } = placesFor(view, 0, size, 47);
  assert.deepEqual([level, visible.length, wanted.length], [1, 12, 12]);
});

test("tiles around a view come after those in it", () => {
  const { visible, wanted } = placesFor({ seen: [1100, 1100, 1500, 1500] }, 0, size, 48);
  assert.deepEqual(names(visible), ["0/2/2"]);
  assert.equal(nameOf(wanted[0]), "0/2/2");
  assert.equal(wanted.length, 9);
});
