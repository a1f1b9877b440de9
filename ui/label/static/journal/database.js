// The browser's database "maskloop": its stores, its versions, transactions as promises, and what
// went wrong in words.

const NAME = "maskloop";

/** What each version adds; a step that was released is never changed. */
const STEPS = [
  (database) => {
    database.createObjectStore("drafts", { keyPath: ["user", "project", "image"] });
    const operations = database.createObjectStore("operations", { keyPath: "seq", autoIncrement: true });
    operations.createIndex("object", ["user", "object"]);
    const identities = database.createObjectStore("identities", { keyPath: ["user", "object"] });
    identities.createIndex("annotation", ["user", "project", "id"], { unique: true });
    identities.createIndex("seen", ["user", "seenAt"]);
  },
];

const UNSAVED = "keep this tab open until everything is saved";
const SENTENCES = {
  SecurityError: `This browser lets the page keep nothing (site data is blocked, or it is a private window): ${UNSAVED}, and allow site data for this address.`,
  QuotaExceededError: `The space that this browser gives the page is full, the last change is not kept here: ${UNSAVED}, and free space on the disk.`,
  VersionError: "A newer version of this page has been open in this browser, this one can keep nothing: reload it.",
  Superseded: "A newer version of this page was opened in another tab, this one can keep nothing any more: reload it.",
  Blocked: "An older version of this page is open in another tab and holds the browser's storage: close that tab, then reload this one.",
  Lost: `The browser has closed its storage (perhaps site data was cleared): ${UNSAVED}, then reload the page.`,
};

/** The browser cannot keep something; `message` says what to do about it. */
export class JournalFailed extends Error {
  /** @param {string} reason  the name of the browser's error, or a key of SENTENCES
   * @param {unknown} [cause] */
  constructor(reason, cause) {
    const other = `The browser cannot keep what is not saved yet (${reason}): ${UNSAVED}.`;
    super(SENTENCES[reason] ?? other, { cause });
    this.name = "JournalFailed";
    this.reason = reason;
  }
}

/**
 * @typedef {object} Database
 * @property {(stores: string[], mode: IDBTransactionMode, durability: IDBTransactionDurability,
 *   work: (transaction: IDBTransaction) => Promise<any>) => Promise<any>} run
 *   resolves with what the work gives once the transaction is complete; nothing is kept where it
 *   rejects. The work may await requests (`answered`) and nothing else.
 * @property {() => void} close
 */

/** Rejects with `JournalFailed`.
 * @param {IDBFactory} [factory]
 * @returns {Promise<Database>} */
export async function openDatabase(factory) {
  const database = await opened(factory);
  let lost = null;
  database.onversionchange = () => {
    lost = new JournalFailed("Superseded");
    database.close();
  };
  database.onclose = () => {
    lost ??= new JournalFailed("Lost");
  };
  return {
    async run(stores, mode, durability, work) {
      if (lost !== null) throw lost;
      return inTransaction(database, stores, mode, durability, work);
    },
    close: () => database.close(),
  };
}

function opened(factory) {
  return new Promise((resolve, reject) => {
    const found = factory ?? globalThis.indexedDB; // some browsers throw where it is blocked
    if (!found) throw new JournalFailed("SecurityError");
    const request = found.open(NAME, STEPS.length);
    let isBlocked = false;
    request.onupgradeneeded = ({ oldVersion }) => {
      STEPS.slice(oldVersion).forEach((step) => step(request.result));
    };
    request.onblocked = () => {
      isBlocked = true;
      reject(new JournalFailed("Blocked"));
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => (isBlocked ? request.result.close() : resolve(request.result));
  }).catch((error) => {
    // What is not allowed has many names: SecurityError, InvalidStateError, UnknownError.
    const isKnown = error instanceof JournalFailed || error.name in SENTENCES;
    throw isKnown ? failed(error) : new JournalFailed("SecurityError", error);
  });
}

async function inTransaction(database, stores, mode, durability, work) {
  try {
    const transaction = database.transaction(stores, mode, { durability });
    const completed = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([worked(transaction, work), completed]);
    return result;
  } catch (error) {
    throw failed(error);
  }
}

/** Aborts where the work breaks: half of it is not kept. */
async function worked(transaction, work) {
  try {
    return await work(transaction);
  } catch (error) {
    try {
      transaction.abort();
    } catch (tooLate) {
      if (tooLate.name !== "InvalidStateError") throw tooLate; // it has aborted by itself
    }
    throw error;
  }
}

/** @param {IDBRequest} request */
export function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Errors of the browser in our words; those of our own code stay what they are. */
function failed(error) {
  return error instanceof DOMException ? new JournalFailed(error.name, error) : error;
}
