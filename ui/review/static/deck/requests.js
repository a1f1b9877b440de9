// Answers on their way as requests, for the outbox; the labeling page's are in label/journal/requests.js.

/** The name under which everything that is done to a card stays in order. @param {number} card */
export const objectOf = (card) => `card/${card}`;

/** @param {string} object @returns {number|null} */
export const cardOf = (object) => (object.startsWith("card/") ? Number(object.slice(5)) : null);

/** Sends an operation. Throws what the API throws. `identity.revision` is the token that a withdrawal gave the card:
 * an answer that was journaled before knows only the one of before.
 * @param {ReturnType<typeof import("../../label/journal/api.js").createApi>} api
 * @returns {Promise<any>} the content of the answer */
export async function deliver(api, { kind, key, project, card, token, body }, identity) {
  const root = `/projects/${project}/cards`;
  const post = (path, content) => api.post(root + path, content, { key }).then(({ data }) => data);
  const now = identity?.revision ?? token;
  if (kind === "answer") return post(`/${card}/answer`, { token: now, ...body });
  if (kind === "withdraw") return post(`/${card}/withdraw`, { token: now });
  if (kind === "accept_many") return post("/accept-many", body);
  throw new TypeError(`there is no operation of the kind ${kind}`);
}

/** @returns {import("../../label/journal/journal.js").Identity|null} */
export function identityAfter({ kind, object, project, image }, data) {
  return kind === "withdraw" ? { object, project, image, id: data.id, revision: data.token } : null;
}

const FIRST = new Set(["card_lost", "card_answered", "already_reviewed", "queue_closed"]);

/** An answer that came too late is a conflict: what was drawn is kept until a person has seen it. The rest is refused.
 * @param {import("../../label/journal/api.js").Refused} refusal */
export async function meaning(api, operation, identity, refusal) {
  const { kind, card, token } = operation;
  // Sent before, and its answer got lost: the card is open already.
  if (kind === "withdraw" && refusal.code === "refused_transition") return { done: { id: card, token: identity?.revision ?? token, isKnown: true } };
  if (kind !== "answer" || !FIRST.has(refusal.code)) return null;
  const { code, message } = refusal;
  return { conflict: { code, message, theirs: null, choices: ["theirs"], mine: operation.body.mask ?? null } };
}
