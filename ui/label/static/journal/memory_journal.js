// The journal where the browser keeps nothing: the same functions, gone with the tab.

/** @param {{firstSeq?: number, now?: () => number, name?: string}} [options]
 * @returns {import("./journal.js").Journal} */
export function openMemoryJournal({ firstSeq = 1, now = Date.now, name = "maskloop.memory" } = {}) {
  const drafts = new Map();
  const kept = new Map();
  const identities = new Map();
  let nextSeq = firstSeq;

  function putIdentity({ object, project, image, id, revision }) {
    for (const other of [...identities.values()]) {
      if (other.project === project && other.id === id) identities.delete(other.object);
    }
    identities.set(object, { object, project, image, id, revision });
  }

  function objectsOf(project, annotations) {
    const wanted = new Set(annotations);
    const found = [...identities.values()].filter((one) => one.project === project && wanted.has(one.id));
    return new Map(found.map(({ id, object }) => [id, object]));
  }

  function apply(object, { remove = [], replace = [], identify }) {
    remove.forEach((seq) => kept.delete(seq));
    replace.forEach((operation) => kept.set(operation.seq, structuredClone(operation)));
    if (identify === null) identities.delete(object);
    else if (identify !== undefined) putIdentity(identify);
  }

  function saveDraft({ project, image, draft }) {
    if (draft === null) drafts.delete(`${project}/${image}`);
    else drafts.set(`${project}/${image}`, structuredClone(draft));
  }

  function append(operation) {
    const appended = { ...structuredClone(operation), at: now(), seq: nextSeq };
    nextSeq += 1;
    kept.set(appended.seq, appended);
    return structuredClone(appended);
  }

  const inOrder = () => [...kept.values()].sort((a, b) => a.seq - b.seq).map((one) => structuredClone(one));

  return {
    name,
    durable: false,

    async saveDraft(project, image, draft) {
      saveDraft({ project, image, draft });
    },
    async draft(project, image) {
      return structuredClone(drafts.get(`${project}/${image}`) ?? null);
    },

    async append(operation) {
      return append(operation);
    },
    async appendAll(operations, held = null) {
      if (held) saveDraft(held);
      return operations.map(append);
    },
    async operations() {
      return inOrder();
    },
    async change(object, decide) {
      const changes = decide(inOrder().filter((operation) => operation.object === object));
      if (changes !== null) apply(object, changes);
      return changes;
    },

    async identify(object, identity) {
      putIdentity({ ...identity, object });
    },
    async identity(object) {
      return structuredClone(identities.get(object) ?? null);
    },
    async identifyAll(all) {
      all.forEach(putIdentity);
    },
    async objectOf(project, annotation) {
      return objectsOf(project, [annotation]).get(annotation) ?? null;
    },
    async objectsOf(project, annotations) {
      return objectsOf(project, annotations);
    },
    close() {},
  };
}
