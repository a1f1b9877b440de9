// Holds, what is taken back, and what waits for what.
import assert from "node:assert/strict";
import { test } from "node:test";

import { idle, stage } from "./outbox_stage.js";

test("a held operation waits for its time", async () => {
  const { add, clock, outbox, server } = await stage();
  await add("create", "a", { hold: clock.now() + 5000 });
  await add("create", "b", { object: "o2" });
  await clock.turn(4999);
  assert.deepEqual(server.masks(), ["b"]);
  assert.equal(outbox.status().waiting, 1);
  await clock.turn(1);
  assert.deepEqual(server.masks(), ["b", "a"]);
});

test("flush does not wait for holds, and later holds still hold", async () => {
  const { add, clock, outbox, server } = await stage();
  await add("create", "a", { hold: clock.now() + 5000 });
  assert.equal((await outbox.flush()).waiting, 0);
  await add("create", "b", { object: "o2", hold: clock.now() + 5000 });
  await idle();
  assert.deepEqual(server.masks(), ["a"]);
});

test("flush does not send what is held after it was asked for", async () => {
  const { add, clock, outbox, server } = await stage();
  await add("create", "a", { hold: clock.now() + 5000 });
  const [status] = await Promise.all([
    outbox.flush(),
    add("create", "b", { object: "o2", hold: clock.now() + 5000 }),
  ]);
  assert.equal(status.waiting, 1);
  assert.deepEqual(server.masks(), ["a"]);
});

test("flush tries everything once", async () => {
  const { add, clock, outbox, server } = await stage();
  await add("create", "a", { hold: clock.now() + 5000 });
  await add("create", "b", { object: "o2", hold: clock.now() + 5000 });
  server.upcoming([500, "internal"]);
  assert.equal((await outbox.flush()).waiting, 1);
  assert.equal(server.changes().length, 2);
  assert.deepEqual(server.masks(), ["b"]);
});

test("flush ends when the server cannot be reached, and says so", async () => {
  const { add, outbox, server } = await stage();
  server.upcoming("lost", "lost", "lost");
  await add("create", "a");
  const status = await outbox.flush();
  assert.deepEqual([status.waiting, status.offline], [1, true]);
  assert.notEqual(status.retryAt, null);
});

test("an operation that was not sent can be withdrawn, one that may have been cannot", async () => {
  const { add, clock, outbox, server } = await stage();
  server.propose(9, 4, "p");
  const review = { proposal: 9, body: { verdict: "rejected" } };
  await add("review", "a", { ...review, hold: clock.now() + 5000 });
  assert.equal(await outbox.withdraw("a"), true);
  assert.equal(await outbox.withdraw("a"), false);
  server.upcoming("unheard");
  await add("review", "b", review);
  await idle();
  assert.equal(await outbox.withdraw("b"), false);
  await clock.turn(1000);
  assert.equal(outbox.status().waiting, 0);
  assert.equal(await outbox.withdraw("b"), false);
  assert.equal(server.changes().length, 2);
});

test("what may have arrived before one was signed out cannot be withdrawn", async () => {
  const { add, outbox, server } = await stage();
  server.upcoming("unheard", [401, "not_signed_in"], [401, "not_signed_in"]);
  await add("create", "a");
  await idle();
  assert.equal((await outbox.flush()).paused, true);
  assert.equal(await outbox.withdraw("a"), false);
});

test("what was refused for being signed out can be withdrawn", async () => {
  const { add, outbox, server } = await stage();
  server.upcoming([401, "not_signed_in"]);
  await add("create", "a");
  await idle();
  assert.equal(await outbox.withdraw("a"), true);
});

test("what is withdrawn at once is never sent", async () => {
  const { add, outbox, clock, server } = await stage();
  const added = add("create", "a", { hold: clock.now() + 1 });
  const withdrawn = outbox.withdraw("a");
  await added;
  assert.equal(await withdrawn, true);
  await clock.turn(10);
  assert.deepEqual(server.changes(), []);
});

test("what was done after a withdrawn creation is made instead", async () => {
  const { add, outbox, clock, server } = await stage();
  await add("create", "a", { hold: clock.now() + 5000 });
  await add("update", "b");
  assert.equal(await outbox.withdraw("a"), true);
  await outbox.flush();
  assert.deepEqual(server.changes(), ["POST /images/4/annotations"]);
  assert.deepEqual(server.masks(), ["b"]);
});

test("a withdrawn change leaves its revision to the next", async () => {
  const { add, outbox, clock, server } = await stage();
  await add("create", "a");
  await outbox.flush();
  await add("update", "b", { hold: clock.now() + 5000 });
  await add("update", "c");
  assert.equal(await outbox.withdraw("b"), true);
  await outbox.flush();
  const { revision, segmentation } = server.annotations.get(70);
  assert.deepEqual([revision, segmentation.counts], [2, "c"]);
});

test("a withdrawn change leaves the revision that it was of, not one that came later", async () => {
  const { add, outbox, clock, server, journal } = await stage();
  const { id } = server.other.create(4, "x");
  await journal.identify("o", { project: 1, image: 4, id, revision: 1 });
  await add("update", "b", { base: 1, hold: clock.now() + 5000 });
  await add("update", "c");
  server.other.update(id, "y");
  await journal.identify("o", { project: 1, image: 4, id, revision: 2 });
  assert.equal(await outbox.withdraw("b"), true);
  assert.equal((await outbox.flush()).conflicts.length, 1);
  assert.deepEqual(server.masks(), ["y"]);
});

test("an object that was deleted can be made again, as another annotation", async () => {
  const { add, outbox, server, journal } = await stage();
  await add("create", "a");
  await add("delete", "b");
  await add("create", "c");
  await add("update", "d");
  await outbox.flush();
  assert.deepEqual(server.masks(), ["d"]);
  assert.equal((await journal.identity("o")).id, 71);
  assert.equal(await journal.objectOf(1, 70), null);
});

test("withdrawing a verdict leaves the one after it as it is", async () => {
  const { add, clock, outbox, server } = await stage();
  server.propose(9, 4, "p");
  const hold = clock.now() + 5000;
  await add("review", "a", { proposal: 9, hold, body: { verdict: "rejected" } });
  await add("review", "b", { proposal: 9, hold, body: { verdict: "accepted", category_id: 3 } });
  assert.equal(await outbox.withdraw("a"), true);
  await outbox.flush();
  assert.deepEqual(server.masks(), ["p"]);
});

test("withdrawing a creation and its deletion leaves a later creation", async () => {
  const { add, clock, outbox, server } = await stage();
  await add("create", "a", { hold: clock.now() + 5000 });
  await add("delete", "b");
  await add("create", "c");
  assert.equal(await outbox.withdraw("a"), true);
  assert.equal(outbox.status().waiting, 1);
  await outbox.flush();
  assert.deepEqual(server.changes(), ["POST /images/4/annotations"]);
  assert.deepEqual(server.masks(), ["c"]);
});

test("status names the objects that the server does not have as they are", async () => {
  const { add, outbox, server } = await stage();
  server.upcoming("lost");
  await add("create", "a");
  await add("update", "b");
  await add("create", "c", { object: "o2" });
  assert.deepEqual([...outbox.status().objects], ["o", "o2"]);
  assert.deepEqual([...(await outbox.flush()).objects], []);
});

test("a submission waits for all that came before it on its image, and for nothing else", async () => {
  const { add, clock, outbox, server } = await stage();
  await add("create", "a", { hold: clock.now() + 5000 });
  await add("create", "b", { object: "o2" });
  await add("submit", "s", { object: undefined, body: { outcome: "done" } });
  await add("create", "c", { object: "o3" });
  await add("submit", "t", { object: undefined, image: 5, body: { outcome: "done" } });
  await idle();
  assert.deepEqual(server.masks(), ["b", "c"]);
  assert.deepEqual(server.submissions.map(({ image }) => image), [5]);
  await clock.turn(5000);
  assert.deepEqual(server.submissions.map(({ image }) => image), [5, 4]);
  assert.equal(outbox.status().waiting, 0);
});
