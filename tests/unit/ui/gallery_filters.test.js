// Filters of the image list in the page's address and in the API's query.

import assert from "node:assert/strict";
import { test } from "node:test";

import { NO_FILTERS, filtersOf, isFiltered, isOnlyShow, placeOf, queryOf, rangeProblem, scoreOfField, searchWith } from "../../../ui/label/static/gallery/filters.js";

const ALL = { show: "todo", text: "dark & wet", category_id: 3, score_least: 0.25, score_most: 0.5 };

test("filters come back from the address they were written to", () => {
  const search = searchWith("?project=1", ALL, 77);
  assert.equal(search, "?project=1&show=todo&text=dark+%26+wet&category=3&from=0.25&to=0.5&at=77");
  assert.deepEqual(filtersOf(search), ALL);
  assert.equal(placeOf(search), 77);
});

test("no filters and no place leave the rest of the address as it is", () => {
  const search = searchWith("?project=1&show=done&text=x&category=2&from=0.1&to=1&at=9", NO_FILTERS, null);
  assert.equal(search, "?project=1");
  assert.equal(searchWith("?show=done", NO_FILTERS, null), "");
});

test("what a hand has mistyped in the address is left out", () => {
  const search = "?show=everything&category=0x3&from=2&to=high&at=-1";
  assert.deepEqual(filtersOf(search), NO_FILTERS);
  assert.equal(placeOf(search), null);
});

test("the API is asked by its own names", () => {
  assert.equal(queryOf(ALL).toString(), "state=todo&text=dark+%26+wet&category_id=3&score_least=0.25&score_most=0.5");
  assert.equal(queryOf({ ...NO_FILTERS, show: "leased" }).toString(), "leased=true");
  assert.equal(queryOf(NO_FILTERS).toString(), "");
});

test("a score of zero is a filter, blank text is none", () => {
  assert.equal(isFiltered({ ...NO_FILTERS, score_least: 0 }), true);
  assert.equal(isFiltered({ ...NO_FILTERS, text: "  " }), false);
  assert.equal(isOnlyShow({ ...NO_FILTERS, show: "done" }), true);
  assert.equal(isOnlyShow({ ...NO_FILTERS, show: "done", text: "x" }), false);
});

test("a range that nothing lies in is named", () => {
  assert.equal(rangeProblem(null, null), null);
  assert.equal(rangeProblem(0.5, 0.5), null);
  assert.match(rangeProblem(0.6, 0.5), /swap/);
  assert.match(rangeProblem(null, 1.1), /between 0 and 1/);
  assert.match(rangeProblem(scoreOfField("many"), null), /between 0 and 1/);
  assert.equal(scoreOfField(" "), null);
});
