// An image's objects as the server has them, with what the journal still has to tell it put on top.
import { fromAnnotation, fromNewMask, fromProposal, proposalKey } from "./objects.js";

const PAGE = 1000;

/** Everything of an image. Rejects with `Refused` or `Unreachable`.
 * @returns {Promise<{ annotations: object[], proposals: object[] }>} as the API shows them */
export async function fetchObjects(api, project, image, signal) {
  const [annotations, proposals] = await Promise.all([
    api.get(`/projects/${project}/images/${image}/annotations`, { signal }),
    allProposals(api, project, image, signal),
  ]);
  return { annotations: annotations.data.items, proposals };
}

async function allProposals(api, project, image, signal) {
  const found = [];
  let cursor = "";
  do {
    const path = `/projects/${project}/proposals?image_id=${image}&state=pending&limit=${PAGE}${cursor}`;
    const { data } = await api.get(path, { signal });
    found.push(...data.items);
    cursor = data.next ? `&cursor=${encodeURIComponent(data.next)}` : "";
  } while (cursor);
  return found;
}

/** @param {{ annotations: object[], proposals: object[] }} fetched
 * @param {object} journal whose identities say which annotation is which object
 * @returns {Promise<Map<string, object>>} */
export async function asObjects(fetched, journal, project) {
  const objects = new Map();
  const known = await journal.objectsOf(project, fetched.annotations.map(({ id }) => id));
  for (const shown of fetched.annotations) {
    const key = known.get(shown.id) ?? `a${shown.id}`;
    objects.set(key, fromAnnotation(shown, key));
  }
  for (const shown of fetched.proposals) objects.set(proposalKey(shown.id), fromProposal(shown));
  return objects;
}

/** What was done here and has not reached the server yet.
 * @param {Map<string, object>} objects @param {object[]} operations of this image, in order */
export function withPending(objects, operations) {
  const shown = new Map(objects);
  for (const operation of operations) PENDING[operation.kind]?.(shown, operation);
  return shown;
}

const PENDING = {
  create: (shown, { object, body }) => shown.set(object, fromNewMask(body, object)),
  update: (shown, { object, body }) => shown.set(object, fromNewMask(body, object, shown.get(object))),
  delete: (shown, { object }) => shown.delete(object),
  review(shown, { object, proposal, body }) {
    const key = proposalKey(proposal);
    const reviewed = shown.get(key);
    if (!reviewed) return;
    shown.set(key, { ...reviewed, state: body.verdict });
    if (body.verdict === "corrected") {
      shown.set(object, { ...fromNewMask(body.mask, object), proposal_id: proposal });
    } else if (body.verdict === "accepted") {
      shown.set(object, acceptedFrom(reviewed, object, body));
    }
  },
};

const acceptedFrom = (proposal, key, { category_id, seconds }) => ({
  key,
  kind: "annotation",
  id: null,
  mask: proposal.mask,
  category_id,
  score: proposal.score,
  version: proposal.version,
  prompts: [],
  proposal_id: proposal.id,
  seconds,
});

/** What differs from what is shown, leaving alone what has operations of ours under way.
 * @param {Map<string, object>} shown @param {Map<string, object>} fetched @param {Set<string>} busy keys
 * @returns {Map<string, object|null>} */
export function newsOf(shown, fetched, busy) {
  const news = new Map();
  for (const [key, object] of fetched) {
    const known = shown.get(key);
    if (busy.has(key) || (known && !differs(known, object))) continue;
    news.set(key, object);
  }
  for (const [key, object] of shown) {
    const gone = object.kind === "annotation" || object.state === "pending";
    if (gone && !fetched.has(key) && !busy.has(key)) news.set(key, null);
  }
  return news;
}

const differs = (known, object) =>
  known.kind !== object.kind || known.id !== object.id || known.revision !== object.revision ||
  known.state !== object.state || known.author !== object.author;
