// The document of an image: what its steps tell the server, and what undo takes back.
import assert from "node:assert/strict";
import test from "node:test";
import { createDocument } from "../../../ui/label/static/document/document.js";
import { kept, newDraft, withMask } from "../../../ui/label/static/document/draft.js";
import { newsOf, withPending } from "../../../ui/label/static/document/loading.js";
import { operationsBetween } from "../../../ui/label/static/document/operations.js";
import { encode, fromRuns } from "../../../ui/label/static/masks/rle.js";
import { createStore } from "../../../ui/label/static/state.js";

const SIZE = [4, 4];
const LEFT = fromRuns(Uint32Array.of(0, 4, 16), SIZE); // the first column
const RIGHT = fromRuns(Uint32Array.of(12, 16), SIZE);

const annotation = (key, mask = LEFT, more = {}) => ({
  key, kind: "annotation", id: null, mask, category_id: 7, score: 0.9, version: 1, prompts: [], seconds: 2, ...more,
});
const proposal = (id, mask = RIGHT) => ({ key: `p${id}`, kind: "proposal", id, state: "pending", mask, category_id: null, score: 0.8, version: 1, prompts: [] });
const map = (...objects) => new Map(objects.map((object) => [object.key, object]));

/** An outbox that keeps what it is given, and a journal that keeps drafts. */
function desk({ objects = new Map(), sent = () => false } = {}) {
  const waiting = [];
  const withdrawn = [];
  const drafts = [];
  const lost = [];
  const written = []; // in what order
  const store = createStore({ objects, draft: null, history: { undo: 0, redo: 0 } });
  const doc = createDocument({
    store,
    journal: {
      async saveDraft(project, image, draft) {
        drafts.push(draft);
        written.push(["draft", draft?.object ?? null]);
      },
    },
    outbox: {
      async addAll(operations, held) {
        waiting.push(...operations);
        if (held) drafts.push(held.draft);
        written.push(["step", operations.map(({ kind }) => kind), held && (held.draft?.object ?? null)]);
      },
      async withdraw(key) {
        const at = waiting.findIndex((operation) => operation.key === key);
        if (at < 0 || sent(waiting[at])) return false;
        withdrawn.push(...waiting.splice(at, 1));
        written.push(["withdrawn"]);
        return true;
      },
    },
    onLost: (error) => lost.push(error),
  });
  doc.open({ project: 1, image: 5, objects, draft: null, decided: new Set() });
  return { store, doc, waiting, withdrawn, drafts, lost, written };
}

const add = (object) => ({ objects }) => ({ objects: new Map(objects).set(object.key, object) });

test("a new annotation is one operation, with its mask as the server takes it", async () => {
  const { doc, waiting } = desk();
  await doc.apply(add(annotation("a")));
  assert.equal(waiting.length, 1);
  const [{ kind, project, image, object, body }] = waiting;
  assert.deepEqual([kind, project, image, object], ["create", 1, 5, "a"]);
  assert.deepEqual(body.segmentation, { size: SIZE, counts: encode(LEFT) });
  assert.equal(body.category_id, 7);
});

test("undo of what was not sent takes it back, redo sends it anew", async () => {
  const { doc, store, waiting, withdrawn } = desk();
  await doc.apply(add(annotation("a")));
  assert.equal(doc.undo(), true);
  await doc.settled();
  assert.equal(store.state.objects.size, 0);
  assert.deepEqual([waiting.length, withdrawn.length], [0, 1]);
  assert.equal(doc.redo(), true);
  await doc.settled();
  assert.deepEqual(waiting.map(({ kind }) => kind), ["create"]);
  assert.notEqual(waiting[0].key, withdrawn[0].key);
});

test("undo of what was sent is made good by its opposite", async () => {
  const { doc, waiting } = desk({ sent: () => true });
  await doc.apply(add(annotation("a")));
  doc.undo();
  await doc.settled();
  assert.deepEqual(waiting.map(({ kind, object }) => [kind, object]), [["create", "a"], ["delete", "a"]]);
});

test("accepting a proposal is a review and no annotation of its own", async () => {
  const { doc, waiting } = desk({ objects: map(proposal(3)) });
  const before = Date.now();
  await doc.apply(({ objects }) => ({
    objects: new Map(objects).set("p3", { ...objects.get("p3"), state: "accepted" }).set("a", annotation("a", RIGHT, { proposal_id: 3 })),
  }));
  assert.equal(waiting.length, 1);
  assert.deepEqual(waiting[0].body, { verdict: "accepted", category_id: 7, seconds: 2 });
  assert.equal(waiting[0].proposal, 3);
  assert.ok(waiting[0].hold > before, "a verdict waits for an undo");
});

test("a verdict that stands is not given twice: the mask comes back as an annotation of its own", async () => {
  const { doc, waiting } = desk({ objects: map(proposal(3)), sent: () => true });
  const accept = (key) => ({ objects }) => ({
    objects: new Map(objects).set("p3", { ...objects.get("p3"), state: "accepted" }).set(key, annotation(key, RIGHT, { proposal_id: 3 })),
  });
  await doc.apply(accept("a"));
  doc.undo();
  await doc.settled();
  await doc.apply(accept("b"));
  assert.deepEqual(waiting.map(({ kind, object }) => [kind, object]), [["review", "a"], ["delete", "a"], ["create", "b"]]);
});

test("steps that only change the draft are kept in the journal and sent nowhere", async () => {
  const { doc, waiting, drafts } = desk();
  const draft = withMask(newDraft({ object: "a", category_id: 7, began: 0 }), LEFT);
  await doc.apply(() => ({ draft }));
  assert.deepEqual([waiting.length, drafts], [0, [draft]]);
});

test("an object is kept and is in hand no more in one write, its undo has it in hand before it takes it back", async () => {
  const { doc, written } = desk();
  const draft = withMask(newDraft({ object: "a", category_id: 7, began: 0 }), LEFT);
  await doc.apply(() => ({ draft }));
  await doc.apply((now) => ({ ...add(annotation("a"))(now), draft: null }));
  doc.undo();
  doc.redo();
  await doc.settled();
  assert.deepEqual(written, [
    ["draft", "a"],
    ["step", ["create"], null],
    ["draft", "a"],
    ["withdrawn"],
    ["step", ["create"], null],
  ]);
});

test("an answer belongs to the step of its click, so redo brings it back", async () => {
  const { doc, store } = desk();
  const asked = newDraft({ object: "a", category_id: 7, began: 0 });
  await doc.apply(() => ({ draft: asked }));
  const answered = withMask(asked, LEFT);
  await doc.amend(answered);
  doc.undo();
  assert.equal(store.state.draft, null);
  doc.redo();
  assert.equal(store.state.draft, answered);
});

test("what others did takes part in every step: undo does not take it away", async () => {
  const { doc, store } = desk();
  await doc.apply(add(annotation("a")));
  doc.merge(map(annotation("theirs", RIGHT)));
  doc.undo();
  assert.deepEqual([...store.state.objects.keys()], ["theirs"]);
});

test("the name that the server gives an object changes no step", async () => {
  const { doc, store, waiting } = desk({ sent: () => true });
  await doc.apply(add(annotation("a")));
  await doc.apply(({ objects }) => ({ objects: new Map(objects).set("a", { ...objects.get("a"), category_id: 8 }) }));
  doc.name("a", { id: 40, revision: 2 });
  doc.undo();
  await doc.settled();
  assert.equal(store.state.objects.get("a").category_id, 7);
  assert.equal(store.state.objects.get("a").id, 40);
  assert.deepEqual(waiting.map(({ kind }) => kind), ["create", "update", "update"]);
  assert.equal(waiting[2].body.category_id, 7);
});

test("a journal that cannot write says so and the step rejects", async () => {
  const store = createStore({ objects: new Map(), draft: null, history: {} });
  const full = new Error("the disk is full");
  const lost = [];
  const doc = createDocument({
    store,
    journal: { saveDraft: () => Promise.reject(full) },
    outbox: { addAll: () => Promise.reject(full) },
    onLost: (error) => lost.push(error),
  });
  doc.open({ project: 1, image: 5, objects: new Map(), draft: null, decided: new Set() });
  await assert.rejects(doc.apply(add(annotation("a"))), /disk is full/);
  await doc.settled();
  assert.deepEqual(lost, [full]);
});

test("nothing between two documents that are the same", () => {
  const objects = map(annotation("a"), proposal(3));
  const about = { project: 1, image: 5, decided: new Set(), holdUntil: null, uuid: () => "k" };
  assert.deepEqual(operationsBetween(objects, objects, about), []);
});

test("what waits in the journal is put on top of what the server tells", () => {
  const objects = map(annotation("a5", LEFT, { id: 5 }), proposal(3), proposal(4));
  const body = { category_id: 9, segmentation: { size: SIZE, counts: encode(RIGHT) }, prompts: [], model_version: 1, predicted_iou: 0.5, seconds: 1 };
  const shown = withPending(objects, [
    { kind: "create", object: "new", body },
    { kind: "update", object: "a5", body },
    { kind: "review", object: "ok", proposal: 3, body: { verdict: "accepted", category_id: 7, seconds: 1 } },
    { kind: "review", object: "p4", proposal: 4, body: { verdict: "rejected" } },
    { kind: "submit", object: "s", body: {} },
  ]);
  assert.deepEqual([...shown.keys()].sort(), ["a5", "new", "ok", "p3", "p4"]);
  assert.equal(shown.get("a5").category_id, 9);
  assert.equal(shown.get("a5").id, 5);
  assert.equal(shown.get("ok").mask, objects.get("p3").mask);
  assert.deepEqual([shown.get("p3").state, shown.get("p4").state], ["accepted", "rejected"]);
});

test("news are what differs, but for what is under way", () => {
  const shown = map(annotation("a1", LEFT, { id: 1, revision: 1 }), annotation("gone", LEFT, { id: 2, revision: 1 }), annotation("busy", LEFT, { id: 3, revision: 1 }));
  const fetched = map(annotation("a1", RIGHT, { id: 1, revision: 2 }), annotation("a9", RIGHT, { id: 9, revision: 1 }));
  const news = newsOf(shown, fetched, new Set(["busy"]));
  assert.deepEqual([...news.keys()].sort(), ["a1", "a9", "gone"]);
  assert.equal(news.get("gone"), null);
  assert.equal(news.get("a1").revision, 2);
});

test("a draft that was edited by hand keeps no score of the model", () => {
  const draft = { ...newDraft({ object: "a", category_id: 7, began: 1 }), score: 0.9 };
  assert.equal(kept({ ...draft, mask: LEFT }, 4).score, 0.9);
  const object = kept(withMask(draft, LEFT), 4.25);
  assert.deepEqual([object.score, object.seconds, object.clicks], [null, 3.3, 1]);
});
