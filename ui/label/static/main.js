// Where the page begins: who is signed in, which project and image the address names, and the view of them.
import { createActivity } from "./activity.js";
import { commands } from "./commands.js";
import { el } from "./dom.js";
import { leastScore } from "./filling.js";
import { NO_FIGURES, createFigures } from "./figures.js";
import { createGallery } from "./gallery/gallery.js";
import { nameOf } from "./gallery/words.js";
import { createApi } from "./journal/api.js";
import { openSafestJournal } from "./journal/journal.js";
import { createOutbox } from "./journal/outbox.js";
import { bindKeys, createKeymap } from "./keys.js";
import { createLabelView } from "./label_view.js";
import { loadLook } from "./panels/look.js";
import { followTheme, storageOf } from "./panels/look_state.js";
import { createToasts } from "./panels/toast.js";
import { mine } from "./queues.js";
import { createStore } from "./state.js";

const MOUNT = "#maskloop";

/** Gradio builds its page after this module has begun. */
function mounted() {
  return new Promise((resolve) => {
    const look = () => {
      const found = document.querySelector(MOUNT);
      if (!found) return false;
      resolve(found);
      return true;
    };
    if (look()) return;
    const observer = new MutationObserver(() => look() && observer.disconnect());
    observer.observe(document.documentElement, { childList: true, subtree: true });
  });
}

function initial() {
  return {
    session: null, project: null, mode: undefined, versions: new Map(), image: null, lease: null,
    queues: [], queue: null, left: null, queueEmpty: null, // queue: null: all that are mine; queueEmpty: { closed: name|null }
    objects: new Map(), draft: null, history: { undo: 0, redo: 0 }, hovered: null, selected: new Set(), pointer: null,
    tool: "point", radius: 16, category_id: null, counts: new Map(), look: loadLook(), least_score: 0,
    asking: { waiting: false, text: "" }, saving: {}, busy: new Set(), figures: NO_FIGURES, loading: null, trouble: null, warm: false,
  };
}

const place = () => {
  const query = new URLSearchParams(location.search);
  const number = (name) => Number(query.get(name)) || null;
  return { project: number("project"), image: number("image"), queue: number("queue"), asksQueue: query.get("queue") !== null };
};

function toFrontDoor() {
  location.assign(`/?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Who is here, the project, and what they may do in it. */
async function load(api) {
  const session = await api.session();
  const id = place().project ?? session.projects[0]?.id ?? null;
  if (id === null) return { session, project: null, versions: new Map() };
  const [project, mode, queues, versions] = await Promise.all(
    [`/projects/${id}`, `/projects/${id}/mode`, `/projects/${id}/queues`, "/model-versions"].map((path) => api.get(path)));
  return { session, project: project.data, mode: mode.data, queues: mine(queues.data.items, session), least_score: leastScore(mode.data), versions: new Map(versions.data.items.map(({ number, name }) => [number, `${name} v${number}`])) };
}

async function start() {
  let outbox = null;
  const api = createApi({ onSignedOut: (refusal) => signedOut(refusal) });
  const store = createStore(initial());
  const [root, loaded] = await Promise.all([mounted(), load(api)]);
  followTheme(store, root);
  const say = createToasts(root);

  function signedOut({ message }) {
    if (outbox === null) return toFrontDoor();
    addEventListener("focus", comeBack);
    say(`${message} Nothing is lost: what you did is kept in this browser.`, {
      kind: "bad", key: "signed-out", action: { label: "Sign in again", run: () => window.open("/", "maskloop-sign-in") ?? toFrontDoor() },
    });
  }

  /** Signed in again, in whichever window that was. */
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

  const { session } = loaded;
  if (loaded.project === null) return root.append(nothingYet());
  const journal = await openSafestJournal(session.user.id, (trouble) => say(trouble.message, { kind: "bad", key: "journal" }));
  outbox = createOutbox({ journal, api, onChange: (status) => store.set({ saving: status, busy: status.objects }) });
  store.set(loaded);

  const parts = {
    store, api, journal, outbox, say,
    keymap: createKeymap({ commands, storage: storageOf(), onProblem: (sentence) => say(sentence, { kind: "warn" }) }),
    activity: createActivity(root),
    figures: createFigures(store),
  };
  const views = createViews(root, parts);
  root.page = { state: store.state, views, outbox }; // for tests and for those who look into it
  outbox.onSettled((operation, answer) => settle(views, operation, answer, session));
  bindKeys(document, parts.keymap, (id, event) => views.run(id, event));
  addEventListener("popstate", () => views.go(place()));
  addEventListener("beforeunload", (event) => {
    const { durable, waiting } = outbox.status();
    if (!durable && waiting) event.preventDefault(); // nothing here outlives the tab
  });
  addEventListener("pagehide", () => {
    outbox.flush();
    views.label?.flow.release({ keepalive: true });
  });
  await views.go(place());
  return undefined;
}

/** The server has made or changed an object: what it is called there, and which revision it is. */
function settle({ label }, { kind, image, object, proposal }, answer, { user }) {
  if (!label || label.imageId() !== image) return;
  if (kind === "review") label.doc.decide(proposal);
  const made = kind === "review" ? answer?.annotation : answer;
  if (kind !== "submit" && made?.id) label.doc.name(object, { id: made.id, revision: made.revision, author: user.name }, `a${made.id}`);
}

const nothingYet = () =>
  el("main.empty-page", {},
    el("h1", {}, "There is no project to label in yet"),
    el("p.soft", {}, "An admin makes one, or lets you into one."),
    el("a.button.primary", { href: "/" }, "All projects"));

function createViews(root, parts) {
  const { store, say } = parts;
  const { state } = store;
  const frame = el("div.frame");
  root.append(frame);
  let gallery = null;
  let label = null;

  /** The queue stands in it while images are labeled. */
  const address = (more) => {
    const queue = more.image && state.queue !== null ? { queue: String(state.queue) } : {};
    return `?${new URLSearchParams({ project: String(state.project.id), ...more, ...queue })}`;
  };

  function showGallery() {
    label?.destroy();
    label = null;
    document.title = `${state.project.name} · maskloop`;
    gallery ??= createGallery({
      store, api: parts.api, projectId: state.project.id,
      onOpen: (image) => views.to({ image: String(image.id) }),
      onStart: () => views.to({ queue: String(state.queue ?? "") }),
      onProblem: (sentence) => say(sentence, { kind: "bad", key: "gallery" }),
    });
    frame.replaceChildren(gallery.element);
  }

  function showLabel() {
    gallery?.destroy();
    gallery = null;
    if (label) return;
    label = createLabelView({ ...parts, toImages: () => views.to({}) });
    label.imageId = () => state.image?.id;
    frame.replaceChildren(label.element);
    label.focus();
  }

  const views = {
    get label() {
      return label;
    },
    run(id, event) {
      if (label) return label.run(id, event);
      return gallery?.run?.(id) ?? false;
    },
    to(more) {
      history.pushState(null, "", address(more));
      return views.go(place());
    },
    async go({ image, queue, asksQueue }) {
      if (!image && !asksQueue) {
        showGallery();
        return store.set({ image: null, lease: null, draft: null, objects: new Map() });
      }
      store.set({ queue });
      showLabel();
      if (image) await label.flow.open(image);
      else await label.flow.next();
      return undefined;
    },
  };
  store.on(["image", "queue", "queueEmpty"], ({ image, queue, queueEmpty }) => {
    if (!label || (!image && !queueEmpty)) return;
    document.title = `${image ? nameOf(image.source_uri) : state.project.name} · maskloop`;
    history.replaceState(null, "", address(image ? { image: String(image.id) } : { queue: String(queue ?? "") }));
  });
  return views;
}

start().catch((error) => {
  if (error.status === 401) return toFrontDoor();
  document.querySelector(MOUNT)?.append(
    el("main.empty-page", { role: "alert" },
      el("h1", {}, "The page could not start"),
      el("p", {}, error.message),
      el("button.button.primary", { type: "button", onclick: () => location.reload() }, "Try again")));
  throw error;
});
