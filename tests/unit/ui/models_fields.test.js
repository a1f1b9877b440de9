// Fields of policy, recipe and rule: what is typed becomes a value, or says why not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { GATE, RECIPE, RULE, TRIGGERS, readValue, shownValue, textOf } from "../../../ui/models/static/fields.js";

const field = (name) => [...TRIGGERS, ...GATE, ...RECIPE, ...RULE].find((one) => one.name === name);
const read = (name, text) => readValue(field(name), text);

test("every default can be shown, typed and read back", () => {
  for (const one of [...TRIGGERS, ...GATE, ...RECIPE, ...RULE]) {
    assert.ok(shownValue(one).length > 0, one.name);
    if (one.kind === "switch" || one.kind === "several") continue;
    assert.deepEqual(readValue(one, textOf(one)), { value: one.usual, problem: null }, one.name);
  }
});

test("shares are typed in percent", () => {
  assert.deepEqual(read("holdout_share", "12.5"), { value: 0.125, problem: null });
  assert.deepEqual(read("holdout_share", "7"), { value: 0.07, problem: null });
  assert.equal(textOf(field("holdout_share"), 0.07), "7");
  assert.equal(read("holdout_share", "101").problem, "Give at most 100.");
  assert.equal(shownValue(field("holdout_share"), 0.125), "12.5 %");
});

test("what cannot be is said", () => {
  assert.equal(read("epochs", "").problem, "Give a number.");
  assert.equal(read("epochs", "many").problem, "Give a number.");
  assert.equal(read("epochs", "1.5").problem, "Give a whole number.");
  assert.equal(read("epochs", "0").problem, "Give at least 1.");
  assert.equal(read("lora_rank", "65").problem, "Give at most 64.");
  assert.equal(read("learning_rate", "1e-4").value, 0.0001);
});

test("days and lines", () => {
  assert.deepEqual(read("since", "2026-11-02").value, "2026-11-02T00:00:00Z");
  assert.deepEqual([read("since", "").value, textOf(field("since"), "2026-11-02T00:00:00Z")], [null, "2026-11-02"]);
  assert.deepEqual(read("sources", " */train/* \n\n*/b/*").value, ["*/train/*", "*/b/*"]);
  assert.deepEqual([shownValue(field("origins"), ["corrected"]), shownValue(field("origins"), []), shownValue(field("since"), null)], ["Corrected", "all", "any time"]);
});
