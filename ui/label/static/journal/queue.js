// The operations that the journal holds, at hand in memory, and in step with the other tabs.

/** @typedef {import("./journal.js").Operation} Operation
 * @typedef {import("./journal.js").Changes} Changes */

/** @param {object} parts
 * @param {import("./journal.js").Journal} parts.journal
 * @param {import("./tabs.js").Tabs} parts.tabs
 * @param {() => void} parts.onChange */
export function createQueue({ journal, tabs, onChange }) {
  /** @type {Operation[]} */
  let operations = [];
  let version = 0; // a reading that a change overtook is read again

  function set(changed) {
    version += 1;
    operations = changed;
    onChange();
  }

  async function reload() {
    let before;
    let found;
    do {
      before = version;
      found = await journal.operations();
    } while (before !== version);
    set(found);
  }

  return {
    /** In order. */
    all: () => operations,
    /** @param {string} key */
    find: (key) => operations.find((operation) => operation.key === key),
    reload,

    /** @param {Operation[]} given
     * @param {import("./journal.js").Held|null} held
     * @returns {Promise<Operation[]>} */
    async append(given, held) {
      const appended = await journal.appendAll(given, held);
      set([...operations, ...appended]);
      tabs.announce({});
      return appended;
    },

    /** Changes an object's operations in the journal, here, and in the other tabs.
     * @param {string} object
     * @param {(operations: Operation[]) => Changes|null} decide  null: they are not what we thought
     * @param {{durability?: IDBTransactionDurability, message?: object}} [how]  message: for the tabs
     * @returns {Promise<Changes|null>} */
    async change(object, decide, { durability, message = {} } = {}) {
      const changes = await journal.change(object, decide, durability);
      if (changes === null) {
        await reload();
        return null;
      }
      const { remove = [], replace = [] } = changes;
      const replaced = new Map(replace.map((operation) => [operation.seq, operation]));
      const left = operations.filter(({ seq }) => !remove.includes(seq));
      set(left.map((operation) => replaced.get(operation.seq) ?? operation));
      tabs.announce(message);
      return changes;
    },
  };
}
