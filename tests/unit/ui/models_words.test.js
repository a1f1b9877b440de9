// Numbers, times and names as the models page says them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { METRICS, ago, capital, counted, day, duration, interval, metricOf, moment, percent, plain, ruleName, short, signed, verdict } from "../../../ui/models/static/words.js";

const NOW = Date.parse("2026-11-25T13:00:00Z");

test("a difference has its sign, and none where it rounds to nothing", () => {
  assert.deepEqual([0.0834, -0.31, 0.0004, -0.0004, null].map((value) => signed(value)), ["+0.083", "−0.310", "0.000", "0.000", "–"]);
  assert.equal(interval({ low: -0.01, high: 0.02 }, 2), "−0.01 to +0.02");
  assert.deepEqual([plain(-1.5, 1), plain(undefined), percent(0.615), percent(0.615, 1), percent(null)], ["−1.5", "–", "62 %", "61.5 %", "–"]);
});

test("times are as long as they need to be", () => {
  const said = [0, 44.6, 60, 3599, 3600, 4320, 86_399, 86_400, 3 * 86_400].map(duration);
  assert.deepEqual(said, ["0 s", "45 s", "1 min", "59 min", "1 h", "1 h 12 min", "23 h 59 min", "1 day", "3 days"]);
  assert.equal(duration(-5), "0 s");
});

test("what happened is said from now, and by its day once that is long ago", () => {
  const at = (iso) => ago(iso, NOW);
  assert.deepEqual([at("2026-11-25T12:59:50Z"), at("2026-11-25T12:56:00Z"), at("2026-11-22T12:00:00Z")], ["just now", "4 min ago", "3 days ago"]);
  assert.equal(at("2026-11-02T12:00:00Z"), day("2026-11-02T12:00:00Z", NOW));
  assert.equal(day("2026-11-02T12:00:00Z", NOW), "2 Nov");
  assert.equal(day("2025-11-02T12:00:00Z", NOW), "2 Nov 2025");
  assert.match(moment("2026-11-21T12:02:00Z", NOW), /^21 Nov, \d\d:02$/);
});

test("rules have names for people, of every kind that the gate knows", () => {
  const names = ["better:one_click", "not_worse:best_of_three", "not_worse:category:nucleus: big", "not_forgotten:box", "not_slower", "of_another_time"];
  assert.deepEqual(names.map(ruleName), ["Better: one click", "Not worse: best of three", "Not worse: nucleus: big", "Nothing forgotten: box", "Not slower", "Of another time"]);
  assert.deepEqual(["enough:images", "enough:general_images", "usual:protocol"].map(ruleName), ["Enough images", "Enough images in the general set", "The usual protocol"]);
});

test("a difference is good, bad, or not told from none, and clicks are counted the other way", () => {
  const [more, fewer] = [metricOf("one_click"), metricOf("clicks_85")];
  const told = (low, high, metric) => verdict({ low, high }, metric);
  assert.deepEqual([told(0.01, 0.02, more), told(-0.02, -0.01, more), told(-0.01, 0.01, more)], ["good", "bad", "open"]);
  assert.deepEqual([told(0.5, 1, fewer), told(-1, -0.5, fewer), told(0, 1, fewer)], ["bad", "good", "open"]);
});

test("a metric of a later protocol is shown by its name", () => {
  assert.equal(METRICS.length, 7);
  assert.deepEqual({ ...metricOf("new_figure"), about: undefined }, { key: "new_figure", label: "new figure", about: undefined, digits: 3, better: 1, unit: "" });
});

test("words", () => {
  assert.deepEqual([counted(1, "rule"), counted(1200, "rule"), counted(2, "category", "categories"), capital("small"), short("a".repeat(64))], ["1 rule", "1,200 rules", "2 categories", "Small", "a".repeat(12)]);
});
