// How objects are drawn, as a function of the state: their colours, and which are hidden.
import { isShown } from "./document/objects.js";
import { categoryColour, objectColour, scoreColour } from "./palette.js";

/** A proposal has no category yet: its outline is plain, and it is hardly filled. */
const UNDECIDED = [236, 241, 250, 0.12];
export const LEAST_SHOWN = 0;

/** @param {object} state of the page @returns {object[]} what the stage shall draw */
export function drawn({ objects, draft }) {
  return [...objects.values()].filter((object) => isShown(object) && object.key !== draft?.source.key && !draft?.absorbed.includes(object.key));
}

/** @param {object} state @returns {{ colours: Map<string, number[]>, hidden: Set<string> }} */
export function lookOf({ objects, look, project, least_score, selected }) {
  const index = new Map(project.categories.map(({ id }, at) => [id, at]));
  const colourOf = {
    category: ({ category_id }) => (category_id === null ? UNDECIDED : categoryColour(index.get(category_id) ?? 0)),
    score: ({ score }) => (score === null || score === undefined ? UNDECIDED : scoreColour(score)),
    object: ({ key }) => objectColour(key),
  }[look.colour];
  const colours = new Map();
  const hidden = new Set();
  for (const object of objects.values()) {
    colours.set(object.key, colourOf(object));
    const below = object.kind === "proposal" && object.score < least_score;
    const aside = !look.others && !selected.has(object.key);
    if (below || aside) hidden.add(object.key);
  }
  return { colours, hidden };
}

/** @param {object} state @returns {number[]} of the object in hand */
export function draftColour({ draft, project }) {
  const at = project.categories.findIndex(({ id }) => id === draft?.category_id);
  return at < 0 ? [86, 180, 233] : categoryColour(at);
}
