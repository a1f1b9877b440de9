// What is kept of the look, and what keys make of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { DELIVERED, followTheme, keepLook, loadLook, lookAfter } from "../../../ui/label/static/panels/look_state.js";
import { createStore } from "../../../ui/label/static/state.js";

const holding = (text) => ({ getItem: () => text, setItem: () => { throw new Error("quota exceeded"); } });

test("a first visit has the delivered look", () => {
  assert.deepEqual(loadLook(null), { opacity: 0.45, brightness: 1, contrast: 1, mode: "both", colour: "category", masks: true, others: true, theme: "system" });
});

test("what was kept is found again", () => {
  const kept = new Map();
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
  const look = { ...DELIVERED, opacity: 0, mode: "outline", masks: false, theme: "dark" };
  assert.equal(keepLook(look, storage), null);
  assert.deepEqual(loadLook(storage), look);
});

test("each value that is no good gives way to the delivered one", () => {
  const bad = { opacity: 7, brightness: "1", contrast: null, mode: "toString", colour: "red", masks: "no", others: false, theme: "dark", more: 1 };
  assert.deepEqual(loadLook(holding(JSON.stringify(bad))), { ...DELIVERED, others: false, theme: "dark" });
  for (const text of ["{", "null", "7", "[]"]) assert.deepEqual(loadLook(holding(text)), DELIVERED, text);
});

test("a browser that keeps nothing is said", () => {
  assert.match(keepLook(DELIVERED, holding("{}")), /will not be remembered.*quota exceeded/);
});

test("keys go through the choices and round again", () => {
  const modes = [];
  let look = DELIVERED;
  for (let presses = 0; presses < 3; presses += 1) modes.push((look = lookAfter(look, "look.mode")).mode);
  assert.deepEqual(modes, ["fill", "outline", "both"]);
  assert.equal(lookAfter(DELIVERED, "look.colour").colour, "score");
  assert.equal(lookAfter(DELIVERED, "look.masks").masks, false);
  assert.equal(lookAfter(DELIVERED, "look.others").others, false);
  assert.equal(DELIVERED.masks, true);
  assert.equal(lookAfter(DELIVERED, "toString"), null);
});

test("the page follows the system until a theme is chosen", async () => {
  const dark = Object.assign(new EventTarget(), { matches: false });
  const root = { dataset: {} };
  const store = createStore({ look: DELIVERED });
  const stop = followTheme(store, root, dark);
  assert.equal(root.dataset.theme, "light");
  dark.matches = true;
  dark.dispatchEvent(new Event("change"));
  assert.equal(root.dataset.theme, "dark");
  store.set({ look: { ...DELIVERED, theme: "light" } });
  await Promise.resolve();
  assert.equal(root.dataset.theme, "light");
  stop();
  store.set({ look: { ...DELIVERED, theme: "dark" } });
  await Promise.resolve();
  assert.equal(root.dataset.theme, "light");
});
