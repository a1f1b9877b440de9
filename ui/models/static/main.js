// Where the models page begins: who is signed in, which project the address names, and the views of it.

import { createApi } from "../label/journal/api.js";
import { followTheme, loadLook } from "../label/panels/look_state.js";
import { createToasts } from "../label/panels/toast.js";
import { createStore } from "../label/state.js";
import { createDeeds } from "./deeds.js";
import { createLoading } from "./loading.js";
import { morph } from "./morph.js";
import { bones, el, nothing, trouble } from "./parts/bits.js";
import { readCharts } from "./parts/chart.js";
import * as headPart from "./parts/head.js";
import * as lineagePart from "./parts/lineage.js";
import * as setsPart from "./parts/sets.js";
import * as versionPart from "./parts/version.js";
import { addressOf, placeOf } from "./place.js";
import { createPolicy } from "./policy.js";
import { createPolling } from "./polling.js";
import { createServer } from "./server.js";
import { TRAIN, initial, may } from "./state.js";
import * as topPart from "./top.js";

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

function toFrontDoor() {
  location.assign(`/?next=${encodeURIComponent(location.pathname + location.search)}`);
}

async function start() {
  let say = null;
  const api = createApi({ onSignedOut: ({ message }) => signedOut(message) });
  const store = createStore({ ...initial(), look: loadLook(), place: placeOf(location.search) });
  const [root, session] = await Promise.all([mounted(), api.session()]);
  followTheme(store, root);
  say = createToasts(root);
  store.set({ session });

  function signedOut(message) {
    if (say === null) return toFrontDoor();
    say(message, { kind: "bad", key: "signed-out", action: { label: "Sign in again", run: toFrontDoor } });
    return undefined;
  }

  const bar = el("header.top");
  const body = el("div.models", { tabIndex: 0, role: "region", "aria-label": "Models" });
  root.append(bar, body);
  draw(store, bar, topPart.KEYS, topPart.top);

  const id = store.state.place.project ?? (session.projects.length === 1 ? session.projects[0].id : null);
  if (id === null) return body.append(chooser(session));
  body.append(bones(8));
  const { data: project } = await api.get(`/projects/${id}`);
  store.set({ project, place: { ...store.state.place, project: project.id } });
  document.title = `Models of ${project.name} · maskloop`;
  body.replaceChildren();
  return run({ root, body, store, say, api, server: createServer(api, project.id) });
}

/** Draws a part now and whenever one of its keys changes; gives the way to stop, also while the store goes round. */
function draw(store, host, keys, part) {
  let isOver = false;
  const leave = store.on(keys, (state) => isOver || morph(host, part(state).flat(Infinity).filter(Boolean)));
  return () => {
    isOver = true;
    leave();
  };
}

async function run(parts) {
  const { root, body, store, server } = parts;
  const { state } = store;
  const loading = createLoading({ store, server });
  const polling = createPolling({ ...loading, onTime: (now) => store.set({ now }) });
  const more = { ...parts, loading, refresh: polling.refresh, to };

  const head = el("div.models-head");
  const view = el("div.models-view");
  body.append(head, view);
  draw(store, head, headPart.KEYS, headPart.head);
  const deeds = createDeeds(more);
  let shown = null;
  let form = null;
  listen(root, deeds, to, store, () => form?.isDirty() ?? false);
  store.on(["place", "policy"], show);
  addEventListener("popstate", () => go(placeOf(location.search)));
  root.page = { state }; // for tests and for those who look into it
  await Promise.all([loading.policy(), polling.refresh()]);
  await loading.comparison();

  /** Another place, by a link or a deed. */
  function to(change) {
    const place = { ...state.place, ...change };
    history.pushState(null, "", addressOf(place));
    go(place);
  }

  function go(place) {
    if (place.project !== null && place.project !== state.project.id) return location.reload();
    const isOther = place.view !== state.place.view;
    store.set({ place: { ...place, project: state.project.id }, hover: null, comparison: { data: null, error: null } });
    if (isOther) body.scrollTop = 0;
    loading.ofChosen();
    loading.comparison();
    return undefined;
  }

  function show({ place, policy }) {
    const key = place.view === "policy" ? `policy ${policy.data === null ? (policy.error?.message ?? "") : "there"}` : place.view;
    if (key === shown?.key) return;
    shown?.stop();
    head.hidden = place.view !== "versions";
    view.replaceChildren();
    shown = { key, stop: place.view === "versions" ? showVersions() : place.view === "sets" ? draw(store, view, setsPart.KEYS, setsPart.sets) : showPolicy() };
  }

  function showVersions() {
    const left = el("aside.models-left");
    const right = el("div.models-right");
    view.append(el("div.models-columns", {}, left, right));
    const stops = [draw(store, left, lineagePart.KEYS, lineagePart.lineage), draw(store, right, versionPart.KEYS, versionPart.version)];
    return () => stops.forEach((stop) => stop());
  }

  /** What somebody has typed outlives a look at another view. */
  function showPolicy() {
    const { data, error } = state.policy;
    if (data === null) view.append(error ? trouble("The policy cannot be had", error) : bones(8));
    else {
      if (!form?.isDirty()) form = createPolicy({ ...state, policy: data, readOnly: !may(state, TRAIN), server, onSaved: (policy) => store.set({ policy: { data: policy, error: null } }) });
      view.append(form.element);
    }
    return () => {};
  }
}

function listen(root, deeds, to, store, isDirty) {
  root.addEventListener("click", (event) => {
    for (const choice of root.querySelectorAll(".project-choice[open]")) if (!choice.contains(event.target)) choice.open = false;
    const button = event.target.closest("[data-do]");
    if (button && !button.disabled) return deeds[button.dataset.do]({ ...button.dataset });
    const link = event.target.closest('a[href^="?"]');
    const isPlain = !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || placeOf(link.search).project !== store.state.project.id) return undefined;
    event.preventDefault();
    return to(placeOf(link.search));
  });
  root.addEventListener("keydown", ({ key, target }) => {
    const choice = key === "Escape" ? target.closest(".project-choice[open]") : null;
    if (choice === null) return;
    choice.open = false;
    choice.querySelector("summary").focus();
  });
  addEventListener("beforeunload", (event) => isDirty() && event.preventDefault());
  readCharts(root, (hover) => store.set({ hover }));
}

function chooser({ projects, user }) {
  if (projects.length === 0) {
    return nothing("There is no project yet", el("p.soft", {}, user.is_admin ? "Make the first one on the first page." : "An admin lets you into one."), el("a.button.primary", { href: "/" }, "All projects"));
  }
  return el("div.chooser", {}, el("h1", {}, "Models of which project?"),
    el("ul.chooser-list", {}, projects.map(({ id, name, roles }) =>
      el("li", {}, el("a.chooser-one", { href: addressOf({ project: id }) }, el("strong", {}, name), el("span.soft.small", {}, roles.join(", ") || "admin"))))));
}

start().catch((error) => {
  if (error.status === 401) return toFrontDoor();
  const root = document.querySelector(MOUNT);
  root?.querySelector(".models")?.remove();
  root?.append(
    el("div.empty-page", { role: "alert" },
      el("h1", {}, error.status === 404 ? "This project cannot be shown" : "The page could not start"),
      el("p", {}, error.message),
      el("div.actions", {}, el("a.button", { href: "/" }, "All projects"),
        el("button.button.primary", { type: "button", onclick: () => location.reload() }, "Try again"))));
  if (error.status !== 404) throw error;
  return undefined;
});
