// Files on their way to the server: in batches, two at a time, each file with an outcome of its own.

import { createMeter } from "./meter.js";

/**
 * @typedef {"waiting"|"sending"|"added"|"known"|"refused"|"failed"|"cancelled"} State
 *   `refused`: by the server, for good; `failed`: no answer, or one that may be another next time
 * @typedef {object} Entry
 * @property {File} file
 * @property {State} state
 * @property {number} sent            bytes
 * @property {string|null} reason     of refused and failed
 * @property {number|null} image_id   of added and known
 * @property {boolean} alone          together with others it was too much for a request
 *
 * @typedef {{outcome: "added"|"known"|"refused", reason?: string, image_id?: number}} Outcome
 */

export const MOST_FILES = 20;
export const MOST_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 2;
const RETRIES = 3;
const FIRST_WAIT_MS = 1000;

/**
 * `send` gives the outcomes in the order of the files; its errors have `status`, `retryable`,
 * `retryAfter` (seconds) as `Refused` of the API, or the name `Unreachable`.
 * `wait` rejects when its signal aborts. `onDone` follows the last file, cancelled or not.
 * @param {{
 *   send: (files: File[], extras: {onSent: (bytes: number) => void, signal: AbortSignal}) => Promise<Outcome[]>,
 *   wait: (ms: number, signal: AbortSignal) => Promise<void>,
 *   now: () => number, onChange: () => void, onDone: () => void }} options
 */
export function createUploads({ send, wait, now, onChange, onDone }) {
  /** @type {Entry[]} */
  let entries = [];
  let requests = 0;
  let stopping = new AbortController();
  let meter = createMeter(now);

  const waiting = () => entries.filter((entry) => entry.state === "waiting");

  function pump() {
    while (requests < AT_ONCE) {
      const batch = nextBatch(waiting());
      if (batch.length === 0) break;
      requests += 1;
      mark(batch, "sending");
      void deliver(batch, stopping.signal);
    }
    onChange();
  }

  async function deliver(batch, signal) {
    try {
      const outcomes = await persist(batch, signal);
      batch.forEach((entry, at) => settle(entry, outcomes[at]));
    } catch (error) {
      if (signal.aborted) mark(batch, "cancelled");
      else fail(batch, error);
    }
    requests -= 1;
    pump();
    if (requests === 0 && waiting().length === 0) onDone();
  }

  async function persist(batch, signal) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await sendOnce(batch, signal);
      } catch (error) {
        if (signal.aborted || attempt === RETRIES || !mayPass(error)) throw error;
        for (const entry of batch) entry.sent = 0;
        onChange();
        await wait(Math.max(FIRST_WAIT_MS * 2 ** attempt, (error.retryAfter ?? 0) * 1000), signal);
      }
    }
  }

  async function sendOnce(batch, signal) {
    let before = 0;
    const onSent = (bytes) => {
      meter.add(bytes - before);
      before = bytes;
      spread(batch, bytes);
      onChange();
    };
    const outcomes = await send(batch.map((entry) => entry.file), { onSent, signal });
    if (outcomes.length === batch.length) return outcomes;
    throw new Error(`The server told the outcome of ${outcomes.length} of ${batch.length} files. Send them again.`);
  }

  function fail(batch, error) {
    if (error.status === 413 && batch.length > 1) {
      mark(batch, "waiting", { alone: true, sent: 0 });
      return;
    }
    const isFinal = error.status === 413;
    mark(batch, isFinal ? "refused" : "failed", { reason: error.message, sent: 0 });
    // The next batch would fare no better: one click sends all of them again.
    if (!isFinal) mark(waiting(), "failed", { reason: error.message });
  }

  return {
    /** @param {File[]} files */
    add(files) {
      if (requests === 0 && waiting().length === 0) meter = createMeter(now);
      entries = [...entries, ...files.map(entryOf)];
      pump();
    },
    /** Files that are not sent, and why. @param {File[]} files @param {string} reason */
    refuse(files, reason) {
      entries = [...entries, ...files.map((file) => ({ ...entryOf(file), state: "refused", reason }))];
      onChange();
    },
    /** Sends again what failed. */
    retry() {
      const failed = entries.filter((entry) => entry.state === "failed");
      if (failed.length === 0) return;
      mark(failed, "waiting", { reason: null });
      meter = createMeter(now);
      pump();
    },
    /** Files that the server has taken stay. */
    cancel() {
      mark(waiting(), "cancelled");
      stopping.abort();
      stopping = new AbortController();
      onChange();
    },
    /** Forgets what has ended. */
    clear() {
      entries = entries.filter(isUnderWay);
      onChange();
    },
    get entries() {
      return entries;
    },
    get isBusy() {
      return requests > 0 || entries.some(isUnderWay);
    },
    status: () => statusOf(entries, meter),
  };
}

const isUnderWay = (entry) => entry.state === "waiting" || entry.state === "sending";

/** @param {Entry[]} entries */
function statusOf(entries, meter) {
  const counts = { waiting: 0, sending: 0, added: 0, known: 0, refused: 0, failed: 0, cancelled: 0 };
  let bytes = 0;
  let sent = 0;
  for (const { state, file, sent: part } of entries) {
    counts[state] += 1;
    if (state === "refused" || state === "cancelled") continue;
    bytes += file.size;
    sent += state === "added" || state === "known" ? file.size : part;
  }
  const rate = meter.rate();
  return { ...counts, total: entries.length, bytes, sent, rate, secondsLeft: rate > 0 ? (bytes - sent) / rate : null };
}

/** @param {File} file @returns {Entry} */
const entryOf = (file) => ({ file, state: "waiting", sent: 0, reason: null, image_id: null, alone: false });

function mark(entries, state, more = {}) {
  for (const entry of entries) Object.assign(entry, more, { state });
}

function settle(entry, { outcome, reason, image_id }) {
  Object.assign(entry, { state: outcome, reason: reason ?? null, image_id: image_id ?? null, sent: entry.file.size });
}

/** The first files that fit a request; one at least. @param {Entry[]} waiting */
export function nextBatch(waiting) {
  const batch = [];
  let bytes = 0;
  for (const entry of waiting) {
    const isFull = batch.length === MOST_FILES || bytes + entry.file.size > MOST_BYTES || entry.alone;
    if (batch.length > 0 && isFull) break;
    batch.push(entry);
    bytes += entry.file.size;
    if (entry.alone) break;
  }
  return batch;
}

/** What of a request's bytes belongs to which file: they go in order. */
function spread(batch, bytes) {
  let left = bytes;
  for (const entry of batch) {
    entry.sent = Math.min(entry.file.size, left);
    left -= entry.sent;
  }
}

const mayPass = (error) => error.name === "Unreachable" || error.retryable === true;
