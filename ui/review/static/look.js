// How a card's mask is coloured: by its category, so that a wrong one is seen.
import { categoryColour } from "../label/palette.js";

const PLAIN = [86, 180, 233];
/** Of what a model proposed, beside what people said of it. */
export const PROPOSED = [255, 255, 255];

/** Of votes that are told apart by number. @param {number} at */
export const voteColour = (at) => categoryColour(at);

/** @param {{ project: { categories: { id: number }[] } }} state @param {number|null} id of a category */
export function colourOf({ project, category_id }, id = category_id) {
  const at = project.categories.findIndex((category) => category.id === id);
  return at < 0 ? PLAIN : categoryColour(at);
}

/** @param {{ categories: { id: number, name: string }[] }} project @param {number|null} id */
export const categoryName = (project, id) => project.categories.find((category) => category.id === id)?.name ?? null;
