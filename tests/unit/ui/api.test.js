// Requests against a real HTTP server on loopback that answers as the API does.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { afterEach, test } from "node:test";

import { Refused, Unreachable, createApi } from "../../../ui/label/static/journal/api.js";
import { fromBytes, uuid } from "../../../ui/label/static/journal/ids.js";

const open = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers requests by `answers` in turn, the last one again and again. */
async function serving(...answers) {
  const seen = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer(response, request);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { seen, server, fetch: (path, request) => fetch(origin + path, request) };
}

function json(content, { status = 200, type = "application/json", ...headers } = {}) {
  return (response) => {
    response.writeHead(status, { "Content-Type": type, ...headers });
    response.end(JSON.stringify(content));
  };
}

function problem(status, code, more = {}, headers = {}) {
  const content = { status, code, detail: `It is ${code}.`, retryable: false, ...more };
  return json(content, { status, type: "application/problem+json", ...headers });
}

const session = (id, name, token) => json({ user: { id, name }, how: "session", csrf_token: token });
const caught = (promise) => promise.then(() => assert.fail("it was answered"), (error) => error);

test("an answer has data, headers and status", async () => {
  const { fetch, seen } = await serving(json({ id: 7 }, { ETag: '"3"' }));
  const answer = await createApi({ fetch }).get("/projects/1/annotations/7");
  assert.deepEqual(answer.data, { id: 7 });
  assert.equal(answer.headers.get("ETag"), '"3"');
  assert.equal(answer.status, 200);
  assert.equal(seen[0].url, "/api/v1/projects/1/annotations/7");
});

test("an answer without content is null, one that is not JSON a blob", async () => {
  const { fetch } = await serving(
    (response) => response.writeHead(204).end(),
    (response) => response.writeHead(200, { "Content-Type": "image/png" }).end("pixels"),
  );
  const api = createApi({ fetch });
  assert.equal((await api.delete("/projects/1/annotations/7", { ifMatch: 3 })).data, null);
  assert.equal(await (await api.get("/projects/1/images/4/content")).data.text(), "pixels");
});

test("changes carry the session's token, their key and the revision they change", async () => {
  const { fetch, seen } = await serving(session(1, "ann", "t0ken"), json({ revision: 4 }));
  const api = createApi({ fetch });
  assert.equal(api.csrf, null);
  await api.session();
  await api.put("/projects/1/annotations/7", { category_id: 2 }, { key: "k1", ifMatch: 3 });
  await api.get("/projects");
  assert.equal(api.csrf, "t0ken");
  assert.deepEqual(api.user, { id: 1, name: "ann" });
  const { method, headers, body } = seen[1];
  assert.equal(method, "PUT");
  assert.equal(headers["x-csrf-token"], "t0ken");
  assert.equal(headers["idempotency-key"], "k1");
  assert.equal(headers["if-match"], '"3"');
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(body), { category_id: 2 });
  assert.equal(seen[2].headers["x-csrf-token"], undefined);
});

test("a form goes as it is", async () => {
  const { fetch, seen } = await serving(json({}));
  const form = new FormData();
  form.append("file", new Blob(["pixels"]), "a.png");
  await createApi({ fetch }).post("/projects/1/images", form);
  assert.match(seen[0].headers["content-type"], /^multipart\/form-data; boundary=/);
  assert.match(seen[0].body, /pixels/);
});

test("a problem becomes Refused with all that it says", async () => {
  const fields = { annotation: 7, revision: 5, author: "bob" };
  const { fetch } = await serving(problem(409, "annotation_conflict", { fields }));
  const error = await caught(createApi({ fetch }).put("/projects/1/annotations/7", {}));
  assert.ok(error instanceof Refused);
  assert.equal(error.status, 409);
  assert.equal(error.code, "annotation_conflict");
  assert.equal(error.message, "It is annotation_conflict.");
  assert.equal(error.retryable, false);
  assert.deepEqual(error.fields, fields);
  assert.equal(error.retryAfter, null);
});

test("a busy server says for how long, in seconds or as a date", async () => {
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  const { fetch } = await serving(
    problem(503, "server_busy", { retryable: true }, { "Retry-After": "2" }),
    problem(503, "server_busy", { retryable: true }, { "Retry-After": inAMinute }),
  );
  const api = createApi({ fetch });
  const first = await caught(api.get("/projects"));
  assert.equal(first.retryAfter, 2);
  assert.equal(first.retryable, true);
  const second = await caught(api.get("/projects"));
  assert.ok(second.retryAfter > 50 && second.retryAfter <= 60, `${second.retryAfter}`);
});

test("what a proxy answers is refused with a sentence, and worth another try", async () => {
  const { fetch } = await serving((response) => response.writeHead(502).end("<h1>Bad Gateway</h1>"));
  const error = await caught(createApi({ fetch }).get("/projects"));
  assert.equal(error.code, "http_502");
  assert.equal(error.retryable, true);
  assert.match(error.message, /^GET \/api\/v1\/projects was answered with 502 Bad Gateway, not by maskloop\./);
});

test("no answer is Unreachable, whether refused or cut off", async () => {
  const { fetch, server } = await serving((response, request) => request.socket.destroy());
  const api = createApi({ fetch });
  const cut = await caught(api.get("/projects"));
  assert.ok(cut instanceof Unreachable);
  assert.match(cut.message, /^The server cannot be reached\./);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.ok((await caught(api.get("/projects"))) instanceof Unreachable);
});

test("a server that says nothing is Unreachable once patience ends", async () => {
  const { fetch } = await serving(() => {});
  const error = await caught(createApi({ fetch }).get("/projects", { patience: 20 }));
  assert.ok(error instanceof Unreachable);
  assert.match(error.message, /has not answered/);
});

test("an abort stays an AbortError", async () => {
  const stop = new AbortController();
  const { fetch } = await serving(() => stop.abort());
  const error = await caught(createApi({ fetch }).get("/projects", { signal: stop.signal }));
  assert.equal(error.name, "AbortError");
});

test("being signed out is told once, and again after the next session", async () => {
  const signedOut = problem(401, "not_signed_in");
  const { fetch } = await serving(signedOut, signedOut, session(1, "ann", "t"), signedOut);
  const told = [];
  const api = createApi({ fetch, onSignedOut: (refusal) => told.push(refusal.code) });
  await caught(api.get("/projects"));
  await caught(api.get("/projects"));
  assert.deepEqual(told, ["not_signed_in"]);
  await api.session();
  await caught(api.get("/projects"));
  assert.deepEqual(told, ["not_signed_in", "not_signed_in"]);
});

test("a wrong password is no sign-out", async () => {
  const { fetch } = await serving(problem(401, "wrong_password"));
  const told = [];
  const api = createApi({ fetch, onSignedOut: (refusal) => told.push(refusal) });
  assert.equal((await caught(api.post("/session", {}))).code, "wrong_password");
  assert.deepEqual(told, []);
});

test("a token of an earlier session is renewed and the change sent again", async () => {
  const { fetch, seen } = await serving(
    session(1, "ann", "old"),
    problem(403, "csrf_refused"),
    session(1, "ann", "new"),
    json({ id: 9 }, { status: 201 }),
  );
  const api = createApi({ fetch });
  await api.session();
  const answer = await api.post("/projects/1/images/4/annotations", {}, { key: "k" });
  assert.equal(answer.data.id, 9);
  assert.deepEqual(seen.map((one) => one.headers["x-csrf-token"]), [undefined, "old", undefined, "new"]);
});

test("what one person did is not sent as another, who has signed in meanwhile", async () => {
  const { fetch, seen } = await serving(
    session(1, "ann", "old"),
    problem(403, "csrf_refused"),
    session(2, "bob", "new"),
  );
  const told = [];
  const api = createApi({ fetch, onSignedOut: (refusal) => told.push(refusal.code) });
  await api.session();
  const error = await caught(api.post("/projects/1/images/4/annotations", {}, { key: "k" }));
  assert.equal(error.status, 401);
  assert.match(error.message, /bob has signed in.*the work of ann.*Sign in as ann/);
  assert.deepEqual(told, ["other_person"]);
  assert.equal(seen.length, 3);
});

test("uuids are version 4 and their bits are the given ones elsewhere", () => {
  assert.equal(fromBytes(new Uint8Array(16)), "00000000-0000-4000-8000-000000000000");
  assert.equal(fromBytes(new Uint8Array(16).fill(255)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(uuid(), uuid());
});
