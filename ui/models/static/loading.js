// What is asked of the server and when it stands in the store. What has not changed keeps its identity, so that nothing is
// drawn anew for it.

import { isRunning } from "./progress.js";
import { chosenOf, gateOf, trainingOf } from "./state.js";

/** @param {{ store: any, server: ReturnType<typeof import("./server.js").createServer> }} parts */
export function createLoading({ store, server }) {
  const { state } = store;
  let ran = new Set();

  const settled = (before, promise) =>
    promise.then(
      (data) => (before.error === null && isSame(before.data, data) ? before : { data, error: null }),
      (error) => ({ data: before.data, error }),
    );

  async function load(...names) {
    await Promise.all(names.map(async (name) => store.set({ [name]: await settled(state[name], server[name]()) })));
  }

  /** Of one version or set, beside those of others. */
  async function loadOf(name, key, ask) {
    const found = await settled(state[name][key] ?? { data: null, error: null }, ask());
    if (state[name][key] !== found) store.set({ [name]: { ...state[name], [key]: found } });
  }

  /** Cheap things that change while something runs. */
  async function quick() {
    await load("status", "trainings", "evaluating");
    const running = new Set([...(state.trainings.data ?? []), ...(state.evaluating.data ?? [])].filter(isRunning).map(jobOf));
    const hasEnded = [...ran].some((job) => !running.has(job));
    ran = running;
    await points();
    return hasEnded;
  }

  async function slow() {
    await load("versions", "promotions", "sets", "shadow");
    await ofChosen();
  }

  /** Gate, figures and curves of the version in view. */
  async function ofChosen() {
    const chosen = chosenOf(state);
    if (state.place.view !== "versions" || chosen === null) return;
    await Promise.all([
      loadOf("gates", chosen.number, () => server.gates(chosen.number)),
      loadOf("summaries", chosen.number, () => server.summaries(chosen.number)),
      points(),
    ]);
    const champion = gateOf(state, chosen.number)?.champion;
    if (champion) await loadOf("summaries", champion, () => server.summaries(champion));
  }

  /** All that came since; they are appended, never asked for twice. */
  async function points() {
    const chosen = chosenOf(state);
    const training = chosen && trainingOf(state, chosen.number);
    if (!training || state.place.view !== "versions") return;
    const { job_id: job } = training;
    const before = state.points[job]?.data ?? [];
    if (before.length > 0 && !isRunning(training) && before.at(-1).step >= (training.last_point?.step ?? 0)) return;
    await loadOf("points", job, () => withNews(job, before));
  }

  async function withNews(job, before) {
    let all = before;
    for (;;) {
      const { items, next } = await server.points(job, all.at(-1)?.step ?? -1);
      if (items.length > 0) all = [...all, ...items];
      if (next === null || next === undefined || items.length === 0) return all;
    }
  }

  return {
    quick, slow, ofChosen,
    policy: () => load("policy"),
    async comparison() {
      const { set, other, view } = state.place;
      if (view !== "sets" || set === null || other === null) return store.set({ comparison: { data: null, error: null } });
      const found = await settled({ data: null, error: null }, server.comparison(set, other));
      if (state.place.set === set && state.place.other === other) store.set({ comparison: found });
      return undefined;
    },
    /** Whether something moves that people wait for. */
    isBusy: () => ran.size > 0,
    load,
  };
}

const jobOf = (job) => job.job_id ?? job.id;
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
