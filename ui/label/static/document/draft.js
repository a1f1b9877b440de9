// The object in hand: a draft is immutable, each click or stroke gives the next one.
import { boxOf, centre } from "../masks/shapes.js";

/**
 * @typedef {object} Draft
 * @property {string} object     key that the annotation will have
 * @property {{ kind: "new"|"proposal"|"annotation", key: string|null, id: number|null }} source  what was taken into hand
 * @property {{ points: [number, number, number][], box: number[]|null }} prompt  what asks SAM now, pixels of the image
 * @property {object[]} asked    prompts as they were sent, with the answer that was chosen
 * @property {{ mask: Mask, predicted_iou: number, reference: string }[]} candidates  of the last answer
 * @property {number} chosen
 * @property {Mask|null} mask    what would be kept
 * @property {boolean} by_hand   edited since the model drew it
 * @property {number|null} version
 * @property {number|null} score
 * @property {number|null} category_id
 * @property {string[]} absorbed keys of objects that go when this one is kept
 * @property {number} began      activity clock at the start, seconds
 * @property {number} clicks
 */

/** @returns {Draft} */
export function newDraft({ object, category_id, began }) {
  return {
    object,
    source: { kind: "new", key: null, id: null },
    prompt: { points: [], box: null },
    asked: [],
    candidates: [],
    chosen: 0,
    mask: null,
    by_hand: false,
    version: null,
    score: null,
    category_id,
    absorbed: [],
    began,
    clicks: 0,
  };
}

/** Something that lies on the image, taken into hand. @returns {Draft} */
export function draftOf(object, { uuid, category_id, began }) {
  const isProposal = object.kind === "proposal";
  return {
    ...newDraft({ object: isProposal ? uuid() : object.key, category_id: object.category_id ?? category_id, began }),
    source: { kind: object.kind, key: object.key, id: object.id ?? null },
    asked: object.prompts ?? [],
    mask: object.mask,
    version: object.version ?? null,
    score: object.score ?? null,
  };
}

/** @param {Draft} draft @param {[number, number, number][]} points more of them */
export const withPoints = (draft, points, clicks = 1) => ({
  ...draft,
  prompt: { ...draft.prompt, points: [...draft.prompt.points, ...points] },
  clicks: draft.clicks + clicks,
});

export const withBox = (draft, box) => ({ ...draft, prompt: { ...draft.prompt, box }, clicks: draft.clicks + 1 });

/** An answer of the model to the draft's prompt. @param {object} sent the request's body */
export function withAnswer(draft, sent, candidates, version) {
  return choose({ ...draft, asked: [...draft.asked, sent], candidates, version, by_hand: false }, 0);
}

/** Another one of the candidates, counted round. */
export function choose(draft, index) {
  const count = draft.candidates.length;
  if (count === 0) return draft;
  const chosen = ((index % count) + count) % count;
  const { mask, predicted_iou } = draft.candidates[chosen];
  const asked = draft.asked.map((sent, at) => (at === draft.asked.length - 1 ? { ...sent, chosen } : sent));
  return { ...draft, chosen, mask, score: predicted_iou, asked, by_hand: false };
}

/** What brush, polygon and the like have made of it; candidates end with it. */
export const withMask = (draft, mask, clicks = 1) => ({
  ...draft,
  mask,
  by_hand: true,
  candidates: [],
  chosen: 0,
  score: null,
  clicks: draft.clicks + clicks,
});

/** What asks for the next mask: a lone click on nothing gets three readings, the rest refine the chosen
 * one. A mask that no answer stands behind (a proposal taken into hand, brush work) goes along as its box.
 * @param {Draft} draft @returns {object} a MaskRequest */
export function request(draft) {
  const { points } = draft.prompt;
  const previous = draft.candidates[draft.chosen]?.reference ?? null;
  const seed = previous === null && draft.mask !== null;
  const box = draft.prompt.box ?? (seed ? boxOf(draft.mask) : null);
  const lone = points.length === 1 && box === null && previous === null;
  return { points: seed ? rooted(points, draft.mask) : points, box, previous, multimask: lone };
}

/** Points that only take away need one that says of what. */
const rooted = (points, mask) =>
  points.length === 0 || points.some(([, , label]) => label === 1) ? points : [[...centre(mask), 1], ...points];

/** @param {Draft} draft @param {number} now activity clock, seconds */
export function kept(draft, now) {
  return {
    key: draft.object,
    kind: "annotation",
    id: draft.source.kind === "annotation" ? draft.source.id : null,
    mask: draft.mask,
    category_id: draft.category_id,
    score: draft.by_hand ? null : draft.score,
    version: draft.version,
    prompts: draft.asked,
    proposal_id: draft.source.kind === "proposal" ? draft.source.id : null,
    seconds: Math.round((now - draft.began) * 10) / 10,
    clicks: draft.clicks,
  };
}
