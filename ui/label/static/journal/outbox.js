// What a person did, on its way to the server: journaled first, sent in order, through lost networks,
// reloads, signing out and other tabs; taken back or decided by the person where that is needed.
import { decided, dropped, marked } from "./chains.js";
import { latestOnly } from "./latest.js";
import { isStuck } from "./order.js";
import { createQueue } from "./queue.js";
import * as ofLabeling from "./requests.js";
import { createSender } from "./sender.js";
import { loneTab, openTabs } from "./tabs.js";

/**
 * @typedef {import("./journal.js").Operation} Operation
 *
 * @typedef {object} Refusal
 * @property {Operation} operation
 * @property {number} status
 * @property {string} code
 * @property {string} message  the sentence for the person
 *
 * @typedef {object} Conflict
 * @property {Operation} operation
 * @property {object|null} mine      my mask as it would be sent; null: deleted or rejected
 * @property {object|null} theirs    the annotation as it is now; null: deleted, or none was made
 * @property {("mine"|"theirs"|"both")[]} choices
 * @property {string} message
 *
 * @typedef {object} Status
 * @property {number} waiting       operations that wait for the server and for no person
 * @property {boolean} sending
 * @property {boolean} offline      the last attempt reached no server
 * @property {boolean} paused       signed out: nothing is sent before `resume`
 * @property {number|null} retryAt  when the next attempt is, in ms since 1970
 * @property {boolean} durable      whether what waits outlives the tab
 * @property {Set<string>} objects  that have operations which the server has not done
 * @property {string|null} trouble  what the browser cannot keep, and what to do
 * @property {Refusal[]} refused
 * @property {Conflict[]} conflicts
 */

/** @param {object} parts
 * @param {import("./journal.js").Journal} parts.journal
 * @param {ReturnType<typeof import("./api.js").createApi>} parts.api
 * @param {(status: Status) => void} [parts.onChange]
 * @param {() => number} [parts.now]
 * @param {(ms: number, run: () => void) => () => void} [parts.schedule]  gives what calls it off
 * @param {() => number} [parts.random]  in [0, 1)
 * @param {import("./tabs.js").Tabs} [parts.tabs]
 * @param {EventTarget} [parts.events]  tells `online`
 * @param {typeof import("./requests.js")} [parts.requests]  what operations are as requests: the labeling page's where left out */
export function createOutbox({
  journal,
  api,
  onChange = () => {},
  now = Date.now,
  schedule = byTimer,
  random = Math.random,
  tabs = journal.durable ? openTabs(journal.name) : loneTab(),
  events = globalThis,
  requests = ofLabeling,
}) {
  const listeners = new Set();
  let edited = Promise.resolve();
  const changed = onceSoon(() => onChange(status()));
  const queue = createQueue({ journal, tabs, onChange: changed });
  const sender = createSender({
    ...{ queue, journal, api, tabs, now, schedule, random, requests },
    onSettled: tell,
    onChange: changed,
  });

  function status() {
    const marks = (name) => queue.all().filter((operation) => operation[name] !== undefined);
    return {
      waiting: queue.all().filter((operation) => !isStuck(operation)).length,
      ...sender.state(),
      durable: journal.durable,
      objects: new Set(queue.all().map(({ object }) => object)),
      refused: marks("refused").map((operation) => ({ operation, ...operation.refused })),
      conflicts: marks("conflict").map((operation) => {
        const { mine, theirs, choices, message } = operation.conflict;
        return { operation, mine, theirs, choices, message };
      }),
    };
  }

  /** Errors of listeners are theirs: they are reported by the browser and break nothing here. */
  function tell(operation, data) {
    listeners.forEach((listener) => queueMicrotask(() => listener(operation, data)));
  }

  /** What people do is done one after the other, in the order in which it was asked for. */
  function edit(work) {
    const result = edited.then(work);
    const nothing = () => {};
    edited = result.then(nothing, nothing); // who asked is told
    return result;
  }

  async function append(given, held = null) {
    const firsts = given.map((operation) => queue.all().find(({ object }) => object === objectOf(operation)));
    const operations = await Promise.all(given.map(async (operation, at) => {
      const named = { ...operation, object: objectOf(operation) };
      return { ...named, base: firsts[at] === undefined ? await baseOf(named) : null };
    }));
    const appended = await queue.append(operations, held);
    for (const [at, operation] of appended.entries()) await overtake(firsts[at], operation);
    sender.pump();
    return appended.map((operation) => queue.find(operation.key) ?? operation);
  }

  /** Masks are whole: a later change says all that the refused one said. */
  async function overtake(first, operation) {
    if (!isChange(operation) || first?.refused === undefined) return;
    const changes = await drop(first);
    if (changes?.remove.includes(operation.seq)) tell(operation, null); // of what was never made
  }

  async function baseOf(operation) {
    if (!isChange(operation)) return null;
    return operation.base ?? (await journal.identity(operation.object))?.revision ?? null;
  }

  async function drop(operation, isAllowed = () => true) {
    const identity = await journal.identity(operation.object);
    const changes = await queue.change(operation.object, (found) => {
      const kept = found.find(({ key }) => key === operation.key);
      return kept && isAllowed(kept) ? dropped(found, kept.key, identity !== null) : null;
    });
    sender.pump();
    return changes;
  }

  async function withdraw(key) {
    const operation = queue.find(key);
    if (operation === undefined) return false;
    return (await drop(operation, ({ attemptedAt }) => attemptedAt === undefined)) !== null;
  }

  async function retry({ key, object }) {
    await queue.change(object, (found) => marked(found, key, { refused: undefined }));
    sender.wake(key);
  }

  async function settle({ operation: { key, object } }, choice) {
    const choices = queue.find(key)?.conflict?.choices ?? [];
    if (!choices.includes(choice)) {
      const allowed = choices.join(", ") || "none, it is decided already";
      throw new RangeError(`The conflict of operation ${key} has no choice ${choice}. It has: ${allowed}.`);
    }
    const changes = await queue.change(object, (found) => decided(found, key, choice));
    sender.pump();
    return changes !== null;
  }

  const follow = latestOnly(() => queue.reload());

  async function heard({ settled }) {
    await follow("operations");
    if (settled !== undefined) tell(settled.operation, settled.data);
    sender.pump();
  }

  const wake = () => sender.wake();
  events.addEventListener?.("online", wake);
  tabs.onAnnounced((message) => heard(message).catch(sender.inTrouble));
  const ready = edit(() => queue.reload().catch(sender.inTrouble).then(() => void sender.pump()));

  return {
    /** Resolves when what earlier visits left is read. */
    ready,
    /** Journals an operation, then sends it when it is its turn. Resolves once it is journaled.
     * @type {(operation: Operation) => Promise<Operation>} */
    add: (operation) => edit(async () => (await append([operation]))[0]),
    /** All of a step, of an object one at most, with what is in hand after it: journaled together or not at all.
     * @type {(operations: Operation[], held: import("./journal.js").Held|null) => Promise<Operation[]>} */
    addAll: (operations, held) => edit(() => append(operations, held)),
    /** Takes back what was not sent; false where the server may know it.
     * @type {(key: string) => Promise<boolean>} */
    withdraw: (key) => edit(() => withdraw(key)),
    /** Drops an operation that was refused; what was done to its object afterwards stays.
     * @type {(operation: Operation) => Promise<boolean>} */
    discard: (operation) => edit(async () => (await drop(operation)) !== null),
    /** Sends an operation again that was refused.
     * @type {(operation: Operation) => Promise<void>} */
    retry: (operation) => edit(() => retry(operation)),
    /** `mine`: over theirs; `theirs`: all that waits for this object is dropped; `both`: mine becomes
     * another annotation under this object, theirs gets a new object.
     * @type {(conflict: Conflict, choice: "mine"|"theirs"|"both") => Promise<boolean>} */
    settle: (conflict, choice) => edit(() => settle(conflict, choice)),
    /** Sends all that waits now, held or not; resolves when it is sent or is known not to be.
     * @type {() => Promise<Status>} */
    flush: () => edited.then(() => sender.pump(true)).then(status),
    /** After signing in again. */
    resume: () => sender.resume(),
    status,
    /** @param {(operation: Operation, data: any) => void} listener  hears what the server has done,
     * whichever tab sent it
     * @returns {() => void} ends that */
    onSettled(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Sends no more; what waits stays in the journal. */
    close() {
      sender.close();
      events.removeEventListener?.("online", wake);
      tabs.close();
    },
  };
}

const objectOf = ({ object, key }) => object ?? key;

const isChange = ({ kind }) => kind === "update" || kind === "delete";

/** Many calls at once are one, a moment later. */
function onceSoon(run) {
  let isSoon = false;
  return () => {
    if (isSoon) return;
    isSoon = true;
    queueMicrotask(() => {
      isSoon = false;
      run();
    });
  };
}

function byTimer(ms, run) {
  const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1));
  return () => clearTimeout(timer);
}
