// When the models page asks again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BUSY_MS, CALM_MS, createPolling } from "../../../ui/models/static/polling.js";

/** A clock and timers that move when they are told to. */
function stage({ isBusy = () => false, quick = async () => false } = {}) {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const asked = [];
  let now = 0;
  let timer = null;
  const polling = createPolling({
    quick: async () => {
      asked.push("quick");
      return quick();
    },
    slow: async () => asked.push("slow"),
    isBusy, page,
    setTimer: (run, ms) => (timer = { run, ms }),
    clearTimer: () => (timer = null),
    clock: () => now,
  });
  return {
    asked, page, polling,
    get wait() {
      return timer?.ms ?? null;
    },
    async pass() {
      const { run, ms } = timer;
      now += ms;
      await run();
    },
  };
}

test("often while something runs, now and then otherwise", async () => {
  let busy = true;
  const at = stage({ isBusy: () => busy });
  await at.polling.refresh();
  assert.equal(at.wait, BUSY_MS);
  busy = false;
  await at.pass();
  assert.equal(at.wait, CALM_MS);
});

test("what changes seldom is asked for every fifteen seconds, or once something has ended", async () => {
  let ended = false;
  const at = stage({ isBusy: () => true, quick: async () => ended });
  await at.polling.refresh();
  for (let times = 0; times < 7; times += 1) await at.pass();
  assert.deepEqual(at.asked.filter((one) => one === "slow").length, 1);
  await at.pass();
  assert.deepEqual(at.asked.filter((one) => one === "slow").length, 2);
  ended = true;
  await at.pass();
  assert.deepEqual(at.asked.filter((one) => one === "slow").length, 3);
});

test("nothing is asked while nobody looks, and at once when somebody does again", async () => {
  const at = stage();
  await at.polling.refresh();
  at.page.hidden = true;
  at.page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(at.wait, null);
  at.asked.length = 0;
  at.page.hidden = false;
  at.page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(at.asked, ["quick"]);
});

test("two calls at once go one after the other", async () => {
  let inside = 0;
  const at = stage({
    quick: async () => {
      inside += 1;
      assert.equal(inside, 1);
      await Promise.resolve();
      inside -= 1;
      return false;
    },
  });
  await Promise.all([at.polling.refresh(), at.polling.refresh(), at.polling.refresh()]);
  assert.equal(at.asked.filter((one) => one === "quick").length, 3);
});

test("what goes wrong does not end it", async () => {
  const at = stage({ quick: async () => Promise.reject(new Error("no")) });
  await assert.rejects(at.polling.refresh(), /no/);
  assert.equal(at.wait, CALM_MS);
});
