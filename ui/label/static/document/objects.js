// What lies on an image: annotations and proposals as the server tells them, made into LabelObjects.
import { decode, encode } from "../masks/rle.js";

export const PENDING = "pending";

/** @param {object} shown an AnnotationShown @param {string} key */
export function fromAnnotation(shown, key) {
  return {
    key,
    kind: "annotation",
    id: shown.id,
    revision: shown.revision,
    mask: decode(shown.segmentation.counts, shown.segmentation.size),
    category_id: shown.category_id,
    score: shown.predicted_iou,
    version: shown.model_version,
    author: shown.author,
    proposal_id: shown.proposal_id,
    prompts: shown.prompts,
    seconds: shown.seconds,
  };
}

/** @param {object} shown a ProposalShown */
export function fromProposal(shown) {
  return {
    key: proposalKey(shown.id),
    kind: "proposal",
    id: shown.id,
    state: shown.state,
    mask: decode(shown.segmentation.counts, shown.segmentation.size),
    category_id: null,
    score: shown.predicted_iou,
    stability: shown.stability_score,
    version: shown.model_version,
    prompts: [],
  };
}

export const proposalKey = (id) => `p${id}`;

export const isPending = (object) => object.kind === "proposal" && object.state === PENDING;

/** Whether it is on the picture at all; what a filter hides is a question of the look. */
export const isShown = (object) => object.kind === "annotation" || object.state === PENDING;

/** The body of a NewMask. */
export function newMask(object) {
  return {
    category_id: object.category_id,
    segmentation: { size: object.mask.size_hw, counts: encode(object.mask) },
    prompts: object.prompts,
    model_version: object.version ?? null,
    predicted_iou: object.score ?? null,
    seconds: object.seconds ?? null,
  };
}

/** The object that a NewMask makes; the way back from a journaled operation.
 * @param {object} body @param {string} key @param {object} [known] the object before */
export function fromNewMask(body, key, known = {}) {
  return {
    ...known,
    key,
    kind: "annotation",
    mask: decode(body.segmentation.counts, body.segmentation.size),
    category_id: body.category_id,
    score: body.predicted_iou,
    version: body.model_version,
    prompts: body.prompts,
    seconds: body.seconds,
  };
}

/** @param {Map<string, object>} objects @returns {Map<number, number>} objects by category */
export function countByCategory(objects) {
  const counts = new Map();
  for (const { kind, category_id } of objects.values()) {
    if (kind === "annotation") counts.set(category_id, (counts.get(category_id) ?? 0) + 1);
  }
  return counts;
}
