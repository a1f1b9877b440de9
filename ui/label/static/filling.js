// What of the model's proposals a page begins with, by the mode that the project is in.
import { isPending } from "./document/objects.js";

const NONE_SHOWN = 9; // above what any model promises

/** @param {object} [mode] a ModeShown @returns {number} the score from which proposals are shown */
export const leastScore = (mode) => (mode ? (mode.filling.shown_from ?? NONE_SHOWN) : 0);

/** Confident masks, for a person to keep or not. @param {Map<string, object>} objects @param {object} [mode]
 * @returns {string[]} their keys */
export function filledIn(objects, mode) {
  const from = mode?.filling.filled_from ?? null;
  if (from === null) return [];
  return [...objects.values()].filter((object) => isPending(object) && object.score >= from).map(({ key }) => key);
}
