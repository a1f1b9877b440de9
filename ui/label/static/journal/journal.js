// What a person did and has not been saved yet, kept in the browser: drafts, operations, and which
// annotation of the server an object is.
import { JournalFailed, answered, openDatabase } from "./database.js";
import { latestOnly } from "./latest.js";
import { openMemoryJournal } from "./memory_journal.js";
import { withSpare } from "./spare.js";

export { JournalFailed, openMemoryJournal };

const REMEMBERED_MS = 30 * 24 * 60 * 60 * 1000; // identities of objects that nobody has seen since

/**
 * @typedef {object} Operation   a change that the server shall make
 * @property {string} key        uuid; the request's Idempotency-Key
 * @property {"create"|"update"|"delete"|"review"|"submit"} kind
 * @property {number} project
 * @property {number} image
 * @property {string} object     uuid; of a submission its own key
 * @property {number|null} base  the revision that it changes; null: the one that the object's operation before it makes
 * @property {number} [proposal] that is reviewed
 * @property {object} body       of the request
 * @property {number} [hold]     not before this time, in ms since 1970
 * @property {number} [seq]      given by the journal: the order
 * @property {number} [at]       when it was done
 * @property {number} [attemptedAt]  when it was last sent; undefined: the server cannot know it
 * @property {{code: string, message: string, theirs: object|null, choices: string[]}} [conflict]
 * @property {{status: number, code: string, message: string}} [refused]
 *
 * @typedef {object} Identity    which annotation an object is, and the revision that was seen of it
 * @property {string} object  @property {number} project  @property {number} image
 * @property {number} id  @property {number} revision
 *
 * @typedef {object} Changes     of one object, made together or not at all
 * @property {number[]} [remove]        seqs
 * @property {Operation[]} [replace]    by their seq
 * @property {Identity|null} [identify]  null: the object is no annotation any more
 *
 * @typedef {object} Held        what is in hand on an image
 * @property {number} project  @property {number} image  @property {object|null} draft
 *
 * @typedef {object} Journal
 * @property {string} name       the same in all tabs of a person
 * @property {boolean} durable   whether it outlives the tab
 * @property {(project: number, image: number, draft: object|null) => Promise<void>} saveDraft
 *   resolves once this draft or a newer one is kept
 * @property {(project: number, image: number) => Promise<object|null>} draft
 * @property {(operation: Operation) => Promise<Operation>} append
 * @property {(operations: Operation[], held?: Held|null) => Promise<Operation[]>} appendAll
 *   all of a step and what is in hand after it, together or not at all
 * @property {() => Promise<Operation[]>} operations   in order
 * @property {(object: string, decide: (operations: Operation[]) => Changes|null,
 *   durability?: IDBTransactionDurability) => Promise<Changes|null>} change
 *   what `decide`, which must be synchronous, says of the object's operations as they are; gives it
 * @property {(object: string, identity: Omit<Identity, "object">) => Promise<void>} identify
 * @property {(object: string) => Promise<Identity|null>} identity
 * @property {(identities: Identity[]) => Promise<void>} identifyAll
 * @property {(project: number, annotation: number) => Promise<string|null>} objectOf
 * @property {(project: number, annotations: number[]) => Promise<Map<number, string>>} objectsOf
 *   of those that are known
 * @property {() => void} close
 */

/** The journal of one person in this browser. Rejects with `JournalFailed`, as all its functions do.
 * @param {number} user
 * @returns {Promise<Journal>} */
export async function openJournal(user, { factory, now = Date.now } = {}) {
  const database = await openDatabase(factory);
  askToStay();
  await forgetOld(database, user, now() - REMEMBERED_MS);
  return {
    name: `maskloop.${user}`,
    durable: true,
    ...drafts(database, user),
    ...operations(database, user, now),
    ...identities(database, user, now),
    close: database.close,
  };
}

/** The best journal that this browser has. `onTrouble` hears, by `JournalFailed`, what it cannot
 * keep beyond the tab; the work itself goes on.
 * @param {number} user
 * @param {(trouble: JournalFailed) => void} onTrouble
 * @returns {Promise<Journal>} */
export async function openSafestJournal(user, onTrouble, options) {
  try {
    return withSpare(await openJournal(user, options), openMemoryJournal, onTrouble);
  } catch (error) {
    if (!(error instanceof JournalFailed)) throw error;
    onTrouble(error);
    return openMemoryJournal();
  }
}

/** Browsers may clear what a page keeps when the disk is full, unless they have agreed not to. */
function askToStay() {
  globalThis.navigator?.storage?.persist?.().catch(console.warn);
}

function drafts(database, user) {
  const write = ({ project, image }, draft) =>
    database.run(["drafts"], "readwrite", "relaxed", async (transaction) =>
      putDraft(transaction, user, { project, image, draft }),
    );
  const save = latestOnly(write);
  return {
    saveDraft: (project, image, draft) => save(`${project}/${image}`, { project, image }, draft),
    draft: (project, image) =>
      database.run(["drafts"], "readonly", "relaxed", async (transaction) => {
        const found = await answered(transaction.objectStore("drafts").get([user, project, image]));
        return found?.draft ?? null;
      }),
  };
}

function putDraft(transaction, user, { project, image, draft }) {
  const store = transaction.objectStore("drafts");
  if (draft === null) store.delete([user, project, image]);
  else store.put({ user, project, image, draft });
}

function operations(database, user, now) {
  const appendAll = (given, held = null) =>
    database.run(held ? ["operations", "drafts"] : ["operations"], "readwrite", "strict", async (transaction) => {
      const store = transaction.objectStore("operations");
      const kept = given.map((operation) => ({ ...operation, at: now() }));
      const seqs = kept.map((operation) => answered(store.add({ ...operation, user })));
      if (held) putDraft(transaction, user, held);
      return Promise.all(kept.map(async (operation, at) => ({ ...operation, seq: await seqs[at] })));
    });

  return {
    appendAll,
    append: async (operation) => (await appendAll([operation]))[0],

    operations: () =>
      database.run(["operations"], "readonly", "relaxed", async (transaction) => {
        const range = IDBKeyRange.bound([user], [user, []]);
        const index = transaction.objectStore("operations").index("object");
        return inOrder(await answered(index.getAll(range)));
      }),

    change: (object, decide, durability = "strict") =>
      database.run(["operations", "identities"], "readwrite", durability, async (transaction) => {
        const store = transaction.objectStore("operations");
        const found = await answered(store.index("object").getAll([user, object]));
        const changes = decide(inOrder(found));
        if (changes === null) return null;
        const { remove = [], replace = [], identify } = changes;
        remove.forEach((seq) => store.delete(seq));
        replace.forEach((operation) => store.put({ ...operation, user }));
        if (identify === null) transaction.objectStore("identities").delete([user, object]);
        else if (identify !== undefined) await putIdentity(transaction, user, identify, now());
        return changes;
      }),
  };
}

function inOrder(records) {
  records.forEach((record) => delete record.user);
  return records.sort((a, b) => a.seq - b.seq);
}

function identities(database, user, now) {
  const run = (mode, work) => database.run(["identities"], mode, "relaxed", work);

  const identifyAll = (all) =>
    run("readwrite", async (transaction) => {
      for (const identity of all) await putIdentity(transaction, user, identity, now());
    });

  const objectsOf = (project, annotations) =>
    run("readonly", async (transaction) => {
      const index = transaction.objectStore("identities").index("annotation");
      const find = (id) => answered(index.getKey([user, project, id]));
      const keys = await Promise.all(annotations.map(find));
      const known = annotations.map((id, at) => [id, keys[at]?.[1]]);
      return new Map(known.filter(([, object]) => object !== undefined));
    });

  return {
    identifyAll,
    objectsOf,
    identify: (object, identity) => identifyAll([{ ...identity, object }]),
    objectOf: async (project, annotation) =>
      (await objectsOf(project, [annotation])).get(annotation) ?? null,
    identity: (object) =>
      run("readonly", async (transaction) => {
        const found = await answered(transaction.objectStore("identities").get([user, object]));
        if (found === undefined) return null;
        const { project, image, id, revision } = found;
        return { object, project, image, id, revision };
      }),
  };
}

/** An annotation is one object: who names it anew takes it from the object that it was. */
async function putIdentity(transaction, user, { object, project, image, id, revision }, seenAt) {
  const store = transaction.objectStore("identities");
  const before = await answered(store.index("annotation").getKey([user, project, id]));
  if (before !== undefined && before[1] !== object) store.delete(before);
  store.put({ user, object, project, image, id, revision, seenAt });
}

async function forgetOld(database, user, before) {
  await database.run(["operations", "identities"], "readwrite", "relaxed", async (transaction) => {
    const store = transaction.objectStore("identities");
    const old = IDBKeyRange.bound([user], [user, before]);
    const waiting = transaction.objectStore("operations").index("object");
    for (const key of await answered(store.index("seen").getAllKeys(old))) {
      if ((await answered(waiting.count(key))) === 0) store.delete(key);
    }
  });
}
