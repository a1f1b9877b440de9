// The outbox against the wind: what is sent when, and that nothing is lost or doubled.
import assert from "node:assert/strict";
import { test } from "node:test";

import { JournalFailed } from "../../../ui/label/static/journal/database.js";
import { idle, stage } from "./outbox_stage.js";

const settledKeys = (settled) => settled.map(([key]) => key);

test("what is added is sent, and its object becomes the annotation that was made", async () => {
  const { add, outbox, server, settled, journal } = await stage();
  await add("create", "a");
  const status = await outbox.flush();
  assert.equal(status.waiting, 0);
  assert.deepEqual(server.masks(), ["a"]);
  assert.deepEqual(settledKeys(settled), ["a"]);
  assert.equal(settled[0][1].id, 70);
  assert.deepEqual(await journal.identity("o"), { object: "o", project: 1, image: 4, id: 70, revision: 1 });
  assert.deepEqual(await journal.operations(), []);
});

test("it is in the journal before anything is sent", async () => {
  const { add, outbox, journal, server } = await stage();
  let kept = null;
  server.upcoming(async () => (kept = await journal.operations()));
  await add("create", "a");
  await outbox.flush();
  assert.deepEqual(kept.map(({ key }) => key), ["a"]);
});

test("changes of one object follow each other, each on the revision of the one before", async () => {
  const { add, outbox, server } = await stage();
  server.upcoming("lost");
  await Promise.all([add("create", "a"), add("update", "b"), add("update", "c"), add("delete", "d")]);
  await outbox.flush();
  const { revision, deleted } = server.annotations.get(70);
  assert.deepEqual([revision, deleted], [4, true]);
  const sent = ["POST /images/4/annotations", "PUT /annotations/70", "PUT /annotations/70", "DELETE /annotations/70"];
  assert.deepEqual(server.changes().slice(-4), sent);
  assert.equal(outbox.status().waiting, 0);
});

test("a verdict makes the object that later changes are of", async () => {
  const { add, outbox, server, settled } = await stage();
  server.propose(9, 4, "p");
  add("review", "a", { proposal: 9, body: { verdict: "accepted", category_id: 2 } });
  add("update", "b");
  await outbox.flush();
  assert.deepEqual(server.masks(), ["b"]);
  assert.equal(server.annotations.get(70).proposal_id, 9);
  assert.deepEqual(settledKeys(settled), ["a", "b"]);
});

test("a change names the revision that was seen, not one that came later", async () => {
  const { add, outbox, server, journal } = await stage();
  const { id } = server.other.create(4, "x");
  await journal.identify("o", { project: 1, image: 4, id, revision: 1 });
  server.upcoming("lost");
  await add("update", "a", { base: 1 });
  await add("update", "b");
  await idle();
  server.other.update(id, "y");
  await journal.identify("o", { project: 1, image: 4, id, revision: 2 }); // the page has read the list again
  await outbox.flush();
  assert.deepEqual(server.masks(), ["y"]);
  assert.equal(outbox.status().conflicts[0].operation.key, "a");
});

test("a change behind my own names the revision that mine made, not one that came later", async () => {
  const { add, outbox, server, journal } = await stage();
  const { id } = server.other.create(4, "x");
  await journal.identify("o", { project: 1, image: 4, id, revision: 1 });
  server.upcoming("ok", "lost");
  await add("update", "a", { base: 1 });
  await add("update", "b");
  await idle();
  server.other.update(id, "y");
  await journal.identify("o", { project: 1, image: 4, id, revision: 3 });
  await outbox.flush();
  assert.deepEqual(server.masks(), ["y"]);
  assert.equal(outbox.status().conflicts[0].operation.key, "b");
});

test("without a base the revision is the one that is known when the change is made", async () => {
  const { add, outbox, server, journal } = await stage();
  const { id } = server.other.create(4, "x");
  await journal.identify("o", { project: 1, image: 4, id, revision: 1 });
  assert.equal((await add("update", "a")).base, 1);
  await outbox.flush();
  assert.deepEqual(server.masks(), ["a"]);
});

test("an unreachable server is asked again, later each time, half a minute at most", async () => {
  const { add, clock, outbox, server } = await stage();
  server.upcoming(...Array(8).fill("lost"));
  const started = clock.now();
  await add("create", "a");
  await idle();
  const waits = [];
  while (outbox.status().waiting > 0) {
    const { offline, retryAt } = outbox.status();
    assert.equal(offline, true);
    waits.push(retryAt - clock.now());
    await clock.turn(retryAt - clock.now() - 1);
    assert.equal(server.changes().length, waits.length, "it was asked too early");
    await clock.turn(1);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.equal(clock.now() - started, 121_000);
  assert.deepEqual([outbox.status().offline, outbox.status().retryAt], [false, null]);
  assert.deepEqual(server.masks(), ["a"]);
});

test("waits differ between people", async () => {
  const { createPatience } = await import("../../../ui/label/static/journal/backoff.js");
  const patience = createPatience({ now: () => 0, random: () => 0 });
  patience.after({});
  assert.equal(patience.retryAt(), 500);
});

test("a busy server is given the time that it asks for", async () => {
  const { add, clock, outbox, server } = await stage();
  server.upcoming([503, "server_busy", { "Retry-After": "45" }], [429, "too_many_attempts", { "Retry-After": "3" }]);
  await add("create", "a");
  await idle();
  assert.equal(outbox.status().retryAt - clock.now(), 45_000);
  assert.equal(outbox.status().offline, false);
  await clock.turn(45_000);
  assert.equal(outbox.status().retryAt - clock.now(), 3_000);
  await clock.turn(3_000);
  assert.deepEqual(server.masks(), ["a"]);
});

test("the network that is back is used at once", async () => {
  const { add, events, outbox, server } = await stage();
  server.upcoming("lost");
  await add("create", "a");
  await idle();
  assert.equal(outbox.status().offline, true);
  events.dispatchEvent(new Event("online"));
  await idle();
  assert.deepEqual(server.masks(), ["a"]);
});

test("an answer that got lost is asked for again under the same key and nothing is doubled", async () => {
  const { add, clock, outbox, server, journal } = await stage();
  server.upcoming("unheard");
  await add("create", "a");
  await add("update", "b");
  await clock.turn(1000);
  assert.equal(outbox.status().waiting, 0);
  assert.deepEqual(server.masks(), ["b"]);
  assert.equal(server.annotations.size, 1);
  assert.equal((await journal.identity("o")).revision, 2);
});

test("a page that dies between answer and journal ends with the right identity", async () => {
  const first = await stage();
  await first.add("create", "a");
  await first.outbox.flush();
  const dying = { ...first.journal };
  let changes = 0;
  dying.change = (...given) => {
    changes += 1;
    if (changes === 2) throw new JournalFailed("Lost"); // after the claim, the answer is in
    return first.journal.change(...given);
  };
  const second = await stage({ server: first.server, journal: dying });
  await second.add("update", "b");
  await idle();
  assert.match(second.outbox.status().trouble, /storage/);
  second.outbox.close();
  assert.equal(first.server.annotations.get(70).revision, 2);
  assert.equal((await first.journal.identity("o")).revision, 1);

  const third = await stage({ server: first.server, journal: first.journal });
  await third.add("update", "c");
  await third.outbox.flush();
  assert.deepEqual(third.outbox.status().conflicts, []);
  assert.equal(first.server.annotations.get(70).revision, 3);
  assert.equal((await first.journal.identity("o")).revision, 3);
  assert.deepEqual(first.server.masks(), ["c"]);
});

test("an operation that the journal cannot mark holds up no other", async () => {
  const whole = await stage();
  const partly = { ...whole.journal };
  partly.change = (object, ...more) => {
    if (object === "o") throw new JournalFailed("QuotaExceededError");
    return whole.journal.change(object, ...more);
  };
  const { add, clock, outbox, server } = await stage({ journal: partly });
  await add("create", "a");
  await add("create", "b", { object: "o2" });
  const status = await outbox.flush();
  assert.deepEqual([server.masks(), status.waiting], [["b"], 1]);
  assert.match(status.trouble, /space .* is full/);
  partly.change = whole.journal.change;
  await clock.turn(30_000);
  assert.deepEqual(server.masks(), ["b", "a"]);
  assert.deepEqual([outbox.status().waiting, outbox.status().trouble], [0, null]);
});

test("what an earlier visit left is sent by the next", async () => {
  const first = await stage();
  first.server.upcoming("lost");
  await first.add("create", "a");
  await first.add("update", "b");
  await idle();
  first.outbox.close();
  const second = await stage({ server: first.server, journal: first.journal });
  await idle();
  assert.equal(second.outbox.status().waiting, 0);
  assert.deepEqual(first.server.masks(), ["b"]);
});

test("a delete whose answer got lost is done", async () => {
  const { add, clock, outbox, server, settled } = await stage();
  await add("create", "a");
  await outbox.flush();
  server.upcoming("unheard");
  await add("delete", "b");
  await clock.turn(1000);
  assert.deepEqual(server.masks(), []);
  assert.deepEqual(outbox.status().conflicts, []);
  assert.deepEqual(settled[1], ["b", null]);
});

test("deleting what somebody has deleted is done", async () => {
  const { add, outbox, server, journal } = await stage();
  const { id } = server.other.create(4, "x");
  await journal.identify("o", { project: 1, image: 4, id, revision: 1 });
  server.other.remove(id);
  await add("delete", "a", { base: 1 });
  const status = await outbox.flush();
  assert.deepEqual([status.waiting, status.conflicts], [0, []]);
});

test("deleting a revision that is the deletion is done", async () => {
  const { add, outbox, server, journal } = await stage();
  const { id } = server.other.create(4, "x");
  server.other.remove(id);
  await journal.identify("o", { project: 1, image: 4, id, revision: 2 });
  await add("delete", "a", { base: 2 });
  const { waiting, refused } = await outbox.flush();
  assert.deepEqual([waiting, refused], [0, []]);
  assert.equal(await journal.identity("o"), null);
});

test("signed out, nothing is sent until one is back", async () => {
  const { add, clock, outbox, server } = await stage();
  server.upcoming([401, "not_signed_in"]);
  await add("create", "a");
  await add("create", "b", { object: "o2" });
  await clock.turn(600_000);
  assert.equal(server.changes().length, 1);
  const status = await outbox.flush();
  assert.deepEqual([status.paused, status.waiting, status.retryAt], [true, 2, null]);
  await outbox.resume();
  assert.deepEqual(server.masks(), ["a", "b"]);
  assert.equal(outbox.status().paused, false);
});

test("one operation that breaks the server holds up no other, and is shown in the end", async () => {
  const { add, clock, outbox, server } = await stage();
  server.upcoming([500, "internal"]);
  await add("create", "a");
  await add("create", "b", { object: "o2" });
  await idle();
  assert.deepEqual(server.masks(), ["b"]);
  assert.equal(outbox.status().waiting, 1);
  server.upcoming(...Array(5).fill([500, "internal"]));
  await clock.turn(120_000);
  assert.equal(server.changes().filter((one) => one.startsWith("POST")).length, 7);
  const [refusal] = outbox.status().refused;
  assert.deepEqual([refusal.operation.key, refusal.status], ["a", 500]);
});

test("status tells that something is being sent", async () => {
  const { add, outbox, statuses } = await stage();
  await add("create", "a");
  await outbox.flush();
  await idle();
  assert.ok(statuses.some(({ sending, waiting }) => sending && waiting === 1));
  const last = statuses.at(-1);
  assert.deepEqual([last.sending, last.waiting, last.durable], [false, 0, false]);
});

test("a listener that breaks breaks nothing", async () => {
  const { add, outbox, server } = await stage();
  const reported = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
  const end = outbox.onSettled(() => {
    throw new RangeError("mine");
  });
  await add("create", "a");
  await outbox.flush();
  assert.equal((await reported).message, "mine");
  process.setUncaughtExceptionCaptureCallback(null);
  end();
  await add("update", "b");
  assert.equal((await outbox.flush()).waiting, 0);
  assert.deepEqual(server.masks(), ["b"]);
});
