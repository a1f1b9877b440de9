// What the page holds.
import { loadLook } from "../label/panels/look_state.js";
import { PLAIN } from "./picture/crop.js";
import { nothing } from "./wall/selection.js";

export const REVIEW = "proposals.review";
export const MANAGE = "project.manage";
export const may = ({ project }, permission) => project.permissions.includes(permission);

/** Where the page stands: nothing asked yet, asking, nothing left, or why nothing comes. */
export const DEALING = Object.freeze({ waiting: true, empty: false, trouble: null });

/** The card that keys mean. */
export const cardInView = ({ cards, mode, selection }) => cards[mode === "wall" ? selection.at : 0] ?? null;

export const initial = () => ({
  session: null, project: null, look: loadLook(),
  queues: null, queue: null, trouble: null, // of the list, or null: all that are mine
  disputed: null, // how many images, in words; null: none, or not for this person to decide
  cards: [], left: null, dealing: DEALING, audits: new Map(), said: [],
  mode: "one", view: PLAIN, masked: true, peeking: false, panel: null, selection: nothing(), columns: 1, batches: 0,
  vote: null, // of a dispute the one whose mask is shown, by its place; null: what was proposed
  shown: null, category_id: null, sticky: null, counts: new Map(), lastReason: null, feedback: null, saving: {}, conflicts: 0,
});
