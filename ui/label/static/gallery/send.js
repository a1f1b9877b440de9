// One request of an upload. Not by fetch, which does not say how much has been sent.

import { Refused, Unreachable } from "../journal/api.js";

const REFUSED_ALL = 422; // every file has an outcome, and all are refused

/** Sends files of a project; signs the request anew once where the session changed meanwhile.
 * @param {{api: {csrf: string|null, session: () => Promise<object>}, projectId: number, csrfOf: () => string|null}} options */
export function createSender({ api, projectId, csrfOf }) {
  const url = `/api/v1/projects/${projectId}/images`;

  return async function send(files, extras) {
    try {
      return await post(url, files, api.csrf ?? csrfOf(), extras);
    } catch (error) {
      if (error.status !== 401 && error.code !== "csrf_refused") throw error;
      await api.session(); // tells the page where nobody is signed in any more
      return post(url, files, api.csrf, extras);
    }
  };
}

function post(url, files, csrf, { onSent, signal }) {
  const body = new FormData();
  for (const file of files) body.append("files", file, file.name);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const finish = (end, value) => {
      signal.removeEventListener("abort", abort);
      end(value);
    };
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    if (csrf) request.setRequestHeader("X-CSRF-Token", csrf);
    request.upload.addEventListener("progress", (event) => onSent(event.loaded));
    request.addEventListener("load", () => {
      const answer = read(request);
      if (Array.isArray(answer?.files) && (request.status < 300 || request.status === REFUSED_ALL)) finish(resolve, answer.files);
      else finish(reject, refusalOf(request, answer));
    });
    request.addEventListener("error", () => finish(reject, unreachable()));
    request.addEventListener("abort", () => finish(reject, signal.reason));
    signal.addEventListener("abort", abort);
    request.send(body);
  });
}

/** The answer's JSON; null for what a proxy in between may say. */
function read(request) {
  if (!/json/.test(request.getResponseHeader("Content-Type") ?? "")) return null;
  try {
    return JSON.parse(request.responseText);
  } catch (error) {
    if (error instanceof SyntaxError) return null; // cut off on its way
    throw error;
  }
}

function refusalOf(request, problem) {
  const { status } = request;
  const seconds = Number(request.getResponseHeader("Retry-After") ?? NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  if (problem?.code) return new Refused({ ...problem, status, retryAfter });
  const detail = `The upload was answered with ${status}, not by maskloop. Ask who runs the server, or its proxy.`;
  return new Refused({ status, code: `http_${status}`, detail, retryable: status >= 500, retryAfter });
}

const unreachable = () =>
  new Unreachable("The server cannot be reached, so the files were not sent. Check the network, then send them again.");
