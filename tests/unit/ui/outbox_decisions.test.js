// Where a person decides: conflicts and refusals, none of which is overwritten, lost or forgotten.
import assert from "node:assert/strict";
import { test } from "node:test";

import { body } from "./model_server.js";
import { idle, stage } from "./outbox_stage.js";

/** Bob has changed (or deleted) what I am changing; mine is in conflict. */
async function conflicting({ theirs = "y", kind = "update" } = {}) {
  const set = await stage();
  const { id } = set.server.other.create(4, "x");
  await set.journal.identify("o", { project: 1, image: 4, id, revision: 1 });
  if (theirs === null) set.server.other.remove(id);
  else set.server.other.update(id, theirs);
  await set.add(kind, "mine", { base: 1 });
  const status = await set.outbox.flush();
  return { ...set, id, status, conflict: status.conflicts[0] };
}

async function reviewing({ theirs = "accepted", mine = { verdict: "accepted", category_id: 3 }, who } = {}) {
  const set = await stage();
  await set.api.session();
  set.server.propose(9, 4, "p");
  set.server.other.review(9, theirs, theirs === "accepted" ? { category_id: 2 } : {}, who);
  await set.add("review", "mine", { proposal: 9, body: mine });
  const status = await set.outbox.flush();
  return { ...set, status, conflict: status.conflicts[0] };
}

test("a change of what somebody changed is a conflict that shows theirs and overwrites nothing", async () => {
  const { status, conflict, server } = await conflicting();
  assert.equal(status.waiting, 0);
  assert.deepEqual(conflict.choices, ["mine", "theirs", "both"]);
  assert.deepEqual([conflict.theirs.author, conflict.theirs.revision], ["bob", 2]);
  assert.equal(conflict.theirs.segmentation.counts, "y");
  assert.equal(conflict.mine.segmentation.counts, "mine");
  assert.equal(conflict.message, "It is annotation_conflict.");
  assert.deepEqual(server.masks(), ["y"]);
});

test("mine: it is sent over the revision that was shown", async () => {
  const { conflict, outbox, server } = await conflicting();
  await outbox.settle(conflict, "mine");
  const status = await outbox.flush();
  assert.deepEqual([status.waiting, status.conflicts], [0, []]);
  assert.deepEqual(server.masks(), ["mine"]);
});

test("mine, but they changed it once more: it is a conflict again", async () => {
  const { conflict, outbox, server, id } = await conflicting();
  server.other.update(id, "z");
  await outbox.settle(conflict, "mine");
  const { conflicts } = await outbox.flush();
  assert.equal(conflicts[0].theirs.segmentation.counts, "z");
  assert.deepEqual(server.masks(), ["z"]);
});

test("mine, of what they deleted: it is made again", async () => {
  const { conflict, outbox, server, journal, id } = await conflicting({ theirs: null });
  assert.deepEqual([conflict.theirs, conflict.choices], [null, ["mine", "theirs"]]);
  await outbox.settle(conflict, "mine");
  await outbox.flush();
  assert.deepEqual(server.masks(), ["mine"]);
  assert.equal((await journal.identity("o")).id, id + 1);
});

test("theirs: all of mine that waits for the object is dropped, and the next change is of theirs", async () => {
  const { add, conflict, outbox, server, journal } = await conflicting();
  await add("update", "later");
  await outbox.settle(conflict, "theirs");
  assert.deepEqual(await journal.operations(), []);
  assert.deepEqual(server.masks(), ["y"]);
  assert.equal((await add("update", "new")).base, 2);
  await outbox.flush();
  assert.deepEqual(server.masks(), ["new"]);
});

test("theirs, of what they deleted: it stays deleted", async () => {
  const { conflict, outbox, server } = await conflicting({ theirs: null });
  await outbox.settle(conflict, "theirs");
  assert.equal((await outbox.flush()).waiting, 0);
  assert.deepEqual(server.masks(), []);
});

test("both: mine becomes an annotation of its own, theirs stays and is another object", async () => {
  const { add, conflict, outbox, server, journal, id } = await conflicting();
  await add("update", "later");
  server.upcoming("lost");
  await outbox.settle(conflict, "both");
  await idle();
  const other = await journal.objectOf(1, id);
  assert.notEqual(other, "o");
  assert.equal((await journal.identity(other)).revision, 2);
  assert.equal(await journal.identity("o"), null);
  await outbox.flush();
  assert.deepEqual(server.masks(), ["y", "later"]);
  assert.equal((await journal.identity("o")).id, id + 1);
});

test("later changes of the object wait for the decision, other objects do not", async () => {
  const { add, conflict, outbox, server, id } = await conflicting();
  await add("update", "later");
  await add("create", "else", { object: "o2" });
  await outbox.flush();
  assert.deepEqual(server.masks(), ["y", "else"]);
  await outbox.settle(conflict, "mine");
  await outbox.flush();
  assert.deepEqual([server.annotations.get(id).revision, server.masks()], [4, ["later", "else"]]);
});

test("a submission waits for the decision", async () => {
  const { add, conflict, outbox, server } = await conflicting();
  await add("submit", "s", { object: undefined, body: { outcome: "done" } });
  await outbox.flush();
  assert.deepEqual(server.submissions, []);
  await outbox.settle(conflict, "theirs");
  await outbox.flush();
  assert.equal(server.submissions.length, 1);
});

test("both have drawn the same: there is nothing to decide", async () => {
  const { status, server, settled, journal } = await conflicting({ theirs: "mine" });
  assert.deepEqual([status.conflicts, status.waiting], [[], 0]);
  assert.deepEqual(server.masks(), ["mine"]);
  assert.equal(settled[0][1].author, "bob");
  assert.equal((await journal.identity("o")).revision, 2);
});

test("a delete of what somebody changed is a conflict: gone, or theirs", async () => {
  const { conflict, outbox, server } = await conflicting({ kind: "delete" });
  assert.deepEqual(conflict.choices, ["mine", "theirs"]);
  assert.deepEqual(server.masks(), ["y"]);
  await outbox.settle(conflict, "mine");
  await outbox.flush();
  assert.deepEqual(server.masks(), []);
});

test("a conflict is there after a reload, and is decided only once", async () => {
  const { conflict, outbox, server, journal } = await conflicting();
  outbox.close();
  const next = await stage({ server, journal });
  await idle();
  const [again] = next.outbox.status().conflicts;
  assert.deepEqual(again, conflict);
  await next.outbox.settle(again, "both");
  await next.outbox.flush();
  assert.deepEqual(server.masks(), ["y", "mine"]);
  await assert.rejects(next.outbox.settle(again, "mine"), /decided already/);
});

test("a conflict is not settled by what it does not offer", async () => {
  const { conflict, outbox } = await conflicting({ kind: "delete" });
  await assert.rejects(outbox.settle(conflict, "both"), /no choice both. It has: mine, theirs/);
});

test("the server is lost while theirs is fetched: the change is tried again", async () => {
  const set = await stage();
  const { id } = set.server.other.create(4, "x");
  await set.journal.identify("o", { project: 1, image: 4, id, revision: 1 });
  set.server.other.update(id, "y");
  set.server.loseReads(1);
  await set.add("update", "mine", { base: 1 });
  await idle();
  assert.deepEqual([set.outbox.status().offline, set.outbox.status().waiting], [true, 1]);
  await set.clock.turn(1000);
  assert.equal(set.outbox.status().conflicts.length, 1);
});

test("a proposal that somebody accepted: theirs, or mine beside it", async () => {
  const { conflict, outbox, server, journal } = await reviewing();
  assert.deepEqual(conflict.choices, ["theirs", "both"]);
  assert.equal(conflict.theirs.proposal_id, 9);
  await assert.rejects(outbox.settle(conflict, "mine"), RangeError);
  await outbox.settle(conflict, "both");
  await outbox.flush();
  assert.deepEqual(server.masks(), ["p", "p"]);
  const { id } = await journal.identity("o");
  const { category_id, model_version } = server.annotations.get(id);
  assert.deepEqual([category_id, model_version], [3, 5]);
});

test("a proposal that somebody rejected can be kept with my correction", async () => {
  const mine = { verdict: "corrected", mask: body("m"), seconds: 4 };
  const { conflict, outbox, server } = await reviewing({ theirs: "rejected", mine });
  assert.deepEqual([conflict.theirs, conflict.choices], [null, ["theirs", "both"]]);
  await outbox.settle(conflict, "both");
  await outbox.flush();
  assert.deepEqual(server.masks(), ["m"]);
  assert.equal([...server.annotations.values()][0].seconds, 4);
});

test("a proposal that somebody accepted and I rejected stays theirs", async () => {
  const { conflict, outbox, server } = await reviewing({ mine: { verdict: "rejected" } });
  assert.deepEqual(conflict.choices, ["theirs"]);
  await outbox.settle(conflict, "theirs");
  assert.equal((await outbox.flush()).waiting, 0);
  assert.deepEqual(server.masks(), ["p"]);
});

test("two people rejected the same: there is nothing to decide", async () => {
  const { status } = await reviewing({ theirs: "rejected", mine: { verdict: "rejected" } });
  assert.deepEqual([status.waiting, status.conflicts], [0, []]);
});

test("a verdict of my own that was heard long ago is done, whose annotation it made", async () => {
  const { status, journal } = await reviewing({ mine: { verdict: "accepted", category_id: 2 }, who: "ann" });
  assert.deepEqual([status.waiting, status.conflicts], [0, []]);
  assert.equal((await journal.identity("o")).id, 70);
});

test("a verdict that I gave otherwise in another tab is decided by me", async () => {
  const { status } = await reviewing({ mine: { verdict: "accepted", category_id: 3 }, who: "ann" });
  assert.deepEqual(status.conflicts[0].choices, ["theirs", "both"]);
});

test("a refusal is kept with its sentence, also over a reload, and holds up its object only", async () => {
  const { add, outbox, server, journal } = await stage();
  server.upcoming([422, "bad_mask"]);
  await add("create", "a");
  await add("update", "b");
  await add("create", "c", { object: "o2" });
  const { refused, waiting } = await outbox.flush();
  assert.deepEqual(server.masks(), ["c"]);
  assert.equal(waiting, 1);
  assert.deepEqual([refused[0].message, refused[0].code, refused[0].operation.key], ["It is bad_mask.", "bad_mask", "a"]);
  outbox.close();
  const next = await stage({ server, journal });
  assert.deepEqual(next.outbox.status().refused, refused);
});

for (const [status, code] of [[403, "forbidden"], [404, "not_found"], [409, "lease_lost"], [413, "body_too_large"]]) {
  test(`${code} is a refusal, not tried again by itself`, async () => {
    const { add, clock, outbox, server } = await stage();
    server.upcoming([status, code]);
    await add("submit", "s", { object: undefined, body: { outcome: "done" } });
    await clock.turn(600_000);
    assert.equal(server.changes().length, 1);
    assert.deepEqual(outbox.status().refused.map((one) => one.code), [code]);
  });
}

test("a refused operation is sent again when asked for", async () => {
  const { add, outbox, server } = await stage();
  server.upcoming([403, "forbidden"]);
  await add("create", "a");
  const { refused } = await outbox.flush();
  await outbox.retry(refused[0].operation);
  assert.equal((await outbox.flush()).refused.length, 0);
  assert.deepEqual(server.masks(), ["a"]);
});

test("discarding a refused creation keeps what was done to it afterwards", async () => {
  const { add, outbox, server } = await stage();
  server.upcoming([422, "bad_mask"]);
  await add("create", "a");
  await add("update", "b");
  const { refused } = await outbox.flush();
  assert.equal(await outbox.discard(refused[0].operation), true);
  const status = await outbox.flush();
  assert.deepEqual([status.waiting, status.refused], [0, []]);
  assert.deepEqual(server.masks(), ["b"]);
});

test("discarding a refused change leaves what the server has", async () => {
  const { add, outbox, server, journal } = await stage();
  await add("create", "a");
  await outbox.flush();
  server.upcoming([403, "not_your_annotation"]);
  await add("update", "b");
  const { refused } = await outbox.flush();
  await outbox.discard(refused[0].operation);
  assert.deepEqual([await journal.operations(), server.masks()], [[], ["a"]]);
});

test("a change of what was refused takes its place", async () => {
  const { add, outbox, server } = await stage();
  server.upcoming([422, "bad_mask"]);
  await add("create", "a");
  await outbox.flush();
  await add("update", "b");
  const status = await outbox.flush();
  assert.deepEqual([status.waiting, status.refused], [0, []]);
  assert.deepEqual(server.changes(), Array(2).fill("POST /images/4/annotations"));
  assert.deepEqual(server.masks(), ["b"]);
});

test("a correction of a verdict that was refused is that verdict, corrected", async () => {
  const { add, outbox, server } = await stage();
  server.propose(9, 4, "p");
  server.upcoming([422, "bad_reference"]);
  await add("review", "a", { proposal: 9, body: { verdict: "accepted", category_id: 99 } });
  await outbox.flush();
  await add("update", "b");
  await outbox.flush();
  const [annotation] = server.annotations.values();
  assert.deepEqual([annotation.proposal_id, annotation.segmentation.counts], [9, "b"]);
});

test("deleting what was refused needs no server", async () => {
  const { add, outbox, server, settled } = await stage();
  server.upcoming([422, "bad_mask"]);
  await add("create", "a");
  await outbox.flush();
  await add("delete", "b");
  const status = await outbox.flush();
  assert.deepEqual([status.waiting, status.refused, server.changes().length], [0, [], 1]);
  assert.deepEqual(settled, [["b", null]]);
});

test("a change of an object that the browser has forgotten is refused with a sentence", async () => {
  const { add, outbox } = await stage();
  await add("update", "a", { object: "forgotten", base: 3 });
  const { refused } = await outbox.flush();
  assert.match(refused[0].message, /not known in this browser any more. Discard it and change the annotation again/);
});
