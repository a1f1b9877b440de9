// Sends operations one after the other: when each is due, and what follows from its answer.
import { Refused, Unreachable } from "./api.js";
import { createPatience } from "./backoff.js";
import { marked, settled } from "./chains.js";
import { JournalFailed } from "./database.js";
import { isStuck, nextToSend, openToSend } from "./order.js";

const BROKEN_MOST = 6; // answers 500 to one operation until a person is asked

/** Somebody else was first. */
class InConflict extends Error {
  constructor(conflict) {
    super(conflict.message);
    this.conflict = conflict;
  }
}

/** @param {object} parts
 * @param {ReturnType<typeof import("./queue.js").createQueue>} parts.queue
 * @param {import("./journal.js").Journal} parts.journal
 * @param {ReturnType<typeof import("./api.js").createApi>} parts.api
 * @param {import("./tabs.js").Tabs} parts.tabs
 * @param {() => number} parts.now
 * @param {(ms: number, run: () => void) => () => void} parts.schedule
 * @param {() => number} parts.random
 * @param {typeof import("./requests.js")} parts.requests
 * @param {(operation: object, data: any) => void} parts.onSettled
 * @param {() => void} parts.onChange */
export function createSender({ queue, journal, api, tabs, now, schedule, random, requests, onSettled, onChange }) {
  const patience = createPatience({ now, random });
  let sending = false;
  let offline = false;
  let paused = false;
  let trouble = null;
  let callOff = () => {};
  let queued = null;
  let last = Promise.resolve();

  /** One sending after the other; those that would do the same are one. It never rejects. */
  function pump(isUrgent = false) {
    if (!isUrgent && queued !== null) return queued;
    const run = last.then(() => {
      if (queued === run) queued = null;
      return drain(isUrgent);
    });
    if (!isUrgent) queued = run;
    last = run;
    return run;
  }

  async function drain(isUrgent) {
    if (isUrgent) patience.forget();
    const urgent = new Set(isUrgent ? queue.all().map(({ key }) => key) : []);
    const tried = new Set();
    const isDue = (operation) =>
      urgent.has(operation.key) ? !tried.has(operation.key) : startOf(operation) <= now();
    const next = () => (paused || patience.isWaiting() ? null : nextToSend(queue.all(), isDue));
    try {
      if (next() !== null) await tabs.exclusively(() => sendAll(next, tried));
    } catch (error) {
      trouble = error instanceof JournalFailed ? error.message : sentenceOf(error);
      patience.after(error);
    }
    sending = false;
    setAlarm();
    onChange();
  }

  async function sendAll(next, tried) {
    await queue.reload(); // another tab may have sent some
    trouble = null;
    for (let operation = next(); operation !== null; operation = next()) {
      tried.add(operation.key);
      sending = true;
      onChange();
      await attempt(operation);
    }
  }

  const startOf = ({ hold = 0, key }) => Math.max(hold, patience.startOf(key));

  function setAlarm() {
    callOff();
    callOff = () => {};
    const starts = openToSend(queue.all()).map(startOf);
    if (paused || starts.length === 0) return;
    const at = Math.max(Math.min(...starts), patience.retryAt() ?? 0);
    callOff = schedule(Math.max(0, at - now()), () => pump());
  }

  async function attempt({ key, object, attemptedAt }) {
    try {
      // From here on the server may know it: it cannot be withdrawn any more.
      const claim = (found) => marked(found.filter((one) => !isStuck(one)), key, { attemptedAt: now() });
      const claimed = await queue.change(object, claim, { durability: "relaxed" });
      if (claimed !== null) await sendOne(claimed.replace[0], attemptedAt);
    } catch (error) {
      if (!(error instanceof JournalFailed)) throw error;
      // Perhaps it alone: what is in memory only can still be sent.
      trouble = error.message;
      patience.after(error, key);
    }
  }

  async function sendOne(operation, earlier) {
    try {
      await done(operation, await send(operation));
    } catch (error) {
      if (error instanceof JournalFailed) throw error;
      await failed(operation, error, earlier);
    }
  }

  /** Gives the content of the answer. Throws `InConflict` and what the API throws. */
  async function send(operation) {
    const identity = await journal.identity(operation.object);
    try {
      return await requests.deliver(api, operation, identity);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const found = await requests.meaning(api, operation, identity, error);
      if (found === null) throw error;
      if (found.conflict !== undefined) throw new InConflict(found.conflict);
      return found.done;
    }
  }

  async function done(operation, data) {
    answered(operation.key);
    const decide = (found) => settled(found, operation.key, requests.identityAfter(operation, data));
    const message = { settled: { operation, data } };
    if ((await queue.change(operation.object, decide, { message })) !== null) onSettled(operation, data);
  }

  /** `earlier`: when it was sent before, if it was: then it may have arrived all the same. */
  async function failed(operation, error, earlier) {
    const { key, object } = operation;
    const mark = (marks) =>
      queue.change(object, (found) => marked(found, key, { ...marks, attemptedAt: earlier }));
    if (error instanceof Unreachable) {
      offline = true;
      patience.after(error);
    } else if (error instanceof InConflict) {
      answered(key);
      await mark({ conflict: error.conflict });
    } else if (!(error instanceof Refused)) {
      await mark({ refused: { status: 0, code: "page_error", message: sentenceOf(error) } });
    } else if (error.status === 401) {
      paused = true;
      await mark({});
    } else if (isBusy(error)) {
      offline = false;
      patience.after(error);
    } else if (error.status >= 500 && patience.failures(key) + 1 < BROKEN_MOST) {
      offline = false;
      patience.after(error, key); // perhaps it alone breaks the server: others go on
    } else {
      answered(key);
      const { status, code, message } = error;
      await mark({ refused: { status, code, message } });
    }
  }

  function answered(key) {
    offline = false;
    patience.forget(key);
  }

  return {
    pump,
    /** Does not wait any longer: something has changed. */
    wake(key) {
      patience.forget(key);
      return pump();
    },
    resume() {
      paused = false;
      patience.forget();
      return pump();
    },
    close() {
      paused = true;
      callOff();
    },
    /** @param {JournalFailed} error  of reading the journal */
    inTrouble(error) {
      trouble = error instanceof JournalFailed ? error.message : sentenceOf(error);
      onChange();
    },
    state: () => ({ sending, offline, paused, retryAt: patience.retryAt(), trouble }),
  };
}

/** The whole server, or what is before it, cannot answer now. */
const isBusy = ({ status, retryable }) => retryable || status === 429 || status > 500;

function sentenceOf(error) {
  console.error(error);
  return `Something that should not happen did while saving (${error.message}). Reload the page: what is not saved is kept, and is tried again.`;
}
