// What buttons do. A button names its deed (`data-do`) and what it is about; one listener finds both, so that what is drawn anew
// needs no listeners of its own.

import { openEvaluation, openShadow } from "./dialogs/measure.js";
import { openFreeze, openTraining } from "./dialogs/make.js";
import { openPromotion, openRetirement, openRollBack } from "./dialogs/promote.js";

/** @param {{ store: any, server: any, loading: any, say: any, refresh: () => Promise<void>, to: (place: object) => void }} parts
 * @returns {Record<string, (data: DOMStringMap) => any>} */
export function createDeeds(parts) {
  const { store, server, loading, say, refresh } = parts;
  const { state } = store;

  /** One at a time of each name; its button is off meanwhile. */
  async function once(name, run) {
    if (state.busy.has(name)) return;
    store.set({ busy: new Set(state.busy).add(name) });
    try {
      await run();
    } catch (error) {
      say(error.message, { kind: "bad", key: name });
    } finally {
      store.set({ busy: new Set([...state.busy].filter((one) => one !== name)) });
    }
  }

  const then = (name, run, sentence) =>
    once(name, async () => {
      await run();
      say(sentence, { kind: "good" });
      await refresh();
    });

  /** A dialog chooses among what there is now. */
  const among = (names, open) =>
    once("open", async () => {
      await loading.load(...names);
      const failed = names.map((name) => state[name].error).find(Boolean);
      if (failed) throw failed;
      open();
    });

  return {
    refresh: () => refresh(),
    rollBack: () => openRollBack(parts),
    promote: ({ number }) => among(["versions", "promotions"], () => openPromotion(parts, Number(number))),
    retire: ({ number }) => openRetirement(parts, Number(number)),
    evaluate: ({ number }) => among(["versions", "sets", "policy"], () => openEvaluation(parts, Number(number))),
    startShadow: ({ number }) => openShadow(parts, Number(number)),
    endShadow: () => then("endShadow", () => server.endShadow(), "The shadow has ended; its figures are kept."),
    freeze: () => among(["policy"], () => openFreeze(parts)),
    train: ({ set }) => among(["versions", "sets", "policy"], () => openTraining(parts, set ? Number(set) : null)),
    cancel: ({ job }) => then(`cancel-${job}`, () => server.cancel(job), `Job ${job} stops. What it has done so far stays; it can be resumed.`),
    resume: ({ job }) => then(`resume-${job}`, () => server.resume(job), `Job ${job} goes on where it was.`),
    card: ({ number }) => once("card", async () => keep(await server.card(Number(number)), `model-version-${number}.md`)),
    sort({ column }) {
      const { sort } = state;
      store.set({ sort: { column, down: sort.column === column ? !sort.down : column !== "name" } });
    },
    breakDown: ({ by }) => store.set({ by }),
  };
}

/** Hands a file to the browser's downloads. @param {Blob} content */
function keep(content, name) {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}
