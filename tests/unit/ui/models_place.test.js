// Addresses of the models page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, placeOf } from "../../../ui/models/static/place.js";

const NOWHERE = { project: null, view: "versions", version: null, set: null, other: null, gate: null };

test("an address names a place, and a place its address", () => {
  for (const query of ["?project=7", "?project=7&version=4", "?project=7&version=4&gate=30", "?project=7&view=sets&set=2&with=1", "?project=7&view=policy"]) {
    assert.equal(addressOf(placeOf(query)), query);
  }
  assert.deepEqual(placeOf("?project=7&view=sets&set=2&with=1"), { ...NOWHERE, project: 7, view: "sets", set: 2, other: 1 });
});

test("what makes no sense is left out", () => {
  assert.deepEqual(placeOf("?project=x&view=money&version=-1&set=1.5&gate=9e99"), NOWHERE);
  assert.deepEqual(placeOf(""), NOWHERE);
  assert.equal(addressOf({ project: 7, view: "policy", version: 3, set: 2 }), "?project=7&view=policy");
});
