// What every journal holds to: run on the one in memory by node, on IndexedDB in a browser.

export function same(found, wanted) {
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`it is ${a}, not ${b}`);
}

const operation = (key, object, more = {}) => ({
  key,
  kind: "update",
  project: 1,
  image: 4,
  object,
  base: null,
  body: { category_id: 2, segmentation: { size: [3, 5], counts: "01" } },
  ...more,
});
const keys = (operations) => operations.map(({ key }) => key);
const annotation = (id, revision) => ({ project: 1, image: 4, id, revision });

/** Names of behaviour and functions of an empty journal. */
export const contract = {
  "operations come back in order, as they were given": async (journal) => {
    const first = await journal.append(operation("a", "o1", { base: 3 }));
    const second = await journal.append(operation("b", "o2"));
    const [one, two] = await journal.operations();
    same(one, first);
    same(one.body, operation("a", "o1").body);
    same([one.base, two.base, two.key], [3, null, "b"]);
    same([second.seq > first.seq, typeof first.at], [true, "number"]);
  },

  "a step's operations and what is in hand after it are written together": async (journal) => {
    await journal.saveDraft(1, 4, { points: [[1, 1, 1]] });
    const appended = await journal.appendAll([operation("a", "o1"), operation("b", "o2")], { project: 1, image: 4, draft: null });
    same(keys(appended), ["a", "b"]);
    same(await journal.operations(), appended);
    same(await journal.draft(1, 4), null);
    await journal.appendAll([operation("c", "o1")], { project: 1, image: 4, draft: { points: [] } });
    same([await journal.draft(1, 4), await journal.draft(1, 5)], [{ points: [] }, null]);
  },

  "a change sees the operations of its object and no others": async (journal) => {
    await journal.append(operation("a", "o1"));
    await journal.append(operation("b", "o2"));
    await journal.append(operation("c", "o1"));
    let seen = null;
    await journal.change("o1", (found) => {
      seen = keys(found);
      return null;
    });
    same(seen, ["a", "c"]);
  },

  "removing, replacing and identifying are one change": async (journal) => {
    const a = await journal.append(operation("a", "o1"));
    const b = await journal.append(operation("b", "o1"));
    const changes = { remove: [a.seq], replace: [{ ...b, base: 9 }], identify: { object: "o1", ...annotation(70, 9) } };
    same(await journal.change("o1", () => changes), changes);
    same(await journal.operations(), [{ ...b, base: 9 }]);
    same(await journal.identity("o1"), { object: "o1", ...annotation(70, 9) });
  },

  "a change whose decision breaks changes nothing": async (journal) => {
    const a = await journal.append(operation("a", "o1"));
    let told = null;
    const breaks = () => {
      throw new RangeError("no");
    };
    await journal.change("o1", breaks).catch((error) => (told = error.name));
    same(told, "RangeError");
    same(await journal.operations(), [a]);
  },

  "an operation is found again after its mask was changed by the caller": async (journal) => {
    const mine = operation("a", "o1", { body: { ends: new Uint32Array([1, 2]) } });
    await journal.append(mine);
    mine.body.ends[0] = 99;
    const [kept] = await journal.operations();
    same([...kept.body.ends], [1, 2]);
  },

  "an annotation is one object, the one that was named last": async (journal) => {
    await journal.identify("o1", annotation(70, 1));
    await journal.identify("o1", annotation(70, 2));
    same(await journal.objectOf(1, 70), "o1");
    same((await journal.identity("o1")).revision, 2);
    await journal.identify("o2", annotation(70, 3));
    same(await journal.objectOf(1, 70), "o2");
    same(await journal.identity("o1"), null);
  },

  "many annotations are named and found at once": async (journal) => {
    await journal.identifyAll([
      { object: "o1", ...annotation(70, 1) },
      { object: "o2", ...annotation(71, 4) },
    ]);
    same((await journal.identity("o2")).revision, 4);
    same([...(await journal.objectsOf(1, [70, 71, 72]))], [[70, "o1"], [71, "o2"]]);
    same([...(await journal.objectsOf(2, [70]))], []);
  },

  "a change may name another object of the annotation that its own was": async (journal) => {
    await journal.append(operation("a", "o1"));
    await journal.identify("o1", annotation(70, 1));
    await journal.change("o1", () => ({ identify: { object: "o2", ...annotation(70, 2) } }));
    same([await journal.objectOf(1, 70), await journal.identity("o1")], ["o2", null]);
  },

  "a change may say that its object is no annotation any more": async (journal) => {
    const a = await journal.append(operation("a", "o1"));
    await journal.identify("o1", annotation(70, 1));
    await journal.change("o1", () => ({ replace: [{ ...a, base: 1 }] }));
    same((await journal.identity("o1")).id, 70);
    await journal.change("o1", () => ({ remove: [a.seq], identify: null }));
    same([await journal.identity("o1"), await journal.objectOf(1, 70)], [null, null]);
  },

  "an object that became another annotation is no longer the first": async (journal) => {
    await journal.identify("o1", annotation(70, 1));
    await journal.identify("o1", annotation(71, 1));
    same(await journal.objectOf(1, 70), null);
    same(await journal.objectOf(1, 71), "o1");
    same(await journal.objectOf(2, 71), null);
  },

  "what is not known is null": async (journal) => {
    same(await journal.identity("nobody"), null);
    same(await journal.objectOf(1, 5), null);
    same(await journal.draft(1, 4), null);
    same(await journal.operations(), []);
  },

  "a draft is the newest one of its image until it is taken away": async (journal) => {
    await journal.saveDraft(1, 4, { points: [] });
    const writes = [1, 2, 3].map((x) => journal.saveDraft(1, 4, { points: [[x, 0, 1]] }));
    await Promise.all(writes);
    same(await journal.draft(1, 4), { points: [[3, 0, 1]] });
    same(await journal.draft(1, 5), null);
    await journal.saveDraft(1, 4, null);
    same(await journal.draft(1, 4), null);
  },
};
