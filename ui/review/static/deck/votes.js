// What several people said of the mask in view, where they disagree: which of it is shown, and what it is as an answer. Pure.

/** @typedef {{ verdict: "accepted"|"corrected"|"rejected", category_id: number|null, segmentation: object|null, reason: string|null }} Vote
 * segmentation null: as it was proposed */

/** Of the card that is looked at alone; null: the proposal is shown. @returns {Vote|null} */
export const voteInView = ({ cards: [card], mode, vote }) => (mode === "one" && vote !== null ? (card?.votes[vote] ?? null) : null);

/** The place after this one, by way of the proposal (null). @param {number|null} at @param {number} count @param {1|-1} step */
export function nextVote(at, count, step = 1) {
  const next = ((at ?? -1) + 1 + step + count + 1) % (count + 1);
  return next === 0 ? null : next - 1;
}

/** The mask that somebody stood behind; null where they saw no object. @param {object} card @param {Vote} vote */
export const maskVoted = (card, { verdict, segmentation }) => (verdict === "rejected" ? null : (segmentation ?? card.segmentation));

/** The answer that says the same. @param {Vote} vote */
export function answerOf({ verdict, category_id, segmentation, reason }) {
  if (verdict === "rejected") return { verdict, ...(reason ? { reason } : {}) };
  if (segmentation === null) return { verdict: "accepted", category_id };
  return { verdict: "corrected", mask: { category_id, segmentation, prompts: [], model_version: null, predicted_iou: null, seconds: null } };
}
