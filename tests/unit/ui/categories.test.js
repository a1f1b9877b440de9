// Which categories are shown and remembered.

import assert from "node:assert/strict";
import { test } from "node:test";

import { firstInHand, narrow, newName, plain, readRecent, recentOf, used, writeRecent } from "../../../ui/label/static/panels/category_choice.js";

const named = (...names) => names.map((name, place) => ({ id: 10 + place, name }));
const STREET = named("traffic light", "light lorry", "Light", "car", "stop sign", "Ampel für Fußgänger", "headlight");
const names = (categories) => categories.map(({ name }) => name);

function memory(initial = {}) {
  const kept = new Map(Object.entries(initial));
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
}

test("without a search the project's order stays", () => {
  assert.deepEqual(narrow(STREET, "  "), STREET);
});

test("the name itself comes first, then beginnings of names, of words, and the rest", () => {
  assert.deepEqual(names(narrow(STREET, "light")), ["Light", "light lorry", "traffic light", "headlight"]);
});

test("case, accents and spaces don't matter", () => {
  assert.equal(plain("  Fußgänger  Übergang "), "fußganger ubergang");
  assert.deepEqual(names(narrow(STREET, "FUR")), ["Ampel für Fußgänger"]);
});

test("several beginnings of words find a name in any order", () => {
  assert.deepEqual(names(narrow(STREET, "li tr")), ["traffic light"]);
  assert.deepEqual(narrow(STREET, "li xy"), []);
});

test("signs of a pattern are taken as they are", () => {
  assert.deepEqual(narrow(STREET, "."), []);
  assert.deepEqual(names(narrow(named("c++", "c"), "c+")), ["c++"]);
});

test("a name is new unless a category has it, in whatever case", () => {
  assert.equal(newName(STREET, "  zebra   crossing "), "zebra crossing");
  assert.equal(newName(STREET, "CAR"), null);
  assert.equal(newName(STREET, "ca"), "ca");
  assert.equal(newName(STREET, "  "), null);
});

test("the five last used come newest first, each once", () => {
  let recent = [];
  for (const id of [1, 2, 3, 4, 2, 5, 6]) recent = used(recent, id);
  assert.deepEqual(recent, [6, 5, 2, 4, 3]);
});

test("recent ones that are gone are left out", () => {
  assert.deepEqual(names(recentOf(STREET, [13, 999, 10])), ["car", "traffic light"]);
});

test("recent ones are kept by project", () => {
  const storage = memory();
  assert.equal(writeRecent(storage, 7, [13, 10]), null);
  assert.deepEqual(readRecent(storage, 7), [13, 10]);
  assert.deepEqual(readRecent(storage, 8), []);
});

test("what can't be read counts as none", () => {
  for (const kept of ["{", "{}", "null", '["a", 1.5]']) {
    assert.deepEqual(readRecent(memory({ "maskloop.categories.7": kept }), 7), [], kept);
  }
  assert.deepEqual(readRecent(null, 7), []);
});

test("a browser that keeps nothing is said", () => {
  const storage = { setItem: () => { throw new Error("quota exceeded"); } };
  assert.match(writeRecent(storage, 7, [1]), /will not be remembered.*quota exceeded/);
});

test("the category last chosen is in hand again; nobody is given one that they never chose", () => {
  assert.equal(firstInHand(STREET, [13, 10]), 13);
  assert.equal(firstInHand(STREET, [999, 10]), 10);
  assert.equal(firstInHand(STREET, []), null);
  assert.equal(firstInHand(named("cell"), []), 10);
  assert.equal(firstInHand([], [10]), null);
});
