import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, maskVoted, nextVote, voteInView } from "../../../ui/review/static/deck/votes.js";

const ACCEPTED = { verdict: "accepted", category_id: 3, segmentation: null, reason: null };
const CORRECTED = { verdict: "corrected", category_id: 4, segmentation: { size: [2, 2], counts: "04" }, reason: null };
const REJECTED = { verdict: "rejected", category_id: null, segmentation: null, reason: "a shadow" };
const card = { segmentation: { size: [2, 2], counts: "13" }, votes: [ACCEPTED, CORRECTED, REJECTED] };

test("one vote after the other, then the proposal again", () => {
  const round = (step) => [0, 1, 2, 3].reduce((places) => [...places, nextVote(places.at(-1), 3, step)], [null]);
  assert.deepEqual(round(1), [null, 0, 1, 2, null]);
  assert.deepEqual(round(-1), [null, 2, 1, 0, null]);
});

test("a vote is in view of a card that is looked at alone", () => {
  assert.equal(voteInView({ cards: [card], mode: "one", vote: 1 }), CORRECTED);
  assert.equal(voteInView({ cards: [card], mode: "one", vote: null }), null);
  assert.equal(voteInView({ cards: [card], mode: "wall", vote: 1 }), null);
  assert.equal(voteInView({ cards: [], mode: "one", vote: 1 }), null);
});

test("who accepted stands for the mask as it was proposed, who rejected for none", () => {
  assert.equal(maskVoted(card, ACCEPTED), card.segmentation);
  assert.equal(maskVoted(card, CORRECTED), CORRECTED.segmentation);
  assert.equal(maskVoted(card, REJECTED), null);
});

test("a vote that is taken is an answer of the same meaning", () => {
  assert.deepEqual(answerOf(ACCEPTED), { verdict: "accepted", category_id: 3 });
  assert.deepEqual(answerOf(REJECTED), { verdict: "rejected", reason: "a shadow" });
  assert.deepEqual(answerOf({ ...REJECTED, reason: null }), { verdict: "rejected" });
  const { verdict, mask } = answerOf(CORRECTED);
  assert.equal(verdict, "corrected");
  assert.deepEqual([mask.category_id, mask.segmentation, mask.prompts], [4, CORRECTED.segmentation, []]);
});
