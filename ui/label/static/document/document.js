// The image being worked on: its objects and the draft in hand, each change journaled before it is sent.
import { uuid } from "../journal/ids.js";
import { createHistory } from "./history.js";
import { isPending } from "./objects.js";
import { operationsBetween } from "./operations.js";

/** Verdicts cannot be taken back on the server: they wait so long for an undo. */
const HOLD_MS = 8000;

/**
 * @param {object} parts
 * @param {object} parts.store   `objects`, `draft` and `history` are this module's
 * @param {object} parts.journal
 * @param {object} parts.outbox
 * @param {(error: Error) => void} parts.onLost   something could not be written down
 */
export function createDocument({ store, journal, outbox, onLost }) {
  const history = createHistory();
  let about = null;
  let queue = Promise.resolve();

  function inOrder(work) {
    const done = queue.then(work);
    queue = done.catch((error) => onLost(error));
    return done;
  }

  const doc = () => ({ objects: store.state.objects, draft: store.state.draft });

  function show({ objects, draft }) {
    store.set({ objects, draft, history: history.counts });
  }

  const saveDraft = ({ project, image }, draft) => journal.saveDraft(project, image, draft);

  /** Tells the outbox what has changed, but for objects `without`; what is in hand is written down with it:
   * whenever the page ends, an object is in hand or is kept, never both. */
  async function send(place, before, after, without = new Set()) {
    const operations = changesBetween(place, before, after).filter(({ object }) => !without.has(object));
    const { project, image } = place;
    const held = before.draft === after.draft ? null : { project, image, draft: after.draft };
    if (operations.length > 0) await outbox.addAll(operations, held);
    else if (held !== null) await saveDraft(place, held.draft);
    return operations;
  }

  function changesBetween(place, before, after) {
    if (before.objects === after.objects) return [];
    return operationsBetween(before.objects, after.objects, { ...place, holdUntil: Date.now() + HOLD_MS, uuid });
  }

  function record(before, after) {
    const place = about;
    const step = { before, after, operations: null };
    step.operations = inOrder(() => send(place, before, after));
    history.push(step);
    show(after);
    return step.operations;
  }

  /** What was not sent is withdrawn, the rest is made good by its opposite. What is in hand again is
   * written down first: where the page ends meanwhile, it is the undo that is lost. */
  async function takeBack(place, operations, from, to) {
    const withdrawn = new Set();
    if (from.draft !== to.draft) await saveDraft(place, to.draft);
    for (const operation of [...operations].reverse()) {
      if (await outbox.withdraw(operation.key)) withdrawn.add(operation.object);
      else if (operation.kind === "review") place.decided.add(operation.proposal);
    }
    return send(place, { ...from, draft: to.draft }, to, withdrawn);
  }

  /** Goes over to the other side of a step. `tell` gets the operations that it caused last. */
  function goTo(step, doc, tell) {
    const caused = step.operations.catch(() => []); // what could not be written was said then
    const place = about;
    step.operations = inOrder(async () => tell(place, await caused));
    show(doc);
    step.operations.catch(() => {}); // said by onLost
    return true;
  }

  return {
    /** @param {{ project: number, image: number, objects: Map, draft: object|null, decided: Set<number> }} opened */
    open({ project, image, objects, draft, decided }) {
      history.clear();
      about = { project, image, decided };
      show({ objects, draft });
    },
    /** One step of work. `change` gives the next document, or what it was given when nothing changes.
     * Resolves when it is written down; rejects when it could not be. */
    apply(change) {
      const before = doc();
      const after = { ...before, ...change(before) };
      if (after.objects === before.objects && after.draft === before.draft) return Promise.resolve([]);
      return record(before, after);
    },
    /** What an answer or another candidate makes of the draft: no step of its own. */
    amend(amended) {
      history.amend(store.state.draft, amended);
      store.set({ draft: amended });
      const place = about;
      return inOrder(() => saveDraft(place, amended));
    },
    undo() {
      const step = history.undo();
      return step !== null && goTo(step, step.before, (place, caused) => takeBack(place, caused, step.after, step.before));
    },
    redo() {
      const step = history.redo();
      return step !== null && goTo(step, step.after, (place) => send(place, step.before, step.after));
    },
    /** Objects of this image as they are elsewhere now: added, changed or gone without a step of ours.
     * @param {Map<string, object|null>} news  null takes one away */
    merge(news) {
      if (news.size === 0) return;
      const change = (objects) => {
        const merged = new Map(objects);
        for (const [key, object] of news) {
          if (object === null) merged.delete(key);
          else merged.set(key, object);
        }
        return merged;
      };
      show({ objects: history.rebase(change, store.state.objects), draft: store.state.draft });
    },
    /** The server has one of our objects: what it is called there, in every step that knows it.
     * @param {string} double  the key it would have if it came from elsewhere: it may have been loaded so meanwhile */
    name(key, names, double) {
      const renamed = new Map();
      const change = (objects) => {
        const known = objects.get(key);
        if (!known) return objects;
        if (!renamed.has(known)) renamed.set(known, { ...known, ...names });
        const changed = new Map(objects).set(key, renamed.get(known));
        if (double !== key) changed.delete(double);
        return changed;
      };
      show({ objects: history.rebase(change, store.state.objects), draft: store.state.draft });
    },
    /** A verdict has reached the server: it stands. */
    decide: (proposal) => about.decided.add(proposal),
    pendingProposals: () => [...store.state.objects.values()].filter(isPending),
    /** Resolves when everything so far is written down. */
    settled: () => queue,
  };
}
