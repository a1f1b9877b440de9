// Asking the model: the newest question counts, a busy server is asked again, and the preview never floods.
import assert from "node:assert/strict";
import test from "node:test";
import { createAsking } from "../../../ui/label/static/asking.js";
import { createPreview } from "../../../ui/label/static/preview.js";

const PLACE = { project: 1, image: 5 };
const answer = (counts) => ({
  data: { masks: [{ segmentation: { size: [1, 4], counts }, predicted_iou: 0.9, reference: counts }], model_version: { number: 1 } },
  headers: new Headers({ "X-Embedding-Cache": "hit" }),
});

/** Requests that are answered by hand. */
function line() {
  const asked = [];
  const post = (path, body, { signal }) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      asked.push({ path, body, signal, resolve, reject });
    });
  return { asked, api: { post } };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("an answer that is overtaken by a newer question is dropped, and its request ended", async () => {
  const { asked, api } = line();
  const asking = createAsking({ api, onPhase: () => {} });
  const first = asking.ask(PLACE, { points: [[1, 0, 1]] });
  const second = asking.ask(PLACE, { points: [[1, 0, 1], [2, 0, 1]] });
  assert.equal(asked[0].signal.aborted, true);
  asked[1].resolve(answer("13"));
  asked[0].resolve(answer("22"));
  assert.equal(await first, null);
  assert.equal((await second).masks[0].reference, "13");
});

test("a server that is busy is asked again, and the page says so meanwhile", async () => {
  const { asked, api } = line();
  const phases = [];
  const asking = createAsking({ api, onPhase: (phase) => phases.push(phase.text), pause: async () => {} });
  const answered = asking.ask(PLACE, { points: [] });
  asked[0].reject(Object.assign(new Error("All decoders are busy."), { retryable: true }));
  await turn();
  asked[1].resolve(answer("13"));
  assert.equal((await answered).version, 1);
  assert.deepEqual(phases, ["All decoders are busy. Asking again …", ""]);
});

test("an image is warm once it was asked about, and one that was left does not wait", async () => {
  const { asked, api } = line();
  const asking = createAsking({ api, onPhase: () => assert.fail("nobody waits for it") });
  const left = asking.warm({ project: 1, image: 4 }, [2, 0]);
  const warmed = asking.warm(PLACE, [2, 0]);
  asked[1].resolve(answer("13"));
  await Promise.all([left, warmed]);
  assert.equal(asked[0].signal.aborted, true);
  assert.deepEqual(asked[1].body, { points: [[2, 0, 1]], multimask: false });
  assert.deepEqual([4, 5].map(asking.isWarm), [false, true]);
  await asking.warm(PLACE, [2, 0]);
  assert.equal(asked.length, 2);
});

test("what cannot be answered is said", async () => {
  const { asked, api } = line();
  const asking = createAsking({ api, onPhase: () => {} });
  const answered = asking.ask(PLACE, { points: [] });
  asked[0].reject(new Error("The point lies outside the image."));
  await assert.rejects(answered, /outside the image/);
});

test("cancel drops what is under way", async () => {
  const { asked, api } = line();
  const asking = createAsking({ api, onPhase: () => {} });
  const answered = asking.ask(PLACE, { points: [] });
  asking.cancel();
  asked[0].resolve(answer("13"));
  assert.equal(await answered, null);
});

test("a preview asks one question at a time, for where the pointer is now", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let clock = 0;
  const asked = [];
  const shown = [];
  const preview = createPreview({
    peek: (point, signal) => new Promise((resolve) => asked.push({ point, signal, resolve })),
    onPreview: (found) => shown.push(found && found.point),
    isWanted: () => true,
    now: () => clock,
  });
  for (let x = 0; x < 50; x += 1) preview.at([x, 0]);
  t.mock.timers.tick(1);
  assert.deepEqual(asked.map(({ point }) => point), [[49, 0]]);
  preview.at([60, 0]);
  t.mock.timers.tick(500);
  assert.equal(asked.length, 1, "not before the answer is there");
  asked[0].resolve({ masks: [] });
  await turn();
  clock = 20;
  t.mock.timers.tick(99);
  assert.equal(asked.length, 1, "and not more than ten a second");
  clock = 100;
  t.mock.timers.tick(2);
  assert.deepEqual(asked[1].point, [60, 0]);
  preview.clear();
  assert.equal(asked[1].signal.aborted, true);
  assert.deepEqual(shown, [[49, 0], null]);
});
