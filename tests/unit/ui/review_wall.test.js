import assert from "node:assert/strict";
import { test } from "node:test";
import { all, among, nothing, stepped, toggled } from "../../../ui/review/static/wall/selection.js";
import { fieldsOf, queueOf } from "../../../ui/review/static/panels/queue_fields.js";
import { commands } from "../../../ui/review/static/commands.js";
import { normal } from "../../../ui/label/static/chords.js";

const ids = [11, 12, 13, 14, 15, 16, 17];
const selected = (selection) => [...selection.ids].sort();

test("arrows move by one and by a row, and stay inside", () => {
  let at = nothing();
  at = stepped(at, "right", 3, ids);
  assert.equal(at.at, 1);
  at = stepped(at, "down", 3, ids);
  assert.equal(at.at, 4);
  assert.equal(stepped(at, "down", 3, ids).at, 4);
  assert.equal(stepped(nothing(), "up", 3, ids).at, 0);
  assert.equal(stepped(nothing(), "left", 3, ids).at, 0);
});

test("with Shift everything on the way from where it began is selected", () => {
  let at = stepped(nothing(), "right", 3, ids);
  at = stepped(at, "down", 3, ids, true);
  assert.deepEqual(selected(at), [12, 13, 14, 15]);
  assert.equal(at.anchor, 1);
});

test("one more or one less", () => {
  const one = toggled(nothing(), 2, ids);
  assert.deepEqual(selected(one), [13]);
  assert.deepEqual(selected(toggled(one, 2, ids)), []);
  assert.equal(toggled(one, 9, ids), one);
});

test("all, then none", () => {
  const every = all(nothing(), ids);
  assert.deepEqual(selected(every), ids);
  assert.deepEqual(selected(all(every, ids)), []);
});

test("what is gone from the wall is not selected, and the focus stays in it", () => {
  const found = among({ at: 6, anchor: 6, ids: new Set([11, 17]) }, [11, 12]);
  assert.deepEqual(found, { at: 1, anchor: 1, ids: new Set([11]) });
  assert.equal(among(nothing(), []).at, 0);
});

const KNOWN = { versions: [{ number: 2, name: "minisam" }], jobs: [{ id: 4, kind: "autolabel" }], categories: [{ id: 1, name: "cat" }], members: [{ name: "ann" }] };

test("a form left as it is makes a queue of everything, most doubtful first", () => {
  const usual = Object.fromEntries(Object.values(fieldsOf(KNOWN)).flat().map(({ name, usual: value }) => [name, value]));
  assert.deepEqual(queueOf("Doubtful", usual), {
    name: "Doubtful", subject: "proposals", ordering: "doubt", priority: 0, gold_rate: 0.02, planted_rate: 0.02, feedback: false, fold: 1, people: [], rule: {},
  });
});

test("a rule holds what was chosen, and categories only of annotations", () => {
  const usual = Object.fromEntries(Object.values(fieldsOf(KNOWN)).flat().map(({ name, usual: value }) => [name, value]));
  const chosen = { ...usual, model_version_id: "2", predicted_iou_most: 0.9, sample: 0.5, category_ids: ["1"], people: ["ann"] };
  assert.deepEqual(queueOf("Low", chosen).rule, { model_version_id: 2, predicted_iou_most: 0.9, sample: 0.5 });
  assert.deepEqual(queueOf("Low", { ...chosen, subject: "annotations" }).rule.category_ids, [1]);
  assert.deepEqual(queueOf("Low", chosen).people, ["ann"]);
});

test("no key as delivered runs two commands", () => {
  const chords = commands.flatMap(({ keys }) => keys.map(normal));
  assert.equal(new Set(chords).size, chords.length);
});
