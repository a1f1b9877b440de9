import assert from "node:assert/strict";
import { test } from "node:test";

import { createQueues, labelOf, mine, nameIn, othersThan } from "../../../ui/label/static/queues.js";
import { createStore } from "../../../ui/label/static/state.js";
import { Refused } from "../../../ui/label/static/journal/api.js";
import { applies, orderOf, queueOf } from "../../../ui/review/static/panels/queue_fields.js";

const session = { user: { name: "ann" } };
const queue = (id, more = {}) => ({ id, name: `Queue ${id}`, subject: "images", closed_at: null, people: [], left: 3, ...more });

test("one's own are open ones of images, for all or for this person", () => {
  const all = [queue(1), queue(2, { subject: "proposals" }), queue(3, { closed_at: "2026-01-01" }), queue(4, { people: ["bo"] }), queue(5, { people: ["bo", "ann"] })];
  assert.deepEqual(mine(all, session).map(({ id }) => id), [1, 5]);
});

test("other queues are those in which something is left", () => {
  const queues = [queue(1), queue(2, { left: 0 }), queue(3, { left: 1200 })];
  assert.deepEqual(othersThan({ queues, queue: 1 }).map(labelOf), ["Queue 3 · 1,200 left"]);
  assert.equal(nameIn(queues, 2), "Queue 2");
  assert.equal(nameIn(queues, 9), null);
});

async function asked(answer, chosen) {
  const store = createStore({ project: { id: 7 }, session, queues: [queue(1), queue(2)], queue: chosen });
  const queues = createQueues({ store, api: { post: answer } });
  try {
    return { store, turn: await queues.next(5, 2) };
  } finally {
    queues.destroy();
  }
}

test("the next image is asked of the chosen queue, and what is left in it is known then", async () => {
  const sent = [];
  const answer = async (path, body) => {
    sent.push([path, body]);
    return { data: { image: { id: 6 }, left: 2 } };
  };
  const { store, turn } = await asked(answer, 2);
  assert.deepEqual(sent, [["/projects/7/queue/next", { queue_id: 2, after: 5, ahead: 2 }]]);
  assert.deepEqual(turn, { image: { id: 6 }, left: 2, closed: null });
  assert.deepEqual(store.state.queues.map(({ left }) => left), [3, 2]);
});

test("a queue that is closed is told by name and chosen no more", async () => {
  const refuse = async () => {
    throw new Refused({ status: 409, code: "queue_closed", detail: "", fields: { queue: "Roads" } });
  };
  const { store, turn } = await asked(refuse, 2);
  assert.deepEqual(turn, { image: null, left: null, closed: "Roads" });
  assert.equal(store.state.queue, null);
});

test("what else goes wrong is no closed queue", async () => {
  const fail = (status) => async () => {
    throw new Refused({ status, code: "other", detail: "away" });
  };
  await assert.rejects(asked(fail(503), 2), /away/);
  await assert.rejects(asked(fail(404), null), /away/);
});

test("a queue of images has no planted errors and no feedback", () => {
  const fields = ["subject", "gold_rate", "planted_rate", "fold", "feedback", "category_ids", "image"];
  assert.deepEqual(fields.filter((name) => applies(name, "images")), ["subject", "gold_rate", "fold", "category_ids", "image"]);
  assert.deepEqual(fields.filter((name) => !applies(name, "proposals")), ["category_ids"]);
  const values = {
    subject: "images", ordering: "oldest", priority: 0, gold_rate: 0, people: [], category_ids: ["4"], image: "north",
    model_version_id: "any", job_id: "2", predicted_iou_least: 0, predicted_iou_most: 2, sample: 1,
  };
  assert.deepEqual(queueOf("North", values), {
    name: "North", subject: "images", ordering: "oldest", priority: 0, gold_rate: 0, planted_rate: 0, feedback: false, fold: 1, people: [],
    rule: { image: "north", job_id: 2, category_ids: [4] },
  });
});

test("the order that nobody chose is the mode's, or the subject's", () => {
  const ofMode = { subject: "annotations", ordering: "random" };
  assert.deepEqual(["proposals", "annotations", "images"].map((subject) => orderOf(ofMode, subject)), ["doubt", "random", "oldest"]);
});
