// What a labeler does to the objects of an image; every command and tool ends in one of these.
import { choose, draftOf, kept, newDraft, request, withAnswer, withBox, withMask, withPoints } from "./document/draft.js";
import { isShown } from "./document/objects.js";
import { uuid } from "./journal/ids.js";
import { lookOf } from "./look.js";
import { contains, subtract, union } from "./masks/rle.js";
import { boxOf, fillHoles, merge, polygon, removeIslands, splitByLine, strokePoints } from "./masks/shapes.js";

/**
 * @param {object} parts
 * @param {object} parts.store @param {ReturnType<import("./document/document.js").createDocument>} parts.doc
 * @param {object} parts.asking @param {{ seconds: number }} parts.activity
 * @param {(sentence: string, options?: object) => void} parts.say
 * @param {(kept: object) => void} parts.onKept   an object was finished
 */
export function createActions({ store, doc, asking, activity, say, onKept }) {
  const state = store.state;
  let lastKept = activity.seconds;

  const place = () => ({ project: state.project.id, image: state.image.id });
  const size = () => [state.image.height, state.image.width];
  const fresh = () => newDraft({ object: uuid(), category_id: state.category_id, began: activity.seconds });
  const changeDraft = (change) => doc.apply(({ draft }) => ({ draft: change(draft) }));

  /** What a command means: what is selected, else what the pointer is over. */
  function targets() {
    const keys = state.selected.size ? [...state.selected] : state.hovered ? [state.hovered] : [];
    return keys.map((key) => state.objects.get(key)).filter((object) => object && isShown(object));
  }

  // --- prompts ------------------------------------------------------------------------------------

  async function prompt(change) {
    await changeDraft((draft) => change(draft ?? fresh()));
    await askAgain();
  }

  const asks = ({ prompt: { points, box } }) => points.length > 0 || box !== null;

  async function askAgain() {
    const asked = state.draft;
    if (asked === null || !asks(asked)) return;
    const sent = request(asked);
    try {
      const answer = await asking.ask(place(), sent);
      if (answer === null || state.draft?.prompt !== asked.prompt || state.draft.object !== asked.object) return;
      await doc.amend(withAnswer(state.draft, sent, answer.masks, answer.version));
    } catch (error) {
      say(error.message, { kind: "bad", key: "ask", action: { label: "Ask again", run: askAgain } });
    }
  }

  // --- the object in hand -------------------------------------------------------------------------

  function acceptDraft() {
    if (state.draft.mask === null) return say("There is no mask yet: click on the object first.", { key: "accept" });
    return keep(state.draft);
  }

  /** @param {object} draft @param {Mask[]} more  objects of their own, cut from the same */
  function keep(draft, more = []) {
    if (draft.category_id === null) return say("Choose a category first (1 to 9, or /).", { kind: "warn", key: "accept" });
    const whole = kept(draft, activity.seconds);
    const object = { ...whole, seconds: whole.seconds / (1 + more.length) };
    const pieces = more.map((mask) => ({ ...object, key: uuid(), id: null, proposal_id: null, clicks: 0, mask }));
    asking.cancel();
    lastKept = activity.seconds;
    [object, ...pieces].forEach(onKept);
    return doc.apply(({ objects }) => {
      const after = new Map(objects);
      for (const key of draft.absorbed) absorb(after, key);
      const proposal = draft.source.kind === "proposal" ? objects.get(draft.source.key) : undefined;
      if (proposal) settle(after, proposal.key, draft.mask === proposal.mask ? "accepted" : "corrected");
      after.set(object.key, { ...objects.get(object.key), ...object });
      for (const piece of pieces) after.set(piece.key, piece);
      return { objects: after, draft: null };
    });
  }

  function absorb(objects, key) {
    const object = objects.get(key);
    if (object?.kind === "annotation") objects.delete(key);
    else if (object) settle(objects, key, "rejected");
  }

  const settle = (objects, key, verdict) => objects.set(key, { ...objects.get(key), state: verdict });

  function acceptProposals(proposals) {
    if (state.category_id === null) return say("Choose a category first (1 to 9, or /).", { kind: "warn", key: "accept" });
    const seconds = secondsSince();
    const made = proposals.map((proposal) => ({
      key: uuid(),
      kind: "annotation",
      id: null,
      mask: proposal.mask,
      category_id: state.category_id,
      score: proposal.score,
      version: proposal.version,
      prompts: [],
      proposal_id: proposal.id,
      seconds: seconds / proposals.length,
      clicks: 0,
    }));
    made.forEach(onKept);
    store.set({ selected: new Set() });
    return doc.apply(({ objects }) => {
      const after = new Map(objects);
      for (const proposal of proposals) settle(after, proposal.key, "accepted");
      for (const object of made) after.set(object.key, object);
      return { objects: after };
    });
  }

  /** Of a verdict: what was worked since the last object was finished. */
  function secondsSince() {
    const since = Math.max(0, activity.seconds - lastKept);
    lastKept = activity.seconds;
    return Math.round(since * 10) / 10;
  }

  /** Objects of others may be changed by some only; the server decides, this says it before work is done. */
  function mayChange(object) {
    const mine = object.author === undefined || object.author === state.session.user.name;
    if (object.kind === "proposal" || mine || state.project.permissions.includes("annotations.write_all")) return true;
    say(`${object.author} made this one; changing it needs the role reviewer.`, { kind: "warn", key: "others" });
    return false;
  }

  function rework(change) {
    const draft = state.draft;
    if (draft?.mask) return apply(draft, change(draft.mask));
    const [object] = targets();
    if (!object || !mayChange(object)) return undefined;
    return apply(inHand(object), change(object.mask));
  }

  function apply(draft, mask) {
    if (mask === null) return say("Nothing would be left of it.", { key: "rework" });
    if (mask === draft.mask) return undefined;
    store.set({ selected: new Set() });
    return changeDraft(() => withMask(draft, mask));
  }

  /** What a line is meant to divide: it may begin outside of it. What is selected or pointed at comes
   * first, then the smallest. */
  function divided(points) {
    const { hidden } = lookOf(state);
    const along = strokePoints(points, 200).map((at) => at.map(Math.floor));
    const meant = new Set(targets());
    return [...state.objects.values()]
      .filter((object) => isShown(object) && !hidden.has(object.key) && along.some(([x, y]) => contains(object.mask, x, y)))
      .sort((a, b) => meant.has(b) - meant.has(a) || a.mask.area - b.mask.area)
      .find((object) => splitByLine(object.mask, points).length > 1);
  }

  const inHand = (object) => draftOf(object, { uuid, category_id: state.category_id, began: activity.seconds });

  return {
    targets,
    askAgain,
    point: (at, label) => prompt((draft) => withPoints(draft, [[...at, label]])),
    box: (box) => prompt((draft) => withBox(draft, box)),
    stroke: (points, label) =>
      prompt((draft) => withPoints(draft, strokePoints(points).map(([x, y]) => [x, y, label]))),
    /** Held back also where there is nothing to choose yet or at all: Tab, then Enter would be pressed
     * on some button otherwise. Escape lets go. */
    candidate(step) {
      const draft = state.draft;
      if (!draft || !asks(draft)) return false;
      if (draft.candidates.length > 1) doc.amend(choose(draft, draft.chosen + step));
      return true;
    },
    accept() {
      if (state.draft) return acceptDraft();
      const proposals = targets().filter(({ kind }) => kind === "proposal");
      if (proposals.length) return acceptProposals(proposals);
      return say("Point at a proposal, or click on an object, then accept it.", { key: "accept" });
    },
    reject() {
      const source = state.draft?.source;
      const held = source?.kind === "proposal" ? state.objects.get(source.key) : undefined;
      const proposals = held ? [held] : targets().filter(({ kind }) => kind === "proposal");
      if (!proposals.length) return false;
      const seconds = secondsSince();
      if (held) asking.cancel();
      store.set({ selected: new Set() });
      doc.apply(({ objects, draft }) => {
        const after = new Map(objects);
        for (const { key } of proposals) after.set(key, { ...after.get(key), state: "rejected", seconds });
        return { objects: after, draft: held ? null : draft };
      });
      return true;
    },
    edit() {
      const [object] = targets();
      if (!object || !mayChange(object)) return false;
      if (state.draft?.mask) {
        say("An object is in hand: Enter keeps it, Escape drops it.", { kind: "warn", key: "hand" });
        return true;
      }
      if (object.category_id !== null) store.set({ category_id: object.category_id });
      store.set({ selected: new Set() });
      changeDraft(() => inHand(object));
      return true;
    },
    remove() {
      if (state.draft) return this.cancel();
      const annotations = targets().filter((object) => object.kind === "annotation" && mayChange(object));
      if (!annotations.length) return false;
      store.set({ selected: new Set() });
      doc.apply(({ objects }) => {
        const after = new Map(objects);
        for (const { key } of annotations) after.delete(key);
        return { objects: after };
      });
      return true;
    },
    cancel() {
      if (state.draft) {
        asking.cancel();
        changeDraft(() => null);
        return true;
      }
      if (!state.selected.size) return false;
      store.set({ selected: new Set() });
      return true;
    },
    /** A category for what comes, and for what is in hand or selected. */
    categorize(category_id) {
      store.set({ category_id });
      if (state.draft) return changeDraft((draft) => ({ ...draft, category_id }));
      const changed = [...state.selected].map((key) => state.objects.get(key))
        .filter((object) => object?.kind === "annotation" && object.category_id !== category_id && mayChange(object));
      if (!changed.length) return undefined;
      return doc.apply(({ objects }) => {
        const after = new Map(objects);
        for (const object of changed) after.set(object.key, { ...object, category_id });
        return { objects: after };
      });
    },
    fillHoles: () => rework((mask) => fillHoles(mask)),
    removeIslands: () => rework((mask) => removeIslands(mask, "largest")),
    /** Brush work on the object in hand is done: its mask as it is now. */
    painted: (draft, mask) => apply(draft, mask),
    polygon(points, adds) {
      const drawn = polygon(points, size());
      if (drawn === null) return undefined;
      const draft = state.draft ?? fresh();
      if (draft.mask === null) return adds ? apply(draft, drawn) : undefined;
      return apply(draft, adds ? union(draft.mask, drawn) : subtract(draft.mask, drawn));
    },
    draftToPaint: () => state.draft ?? fresh(),
    merge() {
      const objects = targets().filter(mayChange);
      if (state.draft || objects.length < 2) {
        say("Select two objects or more (Ctrl+click), then merge them.", { key: "merge" });
        return;
      }
      const [first, ...others] = objects.sort((a, b) => a.kind.localeCompare(b.kind));
      store.set({ selected: new Set() });
      const draft = { ...inHand(first), absorbed: others.map(({ key }) => key) };
      changeDraft(() => withMask(draft, merge(objects.map(({ mask }) => mask))));
    },
    /** A box around what is in hand asks SAM for the mask in it. */
    snap() {
      const draft = state.draft ?? (targets()[0] ? inHand(targets()[0]) : null);
      if (draft === null || (draft.mask === null && draft.prompt.box === null)) return undefined;
      const box = draft.prompt.box ?? boxOf(draft.mask);
      const asked = { ...draft, candidates: [], mask: draft.mask, prompt: { points: [], box } };
      return changeDraft(() => asked).then(askAgain);
    },
    /** All pieces are kept at once, so that none lies on the whole when the hand lets go. */
    split(points) {
      const object = state.draft?.mask ? null : divided(points);
      if (object && !mayChange(object)) return undefined;
      const draft = object ? inHand(object) : state.draft;
      if (!draft?.mask) return say("The line divides nothing: draw it across a whole object.", { key: "split" });
      const [largest, ...others] = splitByLine(draft.mask, points);
      if (!others.length) return say("The line does not divide it: draw it across the whole object.", { key: "split" });
      return keep(withMask(draft, largest), others);
    },
  };
}
