// Where the quality page begins: who is signed in, which project and days the address names, and the panels of them.

import { createApi } from "../label/journal/api.js";
import { followTheme, loadLook } from "../label/panels/look_state.js";
import { createToasts } from "../label/panels/toast.js";
import { createStore } from "../label/state.js";
import { morph } from "../models/morph.js";
import { bones, el, nothing, trouble } from "../models/parts/bits.js";
import { readCharts } from "../models/parts/chart.js";
import { UNREAD, createAuditLog } from "./audit_log.js";
import { agreement } from "./parts/agreement.js";
import { audit } from "./parts/audit.js";
import { checks, people } from "./parts/checks.js";
import { TOP_KEYS, range, summary, top } from "./parts/head.js";
import { labelers } from "./parts/labelers.js";
import { overTime } from "./parts/over_time.js";
import { skills } from "./parts/skills.js";
import { byVersion, verdicts } from "./parts/verdicts.js";
import { addressOf, daysOf, periodOf, placeOf } from "./place.js";

const MOUNT = "#maskloop";
const NOT_YET = Object.freeze({ data: null, error: null });

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

async function start() {
  let say = null;
  const api = createApi({ onSignedOut: ({ message }) => (say === null ? toFrontDoor() : say(message, { kind: "bad", key: "signed-out", action: { label: "Sign in again", run: toFrontDoor } })) });
  const store = createStore({ session: null, project: null, figures: NOT_YET, agreement: NOT_YET, skills: null, audit: null, hover: null, csv: null, now: Date.now(), look: loadLook(), place: placeOf(location.search) });
  const [root, session] = await Promise.all([mounted(), api.session()]);
  followTheme(store, root);
  say = createToasts(root);
  store.set({ session });
  const bar = el("header.top");
  const body = el("main.models.quality", { tabIndex: 0, "aria-label": "Quality" });
  root.append(bar, body);
  draw(store, bar, TOP_KEYS, top);
  const id = store.state.place.project ?? (session.projects.length === 1 ? session.projects[0].id : null);
  if (id === null) return body.append(chooser(session));
  body.append(bones(8));
  const { data: project } = await api.get(`/projects/${id}`);
  const may = (permission) => project.permissions.includes(permission);
  store.set({ project, place: { ...store.state.place, project: project.id }, skills: may("proposals.review") ? NOT_YET : null, audit: may("project.manage") ? UNREAD : null });
  document.title = `Quality of ${project.name} · maskloop`;
  body.replaceChildren();
  return run({ root, body, store, api });
}

const draw = (store, host, keys, part) => store.on(keys, (state) => morph(host, part(state).flat(Infinity).filter(Boolean)));

function run({ root, body, store, api }) {
  const { state } = store;
  const days = el("div.quality-head");
  const view = el("div.quality-view");
  body.append(days, view);
  draw(store, days, ["place", "project", "now"], range);
  const log = createAuditLog({ store, api, project: state.project.id });
  draw(store, view, ["figures", "agreement", "skills", "audit", "hover", "place", "now"], panels);
  listen(root, store, { to, load, log });
  addEventListener("popstate", () => go(placeOf(location.search)));
  root.page = { state }; // for tests and for those who look into it
  if (state.audit !== null) log.load();
  return load();

  function to(change) {
    const place = { ...state.place, ...change };
    history.pushState(null, "", addressOf(place));
    go(place);
  }

  function go(place) {
    if (place.project !== null && place.project !== state.project.id) return location.reload();
    store.set({ place: { ...place, project: state.project.id }, hover: null });
    return load();
  }

  async function load() {
    const { place } = state;
    const now = Date.now();
    const period = periodOf(place, now);
    const root = `/projects/${state.project.id}`;
    store.set({ now, csv: (figure) => `/api/v1${root}/quality/${figure}.csv${period}` });
    const ask = (path) => api.get(path).then(({ data }) => ({ data, error: null }), (error) => ({ data: null, error }));
    const [figures, agreed, skilled] = await Promise.all([ask(`${root}/quality${period}`), ask(`${root}/agreement`), state.skills && ask(`${root}/quality/people${period}`)]);
    if (state.place === place) store.set({ figures, agreement: agreed, skills: skilled }); // a later choice has its own answer
  }
}

function panels(state) {
  const { data, error } = state.figures;
  if (error !== null) return [trouble("The figures cannot be had", error)];
  if (data === null) return [bones(10)];
  return [summary(state), el("div.panels", {}, overTime(state), byVersion(state), el("div.stacks", {}, verdicts(state), checks(state), agreement(state)), people(state), skills(state), labelers(state), audit(state))];
}

function listen(root, store, { to, load, log }) {
  root.addEventListener("click", (event) => {
    for (const choice of root.querySelectorAll(".project-choice[open]")) if (!choice.contains(event.target)) choice.open = false;
    if (event.target.closest('[data-do="older"]')) return log.older();
    if (event.target.closest('[data-do="refresh"]')) return event.target.closest('[data-key="panel-audit"]') ? log.load() : load();
    const link = event.target.closest('a[href^="?"]');
    const isPlain = !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || placeOf(link.search).project !== store.state.project?.id) return undefined;
    event.preventDefault();
    return to(placeOf(link.search));
  });
  root.addEventListener("change", ({ target }) => {
    if (target.dataset?.range) return to(chosenDays(store.state, target));
    return target.dataset?.audit && log.choose(target.dataset.audit, target.value === "all" ? null : target.value.slice("is:".length));
  });
  root.addEventListener("keydown", ({ key, target }) => {
    const choice = key === "Escape" ? target.closest(".project-choice[open]") : null;
    if (choice === null) return;
    choice.open = false;
    choice.querySelector("summary").focus();
  });
  readCharts(root, (hover) => store.set({ hover }));
}

/** The other side stays where it was; one that would end before it begins moves along. */
function chosenDays({ place, now }, { name, value }) {
  const { first, last } = daysOf(place, now);
  const day = value === "" ? null : value;
  const [from, to] = name === "from" ? [day, last] : [first, day];
  const isBackwards = from !== null && to !== null && from > to;
  return { days: null, from: isBackwards ? day : from, to: isBackwards ? day : to };
}

function chooser({ projects, user }) {
  if (projects.length === 0) {
    return nothing("There is no project yet", el("p.soft", {}, user.is_admin ? "Make the first one on the first page." : "An admin lets you into one."), el("a.button.primary", { href: "/" }, "All projects"));
  }
  return el("div.chooser", {}, el("h1", {}, "Quality of which project?"),
    el("ul.chooser-list", {}, projects.map(({ id, name, roles }) =>
      el("li", {}, el("a.chooser-one", { href: addressOf({ project: id, days: 30 }) }, el("strong", {}, name), el("span.soft.small", {}, roles.join(", ") || "admin"))))));
}

start().catch((error) => {
  if (error.status === 401) return toFrontDoor();
  const root = document.querySelector(MOUNT);
  root?.querySelector(".quality")?.remove();
  root?.append(el("div.empty-page", { role: "alert" },
    el("h1", {}, error.status === 404 ? "This project cannot be shown" : "The page could not start"), el("p", {}, error.message),
    el("div.actions", {}, el("a.button", { href: "/" }, "All projects"), el("button.button.primary", { type: "button", onclick: () => location.reload() }, "Try again"))));
  if (error.status !== 404) throw error;
  return undefined;
});
