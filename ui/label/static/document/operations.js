// What has to be told to the server so that it follows from one set of objects to another.
import { isPending, newMask } from "./objects.js";

/**
 * @param {Map<string, object>} before @param {Map<string, object>} after
 * @param {{ project: number, image: number, decided: Set<number>, holdUntil: number|null, uuid: () => string }} about
 *   `decided`: proposals whose verdict the server has for good; `holdUntil`: verdicts wait so long, ms since the epoch
 * @returns {object[]} operations for the outbox, in order
 */
export function operationsBetween(before, after, about) {
  const reviewed = new Set();
  const of = {
    annotation: (object) => ofAnnotation(object, before, after, about, reviewed),
    proposal: (object) => (reviewed.has(object.id) ? null : ofProposal(object, before, about)),
  };
  // Annotations first: a proposal that became one is theirs to tell.
  const changed = [...after.values()].filter((object) => before.get(object.key) !== object)
    .sort((a, b) => a.kind.localeCompare(b.kind));
  const gone = [...before.values()].filter(({ kind, key }) => kind === "annotation" && !after.has(key));
  return [
    ...changed.map((object) => of[object.kind](object)).filter(Boolean),
    ...gone.map((object) => operation("delete", object, about, { base: object.revision ?? null, body: null })),
  ];
}

function ofAnnotation(object, before, after, about, reviewed) {
  const was = before.get(object.key);
  if (was) return sameMask(was, object) ? null : updateOf(object, was, about);
  const verdict = verdictBehind(object, before, after, about);
  if (verdict === null) return createOf(object, about);
  reviewed.add(object.proposal_id);
  return reviewOf(object, verdict, about);
}

/** What the server was told of differs in nothing that it keeps. */
const sameMask = (was, is) => was.mask === is.mask && was.category_id === is.category_id;

function ofProposal(object, before, about) {
  const was = before.get(object.key) ?? object;
  if (object.state !== "rejected" || !isPending(was) || about.decided.has(object.id)) return null;
  return rejectionOf(object, about);
}

function verdictBehind(object, before, after, { decided }) {
  if (object.proposal_id === null || object.proposal_id === undefined || decided.has(object.proposal_id)) return null;
  const key = `p${object.proposal_id}`;
  const was = before.get(key);
  const is = after.get(key);
  return was && is && isPending(was) && !isPending(is) ? is.state : null;
}

const operation = (kind, object, { project, image, uuid }, more) => ({
  key: uuid(),
  kind,
  project,
  image,
  object: object.key,
  base: null,
  ...more,
});

const createOf = (object, about) => operation("create", object, about, { body: newMask(object) });
const updateOf = (object, was, about) =>
  operation("update", object, about, { base: was.revision ?? null, body: newMask(object) });

function reviewOf(object, verdict, about) {
  const seconds = object.seconds ?? null;
  const body =
    verdict === "accepted"
      ? { verdict, category_id: object.category_id, seconds }
      : { verdict, mask: newMask(object), seconds };
  return operation("review", object, about, { proposal: object.proposal_id, body, hold: about.holdUntil });
}

function rejectionOf(proposal, about) {
  const body = { verdict: "rejected", seconds: proposal.seconds ?? null };
  return operation("review", proposal, about, { proposal: proposal.id, body, hold: about.holdUntil });
}
