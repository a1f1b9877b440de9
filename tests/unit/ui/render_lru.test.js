// The cache stays within its budget and gives back what it drops.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLru } from "../../../ui/label/static/render/lru.js";

test("what was used longest ago goes first, and is released once", () => {
  const released = [];
  const cache = createLru(30, (value) => released.push(value));
  cache.set("a", "A", 10);
  cache.set("b", "B", 10);
  cache.set("c", "C", 10);
  cache.get("a");
  cache.peek("b");
  cache.set("d", "D", 10);
  assert.deepEqual(released, ["B"]);
  assert.equal(cache.bytes, 30);
});

test("a value that is replaced is released", () => {
  const released = [];
  const cache = createLru(30, (value) => released.push(value));
  cache.set("a", "old", 10);
  cache.set("a", "new", 20);
  assert.deepEqual([released, cache.bytes, cache.get("a")], [["old"], 20, "new"]);
});

test("one value larger than the budget is kept alone", () => {
  const cache = createLru(30);
  cache.set("a", "A", 10);
  cache.set("b", "B", 50);
  assert.deepEqual([cache.has("a"), cache.has("b")], [false, true]);
});
