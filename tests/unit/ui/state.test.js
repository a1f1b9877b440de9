// The store: who hears of which change, and how often.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createStore } from "../../../ui/label/static/state.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a listener runs at once and then once for all changes made together", async () => {
  const store = createStore({ zoom: 1, tool: "click" });
  const seen = [];
  store.on(["zoom", "tool"], (state) => seen.push([state.zoom, state.tool]));
  store.set({ zoom: 2 });
  store.set({ tool: "box" });
  await settled();
  assert.deepEqual(seen, [[1, "click"], [2, "box"]]);
});

test("a listener does not hear of keys that it did not ask for, nor of a value set again", async () => {
  const store = createStore({ zoom: 1, tool: "click" });
  let runs = 0;
  store.on(["zoom"], () => (runs += 1));
  store.set({ tool: "box" });
  store.set({ zoom: 1 });
  await settled();
  assert.equal(runs, 1);
});

test("a listener that was stopped hears nothing more", async () => {
  const store = createStore({ zoom: 1 });
  let runs = 0;
  const stop = store.on(["zoom"], () => (runs += 1));
  stop();
  store.set({ zoom: 2 });
  await settled();
  assert.equal(runs, 1);
});

test("a change made by a listener is told as well", async () => {
  const store = createStore({ zoom: 1, fitted: false });
  const seen = [];
  store.on(["zoom"], (state) => {
    if (state.zoom === 2) store.set({ fitted: true });
  });
  store.on(["fitted"], (state) => seen.push(state.fitted));
  store.set({ zoom: 2 });
  await settled();
  assert.deepEqual(seen, [false, true]);
});
