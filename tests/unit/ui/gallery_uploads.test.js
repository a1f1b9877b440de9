// Uploads: batches, outcomes, what is sent again and what is not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sorted } from "../../../ui/label/static/gallery/files.js";
import { createMeter } from "../../../ui/label/static/gallery/meter.js";
import { MOST_BYTES, createUploads, nextBatch } from "../../../ui/label/static/gallery/uploads.js";

const file = (name, size = 10) => ({ name, size, type: "image/png" });
const files = (count) => Array.from({ length: count }, (_, at) => file(`${at}.png`));
const added = (batch) => batch.map((_, at) => ({ outcome: "added", image_id: at + 1 }));
const unreachable = () => Object.assign(new Error("cannot be reached"), { name: "Unreachable" });
const refused = (status, more = {}) => Object.assign(new Error(`refused ${status}`), { status, ...more });

/** Uploads whose requests end as `answer(batch, number)` says; `done` resolves at the end. */
function uploading(answer) {
  const sent = [];
  const waits = [];
  let finish;
  const done = new Promise((resolve) => (finish = resolve));
  const uploads = createUploads({
    send: async (batch, extras) => {
      sent.push(batch.map((one) => one.name));
      return answer(batch, sent.length, extras);
    },
    wait: async (ms) => void waits.push(ms),
    now: () => 0,
    onChange: () => {},
    onDone: () => finish(),
  });
  return { uploads, sent, waits, done };
}

const states = (uploads) => uploads.entries.map((entry) => entry.state);

test("files go in order, twenty a request, two requests at once", async () => {
  let open = 0;
  let most = 0;
  const { uploads, sent, done } = uploading(async (batch) => {
    most = Math.max(most, (open += 1));
    await new Promise(setImmediate);
    open -= 1;
    return added(batch);
  });
  uploads.add(files(45));
  await done;
  assert.deepEqual(sent.map((batch) => batch.length), [20, 20, 5]);
  assert.deepEqual(sent.flat(), files(45).map((one) => one.name));
  assert.equal(most, 2);
  assert.equal(uploads.status().added, 45);
  assert.equal(uploads.isBusy, false);
});

test("a request holds no more than its bytes, but one file at least", () => {
  const entries = [MOST_BYTES + 1, 5, MOST_BYTES - 5, 1].map((size) => ({ file: file("x", size), alone: false }));
  assert.equal(nextBatch(entries).length, 1);
  assert.equal(nextBatch(entries.slice(1)).length, 2);
});

test("each file keeps the server's outcome and sentence", async () => {
  const { uploads, done } = uploading(() => [
    { outcome: "added", image_id: 7 },
    { outcome: "known", image_id: 3 },
    { outcome: "refused", reason: "2.png is cut off" },
  ]);
  uploads.add(files(3));
  await done;
  assert.deepEqual(states(uploads), ["added", "known", "refused"]);
  assert.deepEqual(uploads.entries.map((entry) => entry.image_id), [7, 3, null]);
  assert.equal(uploads.entries[2].reason, "2.png is cut off");
});

test("a network that comes back within three tries loses nothing", async () => {
  const { uploads, sent, waits, done } = uploading((batch, number) => {
    if (number < 4) throw unreachable();
    return added(batch);
  });
  uploads.add(files(2));
  await done;
  assert.equal(sent.length, 4);
  assert.deepEqual(waits, [1000, 2000, 4000]);
  assert.deepEqual(states(uploads), ["added", "added"]);
});

test("a server that asks to wait is waited for", async () => {
  const { uploads, waits, done } = uploading((batch, number) => {
    if (number === 1) throw refused(503, { retryable: true, retryAfter: 9 });
    return added(batch);
  });
  uploads.add(files(1));
  await done;
  assert.deepEqual(waits, [9000]);
});

test("a network that stays away fails all at once, and retry sends all again", async () => {
  let isDown = true;
  const { uploads, sent, done } = uploading((batch) => {
    if (isDown) throw unreachable();
    return added(batch);
  });
  uploads.add(files(90));
  await done;
  assert.equal(uploads.status().failed, 90);
  assert.equal(uploads.entries[89].reason, "cannot be reached");
  const before = sent.length;
  assert.ok(before <= 16, `${before} requests to a server that is away`);
  isDown = false;
  uploads.retry();
  while (uploads.isBusy) await new Promise(setImmediate);
  assert.equal(uploads.status().added, 90);
});

test("what the server will not do is not asked for again", async () => {
  const { uploads, sent, done } = uploading(() => {
    throw refused(403);
  });
  uploads.add(files(1));
  await done;
  assert.equal(sent.length, 1);
  assert.deepEqual(states(uploads), ["failed"]);
});

test("files that are too much together go alone; one that is too much alone is refused", async () => {
  const { uploads, sent, done } = uploading((batch) => {
    if (batch.length > 1 || batch[0].name === "1.png") throw refused(413);
    return added(batch);
  });
  uploads.add(files(3));
  await done;
  assert.deepEqual(sent.map((batch) => batch.length), [3, 1, 1, 1]);
  assert.deepEqual(states(uploads), ["added", "refused", "added"]);
});

test("cancelling stops what waits and what is sent, and says so", async () => {
  const { uploads, done } = uploading((batch, _, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
  uploads.add(files(50));
  uploads.cancel();
  await done;
  assert.equal(uploads.status().cancelled, 50);
  assert.equal(uploads.isBusy, false);
  uploads.clear();
  assert.equal(uploads.entries.length, 0);
});

test("fewer outcomes than files are a failure, not a guess", async () => {
  const { uploads, done } = uploading(() => [{ outcome: "added", image_id: 1 }]);
  uploads.add(files(2));
  await done;
  assert.deepEqual(states(uploads), ["failed", "failed"]);
});

test("progress is told by bytes, file after file", async () => {
  const seen = [];
  const { uploads, done } = uploading((batch, _, { onSent }) => {
    onSent(15);
    seen.push(uploads.entries.map((entry) => entry.sent), uploads.status().sent);
    return added(batch);
  });
  uploads.add(files(2));
  await done;
  assert.deepEqual(seen, [[10, 5], 15]);
  assert.equal(uploads.status().sent, 20);
});

test("the rate is that of the last seconds", () => {
  let at = 0;
  const meter = createMeter(() => at);
  meter.add(1000);
  assert.equal(meter.rate(), 0);
  at = 2000;
  assert.equal(meter.rate(), 500);
  at = 20_000;
  meter.add(6000);
  assert.equal(meter.rate(), 1000);
});

test("what merely lies in a folder is left out; what was given by name is answered for", () => {
  const given = [file("a.PNG"), { name: "notes.txt", type: "text/plain" }, { name: ".DS_Store", type: "" }];
  assert.deepEqual(sorted(given), { images: [given[0]], others: [given[1]], leftOut: 0 });
  assert.deepEqual(sorted(given, { fromFolder: true }), { images: [given[0]], others: [], leftOut: 1 });
});
