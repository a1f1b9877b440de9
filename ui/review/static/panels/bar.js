// The bar on top: which project and queue, how the session goes, whether everything is saved.
import { counted, el } from "../../label/dom.js";
import { elsewhere } from "../../label/elsewhere.js";
import { picture } from "../../label/panels/icons.js";
import { savingText } from "../../label/panels/status.js";
import { MANAGE, may } from "../state.js";
import { figuresOf } from "../deck/verdicts.js";

/** @param {{ store: object, run: (id: string) => void, onQueue: (id: number|null) => void, onNew: () => void, onSaving: () => void }} parts */
export function createBar({ store, run, onQueue, onNew, onSaving }) {
  const project = el("span.project-name");
  const queues = el("select.queue-choice", { "aria-label": "Queue", title: "Queue (Q)", onchange: () => (OTHERS[queues.value] ?? chosen)() });
  const left = el("span.left.small.soft", { role: "status" });
  const figures = el("dl.figures", { "aria-label": "This session" });
  const saving = el("button.chip.saving-state", { type: "button", onclick: onSaving });
  const person = el("span.signed-in.soft.small");
  const others = el("nav.elsewhere", { "aria-label": "Other pages of the project" });
  const modes = el("div.segments.modes", { role: "group", "aria-label": "How cards are shown" }, ["one", "wall"].map((mode) =>
    el("button.mode", { type: "button", data: { mode }, title: "W", onclick: () => store.state.mode !== mode && run("wall") }, mode === "one" ? "One" : "Wall")));
  const element = el("header.top", {},
    el("a.brand", { href: "/", "aria-label": "maskloop: all projects" }, picture("logo"), el("span", {}, "maskloop")),
    project, queues, left, modes, el("span.spacer"), figures, saving,
    el("button.button.bare", { type: "button", onclick: () => run("help"), "aria-label": "Keys", title: "Keys (?)" }, picture("keys")),
    others, person);

  const OTHERS = {
    new() {
      queues.value = String(store.state.queue ?? "");
      onNew();
    },
    folds: () => location.assign(foldsOf(store.state)),
  };
  const chosen = () => onQueue(queues.value === "" ? null : Number(queues.value));

  store.on(["session"], ({ session }) => (person.textContent = session.user.name));
  store.on(["project"], ({ project: one }) => {
    project.textContent = one.name;
    others.replaceChildren(...elsewhere(one, "review"));
  });
  store.on(["queues", "queue", "project", "disputed"], (state) => {
    queues.hidden = !state.queues?.some(isOpen) && !may(state, MANAGE) && state.disputed === null;
    queues.replaceChildren(...choices(state));
    queues.value = String(state.queue ?? "");
  });
  store.on(["left", "queues"], ({ left: count, queues: all }) => (left.textContent = count === null || !all?.some(isOpen) ? "" : `${counted(count, "card")} left`));
  store.on(["mode"], ({ mode }) => {
    for (const button of modes.children) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  });
  store.on(["said"], ({ said }) => figures.replaceChildren(...figureItems(figuresOf(said))));
  store.on(["saving"], ({ saving: status }) => paintSaving(saving, status));
  return { element, chooseQueue: () => queues.focus() };
}

/** Where disputes about images are decided. */
export const foldsOf = ({ project }) => `?project=${project.id}&folds`;

const isOpen = ({ closed_at }) => !closed_at;

function choices(state) {
  const open = (state.queues ?? []).filter(isOpen);
  const all = el("option", { value: "" }, ["No queue yet", "My queue"][open.length] ?? "All my queues");
  const each = open.map(({ id, name, left }) => el("option", { value: String(id) }, left === null || left === undefined ? name : `${name} · ${left.toLocaleString("en")} left`));
  const folds = state.disputed === null ? null : el("option", { value: "folds" }, `Images in dispute · ${state.disputed}`);
  return [all, ...each, folds, may(state, MANAGE) ? el("option", { value: "new" }, "New queue …") : null].filter(Boolean);
}

function figureItems({ done, seconds, acceptance }) {
  const items = [["done", String(done)], ["s / card", seconds === null ? "–" : seconds.toFixed(1)], ["accepted", acceptance === null ? "–" : `${Math.round(acceptance * 100)} %`]];
  return items.map(([title, value]) => el("div", {}, el("dd", {}, value), el("dt", {}, title)));
}

function paintSaving(chip, { waiting = 0, offline, conflicts = [], refused = [], durable = true, paused }) {
  const late = conflicts.length ? ["bad", counted(conflicts.length, "answer") + " too late", "Somebody else was first. Click to see what you have drawn."] : null;
  const [kind, text, title] = late ?? savingText({ waiting, offline, conflicts, refused, durable, paused });
  chip.className = `chip saving-state ${kind}`;
  chip.replaceChildren(picture(kind === "good" ? "check" : kind === "info" ? "cloud" : "warn"), text);
  chip.title = title;
}
