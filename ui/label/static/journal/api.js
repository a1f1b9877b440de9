// Requests to /api/v1: the session's token with every change, and errors that can be told apart.

const PREFIX = "/api/v1";
const PATIENCE_MS = 60_000; // a connection that died without a word

/** The server answered that it will not; `message` is its sentence for the person. */
export class Refused extends Error {
  /** @param {{status: number, code: string, detail: string, retryable?: boolean, fields?: object, errors?: {where: string[], what: string}[], retryAfter?: number|null}} problem */
  constructor({ status, code, detail, retryable = false, fields = {}, errors = [], retryAfter = null }) {
    super(detail);
    this.name = "Refused";
    this.status = status;
    this.code = code;
    this.retryable = retryable;
    this.fields = fields;
    /** Of a body that cannot be read: what is wrong where. */
    this.errors = errors;
    /** Seconds that the server asks to wait, or null. */
    this.retryAfter = retryAfter;
  }
}

/** No answer came. Whether the request arrived is not known. */
export class Unreachable extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "Unreachable";
  }
}

/**
 * @typedef {object} Answer
 * @property {any} data       parsed JSON, null without content, otherwise a Blob
 * @property {Headers} headers
 * @property {number} status
 *
 * @typedef {object} Extras   what goes with a request
 * @property {string} [key]            Idempotency-Key
 * @property {number|string} [ifMatch] the revision that is changed
 * @property {AbortSignal} [signal]
 * @property {boolean} [keepalive]     goes out even when the page ends
 * @property {number|null} [patience]  ms until no answer counts as unreachable; null: no limit
 */

/** Paths are below /api/v1 ("/session"). `onSignedOut(refusal)` is called at the first 401 after a
 * session was seen, and not again before the next one.
 * @param {{fetch?: typeof globalThis.fetch, onSignedOut?: (refusal: Refused) => void}} [options] */
export function createApi({ fetch = globalThis.fetch, onSignedOut = () => {} } = {}) {
  /** What GET /session said; of one person for as long as the page is open. */
  let session = null;
  let toldSignedOut = false;

  async function ask(method, path, body, extras) {
    try {
      return await once(fetch, method, path, body, extras, session?.csrf_token);
    } catch (error) {
      if (error.code !== "csrf_refused") throw noted(error);
    }
    // Signed in again, perhaps in another tab: the token is of an earlier session.
    await readSession();
    return once(fetch, method, path, body, extras, session.csrf_token).catch((error) => {
      throw noted(error);
    });
  }

  function noted(error) {
    const isSignedOut = error instanceof Refused && error.status === 401;
    if (isSignedOut && error.code !== "wrong_password") tellSignedOut(error);
    return error;
  }

  async function readSession() {
    const { data } = await ask("GET", "/session");
    if (session !== null && session.user.id !== data.user.id) {
      const refusal = otherPerson(session.user.name, data.user.name);
      tellSignedOut(refusal);
      throw refusal;
    }
    session = data;
    toldSignedOut = false;
    return data;
  }

  function tellSignedOut(refusal) {
    if (toldSignedOut) return;
    toldSignedOut = true;
    onSignedOut(refusal);
  }

  return {
    /** @returns {Promise<Answer>} */
    get: (path, extras) => ask("GET", path, undefined, extras),
    /** @returns {Promise<Answer>} */
    post: (path, body, extras) => ask("POST", path, body, extras),
    /** @returns {Promise<Answer>} */
    put: (path, body, extras) => ask("PUT", path, body, extras),
    /** @returns {Promise<Answer>} */
    patch: (path, body, extras) => ask("PATCH", path, body, extras),
    /** @returns {Promise<Answer>} */
    delete: (path, extras) => ask("DELETE", path, undefined, extras),
    /** Who is signed in; asked again after signing in. Throws `Refused` where that is somebody else
     * than before: what this page holds is not theirs. */
    session: readSession,
    /** The token of the session, for uploads that do not go through here; null without one. */
    get csrf() {
      return session?.csrf_token ?? null;
    },
    /** The person as GET /session shows them, or null before. */
    get user() {
      return session?.user ?? null;
    },
  };
}

/** One request, one answer. */
async function once(fetch, method, path, body, extras = {}, csrf = null) {
  const { signal, keepalive = false, patience = PATIENCE_MS } = extras;
  const silence = patience === null ? null : AbortSignal.timeout(patience);
  const signals = [signal, silence].filter(Boolean);
  const request = {
    method,
    headers: headersOf(method, body, extras, csrf),
    body: contentOf(body),
    credentials: "same-origin",
    keepalive,
    signal: signals.length > 0 ? AbortSignal.any(signals) : undefined,
  };
  try {
    const response = await fetch(PREFIX + path, request);
    if (!response.ok) throw await refusalOf(response, method, path);
    return { data: await dataOf(response), headers: response.headers, status: response.status };
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (signal?.aborted) throw signal.reason ?? error;
    throw unreachable(error, silence?.aborted === true, patience);
  }
}

function headersOf(method, body, { key, ifMatch }, csrf) {
  const headers = { Accept: "application/json" };
  if (body !== undefined && !isRaw(body)) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (key !== undefined) headers["Idempotency-Key"] = key;
  if (ifMatch !== undefined) headers["If-Match"] = `"${ifMatch}"`;
  return headers;
}

const isRaw = (body) => body instanceof FormData || body instanceof Blob;

function contentOf(body) {
  return body === undefined || isRaw(body) ? body : JSON.stringify(body);
}

async function dataOf(response) {
  if (response.status === 204) return null;
  const isJson = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
  return isJson ? response.json() : response.blob();
}

async function refusalOf(response, method, path) {
  const { status } = response;
  const retryAfter = secondsOf(response.headers.get("Retry-After"));
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) {
    const problem = await response.json();
    return new Refused({ ...problem, status, retryAfter });
  }
  // A proxy in between, or a server that is going down.
  const detail =
    `${method} ${PREFIX}${path} was answered with ${status} ${response.statusText}`.trimEnd() +
    ", not by maskloop. Ask who runs the server, or its proxy.";
  return new Refused({ status, code: `http_${status}`, detail, retryable: status >= 500, retryAfter });
}

/** Of Retry-After: a number of seconds or a date. */
function secondsOf(text) {
  if (text === null) return null;
  if (/^\d+$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000);
}

function unreachable(cause, wasSilent, patience) {
  const what = wasSilent
    ? `The server has not answered for ${Math.round(patience / 1000)} seconds.`
    : "The server cannot be reached.";
  return new Unreachable(`${what} Check the network, and whether maskloop runs.`, { cause });
}

function otherPerson(before, now) {
  return new Refused({
    status: 401,
    code: "other_person",
    detail: `${now} has signed in here meanwhile; this page holds the work of ${before}. Sign in as ${before} to save it.`,
  });
}
