// Whatever happens on the way, in the end the server has what the person did, once.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryJournal } from "../../../ui/label/static/journal/memory_journal.js";
import { body, modelServer } from "./model_server.js";
import { handClock, idle, stage } from "./outbox_stage.js";

const SEEDS = 150;
const STEPS = 40;
const TROUBLES = ["ok", "lost", "unheard", [503, "server_busy"], [500, "internal"], [401, "not_signed_in"]];

/** Numbers in [0, 1) that a seed determines (mulberry32). */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A page over a journal that outlives it; when it is killed, nothing that it awaits comes back. */
async function page(parts) {
  let isDead = false;
  const never = new Promise(() => {});
  const dying = (run) => async (...given) => {
    const answer = isDead ? never : await run(...given);
    return isDead ? never : answer;
  };
  const journal = { ...parts.journal };
  for (const [name, run] of Object.entries(parts.journal)) {
    if (typeof run === "function") journal[name] = dying(run);
  }
  const set = await stage({ ...parts, journal });
  const kill = () => {
    isDead = true;
    set.outbox.close();
  };
  return { ...set, kill };
}

/** What a person does at random, and what the server should have of it in the end. */
async function played(seed) {
  const random = randomOf(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const parts = { server: modelServer(), journal: openMemoryJournal(), clock: handClock() };
  const histories = new Map(); // object → [key, mask or null] of what stands
  let current = await page(parts);
  let count = 0;

  async function act(kind, object) {
    count += 1;
    const key = `${kind}-${count}`;
    const hold = random() < 0.3 ? parts.clock.now() + random() * 5000 : undefined;
    const history = histories.get(object) ?? [];
    histories.set(object, [...history, [key, kind === "delete" ? null : key]]);
    await current.add(kind, key, { object, hold, body: kind === "delete" ? {} : body(key) });
  }

  const maskOf = (history) => history.at(-1)?.[1] ?? null;
  const alive = () => [...histories].filter(([, history]) => maskOf(history) !== null).map(([object]) => object);

  const steps = {
    create: () => act("create", `o${histories.size}`),
    update: () => alive().length > 0 && act("update", pick(alive())),
    remove: () => alive().length > 0 && act("delete", pick(alive())),
    async withdraw() {
      const [object, history] = pick([...histories]) ?? [];
      const key = history?.at(-1)?.[0];
      if (key && (await current.outbox.withdraw(key))) histories.set(object, history.slice(0, -1));
    },
    trouble: () => parts.server.upcoming(...Array.from({ length: 3 }, () => pick(TROUBLES))),
    wait: () => parts.clock.turn(random() * 4000),
    flush: () => current.outbox.flush(),
    settle: () => idle(),
    resume: () => current.outbox.resume(),
    async kill() {
      current.kill();
      current = await page(parts);
    },
  };
  const names = ["create", "create", "update", "update", "update", "remove", "withdraw", "trouble", "wait", "flush", "settle", "resume", "kill"];
  for (let step = 0; step < STEPS; step += 1) await steps[pick(names)]();

  for (let round = 0; round < 40 && current.outbox.status().objects.size > 0; round += 1) {
    await current.outbox.resume();
    for (const { operation } of current.outbox.status().refused) await current.outbox.retry(operation);
    await current.outbox.flush();
  }
  const wanted = [...histories.values()].map(maskOf).filter((mask) => mask !== null);
  return { status: current.outbox.status(), masks: parts.server.masks(), wanted };
}

test("in the end the server has what was done, once, whatever went wrong", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { status, masks, wanted } = await played(seed);
    const story = `seed ${seed}`;
    assert.deepEqual([status.waiting, status.refused, status.conflicts], [0, [], []], story);
    assert.deepEqual(masks.sort(), wanted.sort(), story);
  }
});
