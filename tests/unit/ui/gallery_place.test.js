// Where somebody is in the image list, when they come back to it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { NO_FILTERS } from "../../../ui/label/static/gallery/filters.js";
import { placeIn, remember } from "../../../ui/label/static/gallery/place.js";

function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}

const DONE = { ...NO_FILTERS, show: "done" };

test("an address that names nothing leads to where one was, in that project only", () => {
  const storage = memory();
  remember(1, { filters: DONE, at: 40 }, storage);
  assert.deepEqual(placeIn(1, { search: "?project=1", storage }), { filters: DONE, at: 40 });
  assert.deepEqual(placeIn(2, { search: "?project=2", storage }), { filters: NO_FILTERS, at: null });
});

test("what the address names comes first", () => {
  const storage = memory();
  remember(1, { filters: DONE, at: 40 }, storage);
  assert.deepEqual(placeIn(1, { search: "?project=1&text=owl", storage }), { filters: { ...NO_FILTERS, text: "owl" }, at: null });
  assert.deepEqual(placeIn(1, { search: "?project=1&at=7", storage }), { filters: NO_FILTERS, at: 7 });
});

test("without storage, and with a full one, the list begins at its top", () => {
  const full = { ...memory(), setItem: () => { throw Object.assign(new Error("full"), { name: "QuotaExceededError" }); } };
  remember(1, { filters: DONE, at: 40 }, full);
  for (const storage of [null, full]) assert.deepEqual(placeIn(1, { search: "?project=1", storage }), { filters: NO_FILTERS, at: null });
});
