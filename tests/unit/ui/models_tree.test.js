// The lineage: rows from the newest down, a lane for each branch.

import assert from "node:assert/strict";
import { test } from "node:test";

import { layTree } from "../../../ui/models/static/tree.js";

const versions = (parents) => Object.entries(parents).map(([number, parent]) => ({ number: Number(number), parent }));
const lanes = (parents) => Object.fromEntries(layTree(versions(parents)).placed.map(({ version, lane }) => [version.number, lane]));

test("a line of descent stands in one lane, the newest on top", () => {
  const { placed, lanes: wide } = layTree(versions({ 1: null, 2: 1, 3: 2 }));
  assert.equal(wide, 1);
  assert.deepEqual(placed.map(({ version, row, lane, parentRow }) => [version.number, row, lane, parentRow]), [[3, 0, 0, 1], [2, 1, 0, 2], [1, 2, 0, null]]);
});

test("a second child branches off, and the first goes on in its parent's lane", () => {
  assert.deepEqual(lanes({ 1: null, 2: 1, 3: 2, 4: 2, 5: 3 }), { 1: 0, 2: 0, 3: 0, 4: 1, 5: 0 });
});

test("a lane is used again once nothing passes in it", () => {
  assert.deepEqual(lanes({ 1: null, 2: 1, 3: 1, 4: 2, 5: 4, 6: 4 }), { 1: 0, 2: 0, 3: 1, 4: 0, 5: 0, 6: 1 });
});

test("a lane is kept free between a version and its first child", () => {
  const found = lanes({ 1: null, 2: 1, 3: 1, 4: 1, 5: 3, 6: 4 });
  assert.deepEqual(found, { 1: 0, 2: 0, 3: 1, 4: 2, 5: 1, 6: 2 });
});

test("roots, and versions whose parent is not known, stand for themselves", () => {
  const { placed } = layTree(versions({ 1: null, 2: null, 9: 4 }));
  assert.deepEqual(placed.map(({ version, parentRow }) => [version.number, parentRow]), [[9, null], [2, null], [1, null]]);
  assert.deepEqual(layTree([]), { placed: [], lanes: 1 });
});

test("no line runs through a version that it does not belong to", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 200; round += 1) {
    const parents = { 1: null };
    for (let number = 2; number <= 14; number += 1) parents[number] = random(8) === 0 ? null : 1 + random(number - 1);
    const { placed } = layTree(versions(parents));
    for (const { version, lane, row, parentRow } of placed) {
      if (parentRow === null) continue;
      const crossed = placed.filter((other) => other.lane === lane && other.row > row && other.row < parentRow);
      assert.deepEqual(crossed, [], `version ${version.number} of ${JSON.stringify(parents)}`);
    }
  }
});
