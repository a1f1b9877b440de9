// How far a training is, and what the trigger is said to wait for.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isRunning, mayResume, progressOf, triggerWords } from "../../../ui/models/static/progress.js";

const NOW = Date.parse("2026-11-25T13:00:00Z");
const training = (more) => ({ last_point: { step: 100, steps: 400, at: "2026-11-25T13:00:00Z" }, steps: 400, started_at: "2026-11-25T12:58:20Z", recipe: { budget_minutes: 30 }, ...more });
const policy = (triggers) => ({ triggers: { automatic: true, debounce_minutes: 10, ...triggers } });

test("it is as far as its last point, and ends by its own pace", () => {
  assert.deepEqual(progressOf(training(), NOW), { step: 100, steps: 400, share: 0.25, left: 300 });
});

test("time goes on between two points", () => {
  assert.equal(progressOf(training(), NOW + 20_000).left, 280);
});

test("no training goes beyond its budget", () => {
  assert.equal(progressOf(training({ recipe: { budget_minutes: 3 } }), NOW).left, 80);
  assert.equal(progressOf(training({ recipe: { budget_minutes: 1 } }), NOW).left, 0);
});

test("before its first point nothing is foretold", () => {
  assert.deepEqual(progressOf(training({ last_point: null, steps: null }), NOW), { step: 0, steps: null, share: 0, left: null });
});

test("what waits or runs is running, and what failed or was cancelled may go on", () => {
  const states = ["queued", "running", "succeeded", "failed", "cancelled"].map((state) => ({ state }));
  assert.deepEqual(states.map(isRunning), [true, true, false, false, false]);
  assert.deepEqual(states.map(mayResume), [false, false, false, true, true]);
});

test("the trigger is said in words", () => {
  const status = (more) => ({ due: true, reason: "corrections", running_job: null, quiet_for_seconds: 30, ...more });
  assert.equal(triggerWords(status({ due: false, reason: null }), policy()), "Not due");
  assert.equal(triggerWords(status({ due: false }), policy()), "Waits until people are quiet");
  assert.equal(triggerWords(status({ due: false, running_job: 4 }), policy()), "A training is under way");
  assert.equal(triggerWords(status(), policy()), "Due: begins by itself");
  assert.equal(triggerWords(status(), policy({ automatic: false })), "Due: somebody has to begin it");
  assert.equal(triggerWords(status(), null), "Due");
});
