// An operation as a request, and what the server's answer or refusal means for it.
import { Refused } from "./api.js";
import { identityOf, isSame } from "./chains.js";

/** @typedef {import("./journal.js").Operation} Operation
 * @typedef {import("./journal.js").Identity} Identity */

/** Sends an operation. Throws what the API throws.
 * @param {ReturnType<typeof import("./api.js").createApi>} api
 * @param {Operation} operation
 * @param {Identity|null} identity  what its object is
 * @returns {Promise<any>} the content of the answer */
export async function deliver(api, operation, identity) {
  const { kind, key, project, image, proposal, body } = operation;
  const root = `/projects/${project}`;
  const post = (path) => api.post(root + path, body, { key }).then(({ data }) => data);
  if (kind === "create") return post(`/images/${image}/annotations`);
  if (kind === "review") return post(`/proposals/${proposal}/review`);
  if (kind === "submit") return post(`/images/${image}/submissions`);
  if (identity === null) throw unknownAnnotation(operation);
  const path = `${root}/annotations/${identity.id}`;
  const ifMatch = operation.base ?? identity.revision;
  if (kind === "update") return (await api.put(path, body, { key, ifMatch })).data;
  if (kind === "delete") return (await api.delete(path + spent(body), { ifMatch })).data;
  throw new TypeError(`there is no operation of the kind ${kind}`);
}

/** What an operation's object is after its answer; null where it made none.
 * @returns {Identity|null} */
export function identityAfter(operation, data) {
  if (operation.kind === "create" || operation.kind === "update") return identityOf(operation, data);
  const made = operation.kind === "review" ? data.annotation : null;
  return made ? identityOf(operation, made) : null;
}

/** What a refusal means: `{ done: data }` where the server has it as wanted already, `{ conflict }`
 * where somebody else was first, null where it is a refusal. Asks the server for what there is now.
 * @param {ReturnType<typeof import("./api.js").createApi>} api
 * @param {Operation} operation
 * @param {Identity|null} identity
 * @param {Refused} refusal */
export async function meaning(api, operation, identity, refusal) {
  const isGone = isMissing(refusal, "annotation");
  if (operation.kind === "delete" && isGone) return { done: null };
  if (refusal.code === "annotation_conflict" || (operation.kind === "update" && isGone)) {
    return ofChange(operation, refusal, await current(api, operation.project, identity.id));
  }
  if (refusal.code === "already_reviewed") return ofReview(api, operation, refusal);
  return null;
}

function ofChange(operation, refusal, theirs) {
  const { body } = operation;
  const isDelete = operation.kind === "delete";
  if (isDelete && theirs === null) return { done: null };
  if (!isDelete && theirs !== null && isSame(body, theirs)) return { done: theirs };
  const choices = isDelete || theirs === null ? ["mine", "theirs"] : ["mine", "theirs", "both"];
  return { conflict: conflict(refusal, theirs, choices, isDelete ? null : body) };
}

async function ofReview(api, operation, refusal) {
  const { verdict, reviewer } = refusal.fields;
  const theirs = await madeOf(api, operation);
  const isMyOwn = reviewer === api.user?.name; // sent long ago, its answer got lost
  if (verdict === operation.body.verdict && agrees(operation.body, theirs, isMyOwn)) {
    return { done: { annotation: theirs } };
  }
  const mine = await maskOf(api, operation);
  return { conflict: conflict(refusal, theirs, mine ? ["theirs", "both"] : ["theirs"], mine) };
}

function agrees({ verdict, category_id, mask }, theirs, isMyOwn) {
  if (verdict === "rejected") return true;
  if (!isMyOwn || theirs === null) return false;
  return verdict === "accepted" ? theirs.category_id === category_id : isSame(mask, theirs);
}

const conflict = ({ code, message }, theirs, choices, mine) => ({ code, message, theirs, choices, mine });

/** The annotation that somebody made of the proposal, or null. */
async function madeOf(api, { project, image, proposal }) {
  const { data } = await api.get(`/projects/${project}/images/${image}/annotations`);
  return data.items.find((annotation) => annotation.proposal_id === proposal) ?? null;
}

/** What a new annotation of a verdict's mask says; null for a rejection. */
async function maskOf(api, { project, proposal, body }) {
  const { verdict, mask, category_id, seconds } = body;
  if (verdict === "corrected") return isGiven(seconds) ? { ...mask, seconds } : mask;
  if (verdict !== "accepted") return null;
  const { data } = await api.get(`/projects/${project}/proposals/${proposal}`);
  return {
    category_id,
    segmentation: data.segmentation,
    model_version: data.model_version,
    predicted_iou: data.predicted_iou,
    ...(isGiven(seconds) ? { seconds } : {}),
  };
}

async function current(api, project, annotation) {
  try {
    return (await api.get(`/projects/${project}/annotations/${annotation}`)).data;
  } catch (error) {
    if (isMissing(error, "annotation")) return null;
    throw error;
  }
}

function isMissing(error, noun) {
  return error instanceof Refused && error.code === "not_found" && error.fields.noun === noun;
}

const isGiven = (value) => value !== undefined && value !== null;
const spent = (body) => (isGiven(body?.seconds) ? `?seconds=${body.seconds}` : "");

/** The database does not know the object: it was cleared, or filled by hand. */
function unknownAnnotation({ kind, object, image }) {
  return new Refused({
    status: 404,
    code: "object_unknown",
    detail: `Which annotation of image ${image} the ${kind} of object ${object} means is not known in this browser any more. Discard it and change the annotation again.`,
  });
}
