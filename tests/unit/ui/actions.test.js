// What a labeler does to objects, where several things are in play at once.
import assert from "node:assert/strict";
import test from "node:test";
import { createActions } from "../../../ui/label/static/actions.js";
import { createDocument } from "../../../ui/label/static/document/document.js";
import { draftOf, newDraft, withMask } from "../../../ui/label/static/document/draft.js";
import { fromRuns } from "../../../ui/label/static/masks/rle.js";
import { createStore } from "../../../ui/label/static/state.js";

const SIZE = [4, 4];
const LEFT = fromRuns(Uint32Array.of(0, 4, 16), SIZE);
const RIGHT = fromRuns(Uint32Array.of(12, 16), SIZE);
const proposal = (id) => ({ key: `p${id}`, kind: "proposal", id, state: "pending", mask: RIGHT, category_id: null, score: 0.8, version: 1, prompts: [] });

function desk({ objects = [], draft = null, selected = [] } = {}) {
  const sent = [];
  const kept = [];
  const activity = { seconds: 0 };
  const map = new Map(objects.map((object) => [object.key, object]));
  const store = createStore({
    objects: map, draft, history: {}, selected: new Set(selected), hovered: null, category_id: 7,
    image: { id: 5, width: 4, height: 4 }, project: { id: 1, permissions: [], categories: [] }, session: { user: { name: "ann" } },
  });
  const doc = createDocument({
    store,
    journal: { saveDraft: async () => {} },
    outbox: { addAll: async (operations) => sent.push(...operations), withdraw: async () => false },
    onLost: (error) => assert.fail(error),
  });
  doc.open({ project: 1, image: 5, objects: map, draft, decided: new Set() });
  const actions = createActions({ store, doc, asking: { cancel: () => {} }, activity, say: () => {}, onKept: (object) => kept.push(object) });
  return { store, doc, actions, sent, kept, activity };
}

test("a draft whose proposal is not there any more is kept as an annotation of its own", async () => {
  const draft = draftOf(proposal(3), { uuid: () => "a", category_id: 7, began: 0 });
  const { actions, doc, store, sent } = desk({ draft });
  actions.accept();
  await doc.settled();
  assert.equal(store.state.draft, null);
  assert.deepEqual(sent.map(({ kind, object }) => [kind, object]), [["create", "a"]]);
});

test("rejecting what is selected leaves a new object in the hand", async () => {
  const draft = withMask(newDraft({ object: "a", category_id: 7, began: 0 }), LEFT);
  const { actions, doc, store, sent } = desk({ objects: [proposal(3)], draft, selected: ["p3"] });
  assert.equal(actions.reject(), true);
  await doc.settled();
  assert.equal(store.state.draft, draft);
  assert.equal(sent[0].body.verdict, "rejected");
});

test("rejecting a proposal that is in hand lets go of it", async () => {
  const draft = draftOf(proposal(3), { uuid: () => "a", category_id: 7, began: 0 });
  const { actions, doc, store, sent } = desk({ objects: [proposal(3)], draft });
  actions.reject();
  await doc.settled();
  assert.equal(store.state.draft, null);
  assert.equal(sent[0].proposal, 3);
});

test("no second of work counts for two objects", () => {
  const draft = withMask(newDraft({ object: "a", category_id: 7, began: 0 }), LEFT);
  const { actions, kept, activity } = desk({ objects: [proposal(3)], draft, selected: ["p3"] });
  activity.seconds = 10;
  actions.accept();
  activity.seconds = 13;
  actions.accept();
  assert.deepEqual(kept.map(({ seconds }) => seconds), [10, 3]);
});
