// Addresses of the quality page, and the days that they name.

import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, daysOf, everyDay, periodOf, placeOf } from "../../../ui/quality/static/place.js";

const NOW = Date.parse("2026-11-25T23:30:00Z");

test("an address names a place, and a place its address", () => {
  for (const query of ["?project=7", "?project=7&days=7", "?project=7&days=all", "?project=7&from=2026-11-01", "?project=7&from=2026-11-01&to=2026-11-09"]) {
    assert.equal(addressOf(placeOf(query)), query);
  }
});

test("what makes no sense is left out", () => {
  assert.deepEqual(placeOf("?project=x&days=31&from=yesterday&to=2026-13-01"), { project: null, days: 30, from: null, to: null });
});

test("the usual days end today and hold it", () => {
  assert.deepEqual(daysOf(placeOf("?project=7&days=7"), NOW), { first: "2026-11-19", last: "2026-11-25" });
  assert.equal(periodOf(placeOf("?project=7&days=7"), NOW), "?since=2026-11-19T00%3A00%3A00Z&until=2026-11-26T00%3A00%3A00Z");
});

test("an open side asks for all of it", () => {
  assert.equal(periodOf(placeOf("?project=7&days=all"), NOW), "");
  assert.equal(periodOf(placeOf("?project=7&to=2026-02-28"), NOW), "?until=2026-03-01T00%3A00%3A00Z");
});

test("every day is there once, over the end of a month", () => {
  assert.deepEqual(everyDay("2028-02-28", "2028-03-01"), ["2028-02-28", "2028-02-29", "2028-03-01"]);
  assert.deepEqual(everyDay("2026-03-02", "2026-03-01"), []);
});
