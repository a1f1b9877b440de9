// A journal that goes on in memory where the browser's storage fails: what cannot be kept can still
// be sent.
import { JournalFailed } from "./database.js";

const FIRST_SPARE = 2 ** 50; // seqs of what is in memory only: done after all that was kept before

/** Operations, drafts and identities that `durable` cannot keep are held in memory; `onTrouble`
 * hears why. What it has kept stays in it, and is there again after a reload.
 * @param {import("./journal.js").Journal} durable
 * @param {(options: object) => import("./journal.js").Journal} openMemory
 * @param {(trouble: JournalFailed) => void} onTrouble
 * @returns {import("./journal.js").Journal} */
export function withSpare(durable, openMemory, onTrouble) {
  const spare = openMemory({ firstSeq: FIRST_SPARE });
  let isNeeded = false;
  let lastKept = [];

  async function orInMemory(attempt, otherwise) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof JournalFailed)) throw error;
      isNeeded = true;
      onTrouble(error);
      return otherwise();
    }
  }

  const objectsOf = async (project, annotations) =>
    new Map([
      ...(await orInMemory(() => durable.objectsOf(project, annotations), () => [])),
      ...(await spare.objectsOf(project, annotations)),
    ]);

  return {
    ...durable,
    get durable() {
      return !isNeeded;
    },

    saveDraft: (project, image, draft) =>
      orInMemory(
        async () => {
          await durable.saveDraft(project, image, draft);
          await spare.saveDraft(project, image, null); // an older one, of when it failed
        },
        () => spare.saveDraft(project, image, draft),
      ),
    draft: async (project, image) =>
      (await spare.draft(project, image)) ??
      orInMemory(() => durable.draft(project, image), () => null),

    append: (operation) => orInMemory(() => durable.append(operation), () => spare.append(operation)),
    appendAll: (operations, held) =>
      orInMemory(
        async () => {
          const appended = await durable.appendAll(operations, held);
          if (held) await spare.saveDraft(held.project, held.image, null);
          return appended;
        },
        () => spare.appendAll(operations, held),
      ),
    operations: async () => [
      ...(await orInMemory(async () => (lastKept = await durable.operations()), () => lastKept)),
      ...(await spare.operations()),
    ],

    async change(object, decide, durability) {
      const late = (await spare.operations()).filter((operation) => operation.object === object);
      if (late.length === 0) return durable.change(object, decide, durability);
      let changes = null;
      const decideAll = (kept) => {
        changes = decide([...kept, ...late]);
        return changes && part(changes, (seq) => seq < FIRST_SPARE, changes.identify);
      };
      const identify = await orInMemory(
        async () => {
          await durable.change(object, decideAll, durability);
          return changes?.identify === undefined ? undefined : null; // it knows better now
        },
        () => (changes = decide(late))?.identify,
      );
      if (changes === null) return null;
      await spare.change(object, () => part(changes, (seq) => seq >= FIRST_SPARE, identify));
      return changes;
    },

    identify: (object, identity) =>
      orInMemory(() => durable.identify(object, identity), () => spare.identify(object, identity)),
    async identity(object) {
      const mine = await spare.identity(object);
      const kept = await orInMemory(() => durable.identity(object), () => null);
      if (mine === null || (kept?.id === mine.id && kept.revision > mine.revision)) return kept;
      return mine;
    },
    identifyAll: (all) => orInMemory(() => durable.identifyAll(all), () => spare.identifyAll(all)),
    objectOf: async (project, annotation) =>
      (await objectsOf(project, [annotation])).get(annotation) ?? null,
    objectsOf,
  };
}

function part({ remove = [], replace = [] }, isOf, identify) {
  return { remove: remove.filter(isOf), replace: replace.filter(({ seq }) => isOf(seq)), identify };
}
