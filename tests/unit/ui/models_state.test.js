// What follows from what the models page holds.

import assert from "node:assert/strict";
import { test } from "node:test";

import { backTo, chosenOf, decidingGate, gateOf, needsGate } from "../../../ui/models/static/state.js";

const version = (number, more = {}) => ({ number, name: "nuclei", state: "ready", serving: false, project: 7, ...more });
const promoted = (...numbers) => ({ data: numbers.reverse().map((model_version) => ({ model_version })), error: null });
const state = (more) => ({
  versions: { data: [version(1, { project: null }), version(2), version(3, { serving: true }), version(4)], error: null },
  promotions: promoted(1, 2, 3), project: { id: 7 }, place: { version: null, gate: null }, gates: {}, ...more,
});

test("going back finds what served before, never what was rolled back", () => {
  assert.equal(backTo(state({})).number, 2);
  assert.equal(backTo(state({ promotions: promoted(1, 2, 1) })), null);
  assert.equal(backTo(state({ promotions: promoted(1, 2, 3, 2) })).number, 1);
  assert.equal(backTo(state({ promotions: promoted() })), null);
});

test("going back passes over what was retired since", () => {
  const versions = { data: [version(1), version(2, { state: "retired" }), version(3, { serving: true })], error: null };
  assert.equal(backTo(state({ versions })).number, 1);
});

test("the newest version of the project is in view until one is chosen", () => {
  assert.equal(chosenOf(state({})).number, 4);
  assert.equal(chosenOf(state({ place: { version: 2 } })).number, 2);
  assert.equal(chosenOf(state({ place: { version: 77 } })), null);
  assert.equal(chosenOf(state({ project: { id: 8 } })).number, 3);
  assert.equal(chosenOf(state({ versions: { data: null, error: null } })), null);
});

test("the gate that counts is the one against what serves; any may be in view", () => {
  const gates = { 4: { data: [{ id: 9, champion: 2 }, { id: 8, champion: 3 }], error: null } };
  assert.equal(decidingGate(state({ gates }), 4).id, 8);
  assert.equal(gateOf(state({ gates }), 4).id, 9);
  assert.equal(gateOf(state({ gates, place: { version: 4, gate: 8 } }), 4).id, 8);
  assert.equal(gateOf(state({}), 4), null);
});

test("the first version and one that served before need no gate", () => {
  assert.deepEqual([needsGate(state({}), 4), needsGate(state({}), 2), needsGate(state({ promotions: promoted() }), 4)], [true, false, false]);
});
