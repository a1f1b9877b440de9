// What the outbox relies on the API for: run on the model of it by node, on the real server beside
// the tests of the API.
import assert from "node:assert/strict";

import { createApi } from "../../../ui/label/static/journal/api.js";
import { openMemoryJournal } from "../../../ui/label/static/journal/memory_journal.js";
import { createOutbox } from "../../../ui/label/static/journal/outbox.js";

/**
 * @typedef {object} Place   where Ann and Bob may do everything
 * @property {(person: "ann"|"bob") => typeof fetch} fetchOf
 * @property {number} project  @property {number} image  @property {number} category
 * @property {[number, number]} size
 * @property {string[]} counts    run lengths of different masks of that size
 * @property {number[]} proposals pending ones, a fresh one for each test
 */

/** Ann's outbox, and Bob. @param {Place} place */
function scene(place) {
  const { project, image, category, size } = place;
  let unheard = 0;
  const send = place.fetchOf("ann");
  const api = createApi({
    async fetch(path, request) {
      const answer = await send(path, request);
      if (request.method === "GET" || unheard === 0) return answer;
      unheard -= 1;
      await answer.arrayBuffer();
      throw new TypeError("the answer got lost");
    },
  });
  const journal = openMemoryJournal();
  const outbox = createOutbox({ journal, api, events: new EventTarget(), schedule: () => () => {} });
  const bob = createApi({ fetch: place.fetchOf("bob") });
  const body = (n, more = {}) => ({ category_id: category, segmentation: { size, counts: place.counts[n] }, ...more });
  let keys = 0;
  const add = (kind, more = {}) => {
    keys += 1;
    const key = `${kind}-${keys}-${performance.now()}`;
    return outbox.add({ key, kind, project, image, object: "o", base: null, ...more });
  };
  const path = async () => `/projects/${project}/annotations/${(await journal.identity("o")).id}`;
  const last = async () => (await api.get(await path())).data;
  const root = `/projects/${project}`;
  const loseAnswer = () => (unheard = 1);
  return { api, bob, journal, outbox, add, body, path, last, root, loseAnswer };
}

/** An annotation of Ann's that Bob changes by `act` while she changes it. */
async function contested(place, act) {
  const set = scene(place);
  await set.api.session();
  await set.add("create", { body: set.body(0) });
  await set.outbox.flush();
  await act(set, await set.path());
  await set.add("update", { base: 1, body: set.body(1) });
  const { conflicts } = await set.outbox.flush();
  return { ...set, conflicts };
}

const bobChanges = ({ bob, body }, path) => bob.put(path, body(2), { ifMatch: 1 });

/** Names of behaviour, and functions of a place. */
export const contract = {
  "a chain of changes arrives in order": async (place) => {
    const { add, body, outbox, last, path, api } = scene(place);
    add("create", { body: body(0) });
    add("update", { body: body(1) });
    add("update", { body: body(2, { seconds: 3 }) });
    assert.equal((await outbox.flush()).waiting, 0);
    const { revision, segmentation } = await last();
    assert.deepEqual([revision, segmentation.counts], [3, place.counts[2]]);
    const where = await path();
    await add("delete", { body: { seconds: 2 } });
    assert.equal((await outbox.flush()).waiting, 0);
    await assert.rejects(api.get(where), { code: "not_found" });
  },

  "a creation whose answer got lost is made once": async (place) => {
    const { add, api, body, outbox, root, last, loseAnswer } = scene(place);
    const count = async () => (await api.get(`${root}/images/${place.image}/annotations`)).data.items.length;
    const before = await count();
    loseAnswer();
    await add("create", { body: body(0) });
    await outbox.flush();
    assert.equal((await outbox.flush()).waiting, 0);
    assert.equal(await count(), before + 1);
    assert.equal((await last()).revision, 1);
  },

  "a change whose answer got lost is made once": async (place) => {
    const { add, body, outbox, last, journal, loseAnswer } = scene(place);
    await add("create", { body: body(0) });
    await outbox.flush();
    loseAnswer();
    await add("update", { body: body(1) });
    await add("update", { body: body(2) });
    await outbox.flush();
    assert.deepEqual((await outbox.flush()).conflicts, []);
    assert.deepEqual([(await last()).revision, (await journal.identity("o")).revision], [3, 3]);
  },

  "a deletion whose answer got lost is done": async (place) => {
    const { add, body, outbox, loseAnswer } = scene(place);
    await add("create", { body: body(0) });
    await outbox.flush();
    loseAnswer();
    await add("delete");
    await outbox.flush();
    const { waiting, conflicts, refused } = await outbox.flush();
    assert.deepEqual([waiting, conflicts, refused], [0, [], []]);
  },

  "a change of what Bob changed is a conflict, and mine goes over his": async (place) => {
    const { conflicts, outbox, last } = await contested(place, bobChanges);
    const [{ theirs, choices }] = conflicts;
    assert.deepEqual([theirs.author, theirs.revision, theirs.segmentation.counts], ["bob", 2, place.counts[2]]);
    assert.deepEqual(choices, ["mine", "theirs", "both"]);
    await outbox.settle(conflicts[0], "mine");
    await outbox.flush();
    const { revision, segmentation } = await last();
    assert.deepEqual([revision, segmentation.counts], [3, place.counts[1]]);
  },

  "both: mine becomes another annotation beside his": async (place) => {
    const { conflicts, outbox, last, api, root } = await contested(place, bobChanges);
    await outbox.settle(conflicts[0], "both");
    await outbox.flush();
    const mine = await last();
    const { id } = conflicts[0].theirs;
    assert.notEqual(mine.id, id);
    assert.deepEqual([mine.revision, mine.segmentation.counts], [1, place.counts[1]]);
    assert.equal((await api.get(`${root}/annotations/${id}`)).data.segmentation.counts, place.counts[2]);
  },

  "a change of what Bob deleted can be made again": async (place) => {
    const bobDeletes = ({ bob }, path) => bob.delete(path, { ifMatch: 1 });
    const { conflicts, outbox, last } = await contested(place, bobDeletes);
    assert.deepEqual([conflicts[0].theirs, conflicts[0].choices], [null, ["mine", "theirs"]]);
    await outbox.settle(conflicts[0], "mine");
    await outbox.flush();
    assert.equal((await last()).segmentation.counts, place.counts[1]);
  },

  "the same change by both is no conflict": async (place) => {
    const bobDrawsTheSame = ({ bob, body }, path) => bob.put(path, body(1), { ifMatch: 1 });
    const { conflicts, journal } = await contested(place, bobDrawsTheSame);
    assert.deepEqual(conflicts, []);
    assert.equal((await journal.identity("o")).revision, 2);
  },

  "a verdict makes the object that is changed next": async (place) => {
    const { add, body, outbox, last, loseAnswer } = scene(place);
    const proposal = place.proposals.pop();
    loseAnswer();
    await add("review", { proposal, body: { verdict: "accepted", category_id: place.category } });
    await add("update", { body: body(1) });
    await outbox.flush();
    assert.equal((await outbox.flush()).waiting, 0);
    const { proposal_id, revision, segmentation } = await last();
    assert.deepEqual([proposal_id, revision, segmentation.counts], [proposal, 2, place.counts[1]]);
  },

  "a verdict after Bob's: his is shown, mine may stay beside it": async (place) => {
    const { add, api, bob, outbox, root, last } = scene(place);
    await api.session();
    const proposal = place.proposals.pop();
    const verdict = { verdict: "accepted", category_id: place.category };
    await bob.post(`${root}/proposals/${proposal}/review`, verdict);
    await add("review", { proposal, body: verdict });
    const [conflict] = (await outbox.flush()).conflicts;
    assert.deepEqual([conflict.theirs.author, conflict.theirs.proposal_id], ["bob", proposal]);
    assert.deepEqual(conflict.choices, ["theirs", "both"]);
    await outbox.settle(conflict, "both");
    assert.equal((await outbox.flush()).refused.length, 0);
    const mine = await last();
    assert.notEqual(mine.id, conflict.theirs.id);
    assert.equal(mine.segmentation.counts, conflict.theirs.segmentation.counts);
  },

  "what both rejected is done": async (place) => {
    const { add, bob, outbox, root } = scene(place);
    const proposal = place.proposals.pop();
    await bob.post(`${root}/proposals/${proposal}/review`, { verdict: "rejected" });
    await add("review", { proposal, body: { verdict: "rejected", seconds: 1 } });
    const { waiting, conflicts } = await outbox.flush();
    assert.deepEqual([waiting, conflicts], [0, []]);
  },

  "a change of an annotation that is not there is a refusal or a conflict, never silence": async (place) => {
    const { add, body, journal, outbox } = scene(place);
    await journal.identify("o", { project: place.project, image: place.image, id: 999_999, revision: 1 });
    await add("update", { base: 1, body: body(1) });
    const { conflicts } = await outbox.flush();
    assert.deepEqual([conflicts.length, conflicts[0].theirs], [1, null]);
  },
};
