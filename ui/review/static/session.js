// What a tab keeps of its session over a reload: verdicts that can be taken back, and the audits of its batches.
import { fromText, toText } from "./deck/verdicts.js";

const AFTER_MS = 300;

function storage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

const keptAt = ({ project, session }, what) => `maskloop.review.${session.user.id}.${project.id}.${what}`;

/** @param {object} state  whose `project` and `session` are known */
export function readSession(state, kept = storage()) {
  const said = fromText(kept?.getItem(keptAt(state, "said")) ?? null);
  return { said, audits: auditsOf(kept?.getItem(keptAt(state, "audits")) ?? "[]") };
}

function auditsOf(text) {
  try {
    return new Map(JSON.parse(text));
  } catch {
    return new Map(); // they come as cards all the same
  }
}

/** Writes it down soon after each change: not in the way of the next card. */
export function keepSession(store, kept = storage()) {
  let timer = 0;
  const write = () => {
    timer = 0;
    const { said, audits } = store.state;
    try {
      kept?.setItem(keptAt(store.state, "said"), toText(said));
      kept?.setItem(keptAt(store.state, "audits"), JSON.stringify([...audits]));
    } catch (error) {
      console.warn("what was said in this session is not kept over a reload:", error.message);
    }
  };
  store.on(["said", "audits"], () => (timer ||= setTimeout(write, AFTER_MS)));
  globalThis.addEventListener?.("pagehide", write);
}
