// Commands by name: what a key or a button runs. True when it did something.
import { OTHER, REASONS } from "./deck/reasons.js";
import { onTop } from "./deck/deck.js";
import { nextVote, voteInView } from "./deck/votes.js";
import { lookAfter } from "../label/panels/look_state.js";
import { PLAIN, zoomed } from "./picture/crop.js";
import { cardInView } from "./state.js";
import { all, nothing, stepped, toggled } from "./wall/selection.js";

const ZOOM_STEP = 1.3;
const WAYS = ["left", "right", "up", "down"];

/** @param {object} parts  store, judging, batches, categories, wall, feedback, late, correct, openSheet, chooseQueue, focus */
export function createRun(parts) {
  const { store, judging, batches, categories, wall } = parts;
  const { state } = store;
  const did = (value) => value !== false;
  const isWall = () => state.mode === "wall";
  const isRejecting = () => state.panel === "reasons" || state.panel === "reason";

  function reject(reason) {
    const card = cardInView(state);
    store.set({ panel: null });
    parts.focus();
    return card === null ? false : judging.reject(reason, card);
  }

  function accept(event) {
    if (isRejecting()) {
      if (event?.key === "Enter") return reject(null);
      store.set({ panel: null });
    }
    if (event?.key === "Enter" && voteInView(state) !== null) return did(judging.take());
    return isWall() ? batches.accept() : did(judging.accept());
  }

  function digit(number) {
    if (!isRejecting()) return categories.choose(number);
    if (number === OTHER) store.set({ panel: "reason" });
    else if (REASONS[number - 1]) reject(REASONS[number - 1].text);
    return true;
  }

  function space(event) {
    if (event?.target?.closest?.("button, select, summary, input, a")) return false; // theirs
    if (isWall()) store.set({ selection: toggled(state.selection, state.selection.at, wall.ids()) });
    else store.set({ peeking: true });
    return true;
  }

  function cancel() {
    if (isRejecting()) store.set({ panel: null });
    else if (isWall() && state.selection.ids.size) store.set({ selection: { ...nothing(), at: state.selection.at } });
    else if (isWall()) toggleWall();
    else if (state.vote !== null) store.set({ vote: null });
    else if (state.view !== PLAIN) store.set({ view: PLAIN });
    else return false;
    return true;
  }

  function toggleWall() {
    const mode = isWall() ? "one" : "wall";
    store.set({ mode, panel: null, selection: nothing(), view: PLAIN, masked: true, vote: null });
    parts.focus();
    return true;
  }

  function alone(card) {
    store.set({ mode: "one", panel: null, cards: onTop(state.cards, [card]), view: PLAIN, vote: null });
    parts.focus();
  }

  function correct() {
    const card = cardInView(state);
    if (card === null) return false;
    const from = state.mode;
    if (isWall()) alone(card);
    parts.correct(card, null, from);
    return true;
  }

  /** Of a dispute; elsewhere nobody has voted. */
  function vote(step) {
    const [card] = state.cards;
    if (isWall() || !card?.votes.length) return false;
    store.set({ vote: nextVote(state.vote, card.votes.length, step), masked: true });
    return true;
  }

  const zoom = (factor) => () => isWall() || did(store.set({ view: zoomed(state.view, factor) }));

  const BY_NAME = {
    accept,
    reject: () => (cardInView(state) === null ? false : isRejecting() ? reject(null) : did(store.set({ panel: "reasons" }))),
    "reject.last": () => (state.lastReason === null ? did(store.set({ panel: "reasons" })) : reject(state.lastReason)),
    correct,
    undo: () => did(judging.undo()),
    later: () => isWall() || did(judging.later()),
    give_back: () => did(judging.giveBack()),
    cancel,
    space,
    mask: () => did(store.set({ masked: !state.masked })),
    mode: () => did(store.set({ look: lookAfter(state.look, "look.mode") })),
    whole: () => isWall() || did(store.set({ view: { ...PLAIN, whole: !state.view.whole } })),
    "zoom.in": zoom(ZOOM_STEP),
    "zoom.out": zoom(1 / ZOOM_STEP),
    truth: () => parts.feedback.open(),
    take: () => judging.take(),
    vote: () => vote(1),
    "vote.back": () => vote(-1),
    search: () => did(categories.search()),
    wall: toggleWall,
    "wall.all": () => isWall() && did(store.set({ selection: all(state.selection, wall.ids()) })),
    queue: () => did(parts.chooseQueue()),
    help: () => did(parts.openSheet()),
  };
  for (let number = 1; number <= 9; number += 1) BY_NAME[`digit.${number}`] = () => digit(number);
  for (const way of WAYS) {
    for (const far of [false, true]) {
      BY_NAME[`wall.${way}${far ? "_far" : ""}`] = () => isWall() && did(store.set({ selection: stepped(state.selection, way, state.columns, wall.ids(), far) }));
    }
  }

  /** @param {string} id @param {KeyboardEvent} [event] */
  const run = (id, event) => BY_NAME[id]?.(event) ?? false;
  return Object.assign(run, { reject, alone });
}
