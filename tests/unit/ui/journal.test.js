// The journals that need no browser, and the one that goes on in memory.
import assert from "node:assert/strict";
import { test } from "node:test";

import { JournalFailed } from "../../../ui/label/static/journal/database.js";
import { openSafestJournal } from "../../../ui/label/static/journal/journal.js";
import { latestOnly } from "../../../ui/label/static/journal/latest.js";
import { openMemoryJournal } from "../../../ui/label/static/journal/memory_journal.js";
import { withSpare } from "../../../ui/label/static/journal/spare.js";
import { contract } from "./journal_contract.js";

/** A journal whose storage fills up when `full.is` says so. */
function filling(full) {
  const inner = openMemoryJournal();
  const guarded = (run) => async (...given) => {
    if (full.is) throw new JournalFailed("QuotaExceededError");
    return run(...given);
  };
  const functions = Object.entries(inner).filter(([, value]) => typeof value === "function");
  return { ...inner, durable: true, ...Object.fromEntries(functions.map(([name, run]) => [name, guarded(run)])) };
}

for (const [name, holds] of Object.entries(contract)) {
  test(`in memory: ${name}`, () => holds(openMemoryJournal()));
  test(`with a spare that is not needed: ${name}`, () =>
    holds(withSpare(filling({ is: false }), openMemoryJournal, assert.fail)));
  test(`with a spare, storage full: ${name}`, () =>
    holds(withSpare(filling({ is: true }), openMemoryJournal, () => {})));
}

test("storage that is full is told, and work goes on behind what was kept", async () => {
  const full = { is: false };
  const told = [];
  const journal = withSpare(filling(full), openMemoryJournal, (trouble) => told.push(trouble.message));
  const kept = await journal.append({ key: "a", object: "o" });
  assert.equal(journal.durable, true);
  full.is = true;
  const late = await journal.append({ key: "b", object: "o" });
  assert.equal(journal.durable, false);
  assert.match(told[0], /space .* is full.*keep this tab open.*free space/);
  full.is = false;
  assert.deepEqual((await journal.operations()).map(({ key }) => key), ["a", "b"]);
  const identify = { object: "o", project: 1, image: 4, id: 70, revision: 1 };
  await journal.change("o", (found) => {
    assert.deepEqual(found.map(({ key }) => key), ["a", "b"]);
    return { remove: [kept.seq], replace: [{ ...late, base: 1 }], identify };
  });
  assert.deepEqual(await journal.operations(), [{ ...late, base: 1 }]);
  assert.equal(await journal.objectOf(1, 70), "o");
});

test("storage that is gone: what it holds is still counted, what came later can still be sent", async () => {
  const full = { is: false };
  const journal = withSpare(filling(full), openMemoryJournal, () => {});
  await journal.append({ key: "a", object: "o" });
  await journal.operations();
  full.is = true;
  const late = await journal.append({ key: "b", object: "o2" });
  assert.deepEqual((await journal.operations()).map(({ key }) => key), ["a", "b"]);
  await assert.rejects(journal.change("o", () => ({})), JournalFailed);
  const identify = { object: "o2", project: 1, image: 4, id: 71, revision: 1 };
  await journal.change("o2", () => ({ remove: [late.seq], identify }));
  assert.deepEqual((await journal.operations()).map(({ key }) => key), ["a"]);
  assert.equal((await journal.identity("o2")).id, 71);
  assert.equal(await journal.objectOf(1, 71), "o2");
});

test("storage that works again forgets nothing that it had missed", async () => {
  const full = { is: true };
  const journal = withSpare(filling(full), openMemoryJournal, () => {});
  const late = await journal.append({ key: "a", object: "o" });
  const identify = { object: "o", project: 1, image: 4, id: 70, revision: 1 };
  await journal.change("o", () => ({ replace: [{ ...late, base: 1 }], identify }));
  full.is = false;
  await journal.change("o", () => ({ replace: [{ ...late, base: 1, attemptedAt: 5 }] }));
  assert.equal((await journal.identity("o")).id, 70);
  await journal.change("o", () => ({ remove: [late.seq], identify: { ...identify, revision: 2 } }));
  assert.equal((await journal.identity("o")).revision, 2);
});

test("without a storage the journal is in memory and says so", async () => {
  const told = [];
  const journal = await openSafestJournal(7, (trouble) => told.push(trouble), { factory: undefined });
  assert.equal(journal.durable, false);
  assert.ok(told[0] instanceof JournalFailed);
  assert.match(told[0].message, /site data is blocked, or.*allow site data/);
});

test("of many writes at once only the first and the newest are done, and all are told", async () => {
  const written = [];
  const save = latestOnly(async (place, value) => {
    await null;
    written.push(value);
  });
  await Promise.all([1, 2, 3, 4].map((value) => save("a", "a", value)));
  assert.deepEqual(written, [1, 4]);
  await save("a", "a", 5);
  assert.deepEqual(written, [1, 4, 5]);
});

test("a write that fails is told to those who wait for it, and the next one is done", async () => {
  let count = 0;
  const save = latestOnly(async () => {
    count += 1;
    if (count === 1) throw new JournalFailed("QuotaExceededError");
  });
  const results = await Promise.allSettled([save("a", "a", 1), save("a", "a", 2), save("a", "a", 3)]);
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "fulfilled", "fulfilled"]);
});
