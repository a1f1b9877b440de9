// A model of the API in memory, behind `fetch`: revisions, keys that are answered once, proposals,
// submissions; and what goes wrong on the way.

const SIZE = [3, 5];

/** Who asks is "ann"; "bob" does what `other` says. */
export function modelServer() {
  const annotations = new Map();
  const proposals = new Map();
  const submissions = [];
  const answers = new Map(); // by Idempotency-Key
  const troubles = [];
  const requests = [];
  let nextId = 70;
  let lostReads = 0;

  const refuse = (status, code, fields = {}, headers = {}) => {
    throw { status, code, fields, headers };
  };

  function made(image, body, author, proposal = null) {
    const id = nextId;
    nextId += 1;
    const annotation = { id, revision: 1, image_id: image, author, proposal_id: proposal, deleted: false, ...body };
    annotations.set(id, annotation);
    return annotation;
  }

  function changed(id, ifMatch, author, change) {
    const last = annotations.get(id);
    if (last === undefined || (last.deleted && last.revision === ifMatch)) refuse(404, "not_found", { noun: "annotation" });
    if (last.revision !== ifMatch) refuse(409, "annotation_conflict", { revision: last.revision, author: last.author });
    const next = { ...last, ...change, author, revision: last.revision + 1 };
    annotations.set(id, next);
    return next;
  }

  function reviewed(id, body, author) {
    const proposal = proposals.get(id);
    if (proposal.review) refuse(409, "already_reviewed", { proposal: id, ...proposal.review });
    const { verdict, mask, category_id } = body;
    proposal.review = { verdict, reviewer: author };
    if (verdict === "rejected") return { id: 1, annotation: null };
    const drawn = verdict === "corrected" ? mask : { category_id, segmentation: proposal.segmentation };
    const { id: annotation, revision } = made(proposal.image_id, drawn, author, id);
    return { id: 1, annotation: { id: annotation, revision } };
  }

  /** What the API does for a request; throws a refusal. */
  function effect(method, path, body, ifMatch, author) {
    if (path === "/session") return { user: { id: 1, name: author }, csrf_token: null };
    const [, , noun, id, more] = path.split("?")[0].split("/").slice(1);
    const number = Number(id);
    const route = `${method} ${noun}${more ? `/${more}` : ""}`;
    if (route === "POST images/annotations") return made(number, body, author);
    if (route === "PUT annotations") return changed(number, ifMatch, author, body);
    if (route === "DELETE annotations") return changed(number, ifMatch, author, { deleted: true }) && null;
    if (route === "POST proposals/review") return reviewed(number, body, author);
    if (route === "GET proposals") return proposals.get(number);
    if (route === "POST images/submissions") return submissions.push({ image: number, ...body }) && { id: 1 };
    if (route === "GET images/annotations") {
      const items = [...annotations.values()].filter((one) => one.image_id === number && !one.deleted);
      return { items };
    }
    if (route === "GET annotations") {
      const found = annotations.get(number);
      return found && !found.deleted ? found : refuse(404, "not_found", { noun: "annotation" });
    }
    throw new TypeError(`the model has no ${route}`);
  }

  function once(method, path, body, headers, author) {
    const key = headers["Idempotency-Key"];
    if (key !== undefined && answers.has(key)) return answers.get(key);
    const ifMatch = headers["If-Match"] === undefined ? null : Number(headers["If-Match"].slice(1, -1));
    const answer = structuredClone(effect(method, path, body, ifMatch, author));
    if (key !== undefined && method !== "DELETE") answers.set(key, answer);
    return answer;
  }

  const fetchOf = (author) => async (url, { method, headers, body }) => {
    const path = url.replace("/api/v1", "");
    const content = body === undefined ? undefined : JSON.parse(body);
    requests.push(`${method} ${path}`);
    if (method === "GET" && lostReads > 0) {
      lostReads -= 1;
      throw new TypeError("fetch failed");
    }
    const trouble = method === "GET" ? undefined : troubles.shift();
    try {
      await trouble?.before?.();
      const answer = once(method, path, content, headers, author);
      await trouble?.after?.();
      return answer === null ? new Response(null, { status: 204 }) : Response.json(answer);
    } catch (error) {
      if (error.code === undefined) throw error;
      const { status, code, fields, headers: more } = error;
      const problem = { status, code, detail: `It is ${code}.`, retryable: status === 503, fields };
      const type = { "Content-Type": "application/problem+json" };
      return new Response(JSON.stringify(problem), { status, headers: { ...type, ...more } });
    }
  };

  return {
    fetch: fetchOf("ann"),
    fetchOf,
    annotations,
    submissions,
    answers,
    /** Changes that were asked for, "METHOD path" without the project. */
    changes: () => requests.filter((one) => !one.startsWith("GET")).map((one) => one.replace("/projects/1", "")),
    masks: () => [...annotations.values()].filter((one) => !one.deleted).map((one) => one.segmentation.counts),
    propose: (id, image, counts) => proposals.set(id, { id, image_id: image, segmentation: { size: SIZE, counts }, model_version: 5, predicted_iou: 0.9 }),
    /** What others do meanwhile. */
    other: {
      create: (image, counts) => made(image, body(counts), "bob"),
      update: (id, counts) => changed(id, annotations.get(id).revision, "bob", body(counts)),
      remove: (id) => changed(id, annotations.get(id).revision, "bob", { deleted: true }),
      review: (id, verdict, more = {}, who = "bob") => reviewed(id, { verdict, ...more }, who),
    },
    /** The next `count` questions get no answer. */
    loseReads: (count) => (lostReads = count),
    /** What happens to the next changes, in turn: "ok", "lost" (never arrives), "unheard" (done, but
     * the answer is lost), or a refusal [status, code, headers]. */
    upcoming(...kinds) {
      troubles.push(...kinds.map(troubleOf));
    },
  };

  function troubleOf(kind) {
    const cut = () => {
      throw new TypeError("fetch failed");
    };
    if (kind === "ok") return {};
    if (kind === "lost") return { before: cut };
    if (kind === "unheard") return { after: cut };
    if (typeof kind === "function") return { before: kind };
    const [status, code, headers] = kind;
    return { before: () => refuse(status, code, {}, headers) };
  }
}

/** What is sent of a mask. */
export function body(counts, category = 2) {
  return { category_id: category, segmentation: { size: SIZE, counts } };
}
