// Where the review page begins: who is signed in, which project and queue the address names, and the view of it.
import { createApi } from "../label/journal/api.js";
import { openSafestJournal } from "../label/journal/journal.js";
import { createOutbox } from "../label/journal/outbox.js";
import { el } from "../label/dom.js";
import { followTheme } from "../label/panels/look_state.js";
import { createToasts } from "../label/panels/toast.js";
import { createStore } from "../label/state.js";
import * as requests from "./deck/requests.js";
import { createFolds } from "./folds/folds.js";
import { initial as initialOfFolds } from "./folds/state.js";
import { createReview } from "./review.js";
import { createServer } from "./server.js";
import { initial } from "./state.js";

const MOUNT = "#maskloop";

/** Gradio builds its page after this module has begun. */
function mounted() {
  return new Promise((resolve) => {
    const look = () => {
      const found = document.querySelector(MOUNT);
      if (found) resolve(found);
      return found !== null;
    };
    if (look()) return;
    const observer = new MutationObserver(() => look() && observer.disconnect());
    observer.observe(document.documentElement, { childList: true, subtree: true });
  });
}

const toFrontDoor = () => location.assign(`/?next=${encodeURIComponent(location.pathname + location.search)}`);

function placeOf(query) {
  const found = new URLSearchParams(query);
  const number = (name) => Number(found.get(name)) || null;
  return { project: number("project"), queue: number("queue"), isFolds: found.has("folds") };
}

async function start() {
  const place = placeOf(location.search);
  let outbox = null;
  const api = createApi({ onSignedOut: (refusal) => signedOut(refusal) });
  const store = createStore(place.isFolds ? initialOfFolds() : initial());
  const [root, session] = await Promise.all([mounted(), api.session()]);
  followTheme(store, root);
  const say = createToasts(root);

  function signedOut({ message }) {
    if (outbox === null) return toFrontDoor();
    addEventListener("focus", comeBack);
    return say(`${message} Nothing is lost: what you said is kept in this browser.`, {
      kind: "bad", key: "signed-out", action: { label: "Sign in again", run: () => window.open("/", "maskloop-sign-in") ?? toFrontDoor() },
    });
  }

  async function comeBack() {
    if (document.hidden) return;
    try {
      await api.session();
      removeEventListener("focus", comeBack);
      say.dismiss("signed-out");
      outbox.resume();
    } catch (error) {
      say(error.message, { kind: "bad", key: "signed-out" });
    }
  }

  const id = place.project ?? (session.projects.length === 1 ? session.projects[0].id : null);
  if (id === null) return root.append(chooser(session));
  const server = createServer(api, id);
  store.set({ session, project: await server.project() });
  if (place.isFolds) {
    document.title = `Disputes in ${store.state.project.name} · maskloop`;
    root.page = { state: store.state, folds: createFolds({ root, store, server, say }) };
    return undefined;
  }
  store.set({ queue: place.queue });
  document.title = `Review of ${store.state.project.name} · maskloop`;
  // A journal of its own: the labeling page, open beside, sends none of these.
  const journal = await openSafestJournal(`review.${session.user.id}`, (trouble) => say(trouble.message, { kind: "bad", key: "journal" }));
  outbox = createOutbox({ journal, api, requests, onChange: (status) => store.set({ saving: status }) });
  await outbox.ready;
  const review = createReview({ root, store, api, server, journal, outbox, say });
  root.page = { state: store.state, outbox, review }; // for tests and for those who look into it
  addEventListener("beforeunload", (event) => {
    const { durable, waiting } = outbox.status();
    if (!durable && waiting) event.preventDefault(); // nothing here outlives the tab
  });
  addEventListener("pagehide", () => {
    outbox.flush();
    review.leave();
  });
  return undefined;
}

function chooser({ projects, user }) {
  if (projects.length === 0) {
    return el("main.empty-page", {}, el("h1", {}, "There is no project to review in yet"),
      el("p.soft", {}, user.is_admin ? "Make the first one on the first page." : "An admin lets you into one."), el("a.button.primary", { href: "/" }, "All projects"));
  }
  return el("main.empty-page", {}, el("h1", {}, "Review in which project?"),
    el("ul.project-list", {}, projects.map((project) => el("li", {}, el("a.button", { href: `?project=${project.id}` }, project.name)))));
}

start().catch((error) => {
  if (error.status === 401) return toFrontDoor();
  document.querySelector(MOUNT)?.append(
    el("div.empty-page", { role: "alert" },
      el("h1", {}, error.status === 404 ? "This project cannot be shown" : "The page could not start"),
      el("p", {}, error.message),
      el("div.notice-actions", {}, el("a.button", { href: "/" }, "All projects"), el("button.button.primary", { type: "button", onclick: () => location.reload() }, "Try again"))));
  if (error.status !== 404) throw error;
  return undefined;
});
