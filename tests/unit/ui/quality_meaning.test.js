// What the quality page's figures mean.

import assert from "node:assert/strict";
import { test } from "node:test";

import { defectName, few, isTooFew, sum, versionName } from "../../../ui/quality/static/meaning.js";

test("an interval that says next to nothing is called too few", () => {
  assert.equal(isTooFew(null), true);
  assert.equal(isTooFew({ mean: 0, low: 0, high: 0.434 }), true); // none of five
  assert.equal(isTooFew({ mean: 0, low: 0, high: 0.278 }), false); // none of ten
  assert.equal(few(0), "nobody was asked yet");
  assert.equal(few(5), "too few: 5 so far");
});

test("versions of one name are told apart", () => {
  assert.equal(versionName({ id: 4, name: "nuclei" }), "nuclei v4");
  assert.equal(versionName({ id: null, name: "by hand" }), "By hand");
});

test("a defect that the page does not know is called by its name", () => {
  assert.equal(defectName("missing_part"), "A part is missing");
  assert.equal(defectName("upside_down"), "upside down");
});

test("rows are summed by a key", () => {
  assert.equal(sum([{ masks: 2 }, { masks: 5 }], "masks"), 7);
});
