// What stands where no card is: waiting, nothing to review, nothing left, or why nothing comes.
import { counted, el } from "../../label/dom.js";
import { picture } from "../../label/panels/icons.js";
import { morph } from "../../models/morph.js";
import { figuresOf } from "../deck/verdicts.js";
import { MANAGE, REVIEW, may } from "../state.js";
import { foldsOf } from "./bar.js";

/** @param {{ store: object, onQueue: (id: number|null) => void, onNew: () => void, onAgain: () => void }} parts */
export function createEmpty({ store, onQueue, onNew, onAgain }) {
  const element = el("div.stage-notices.empty-review", { hidden: true });
  element.addEventListener("click", ({ target }) => {
    const { act, id } = target.closest("[data-act]")?.dataset ?? {};
    if (act === "new") onNew();
    if (act === "again") onAgain();
    if (act === "queue") onQueue(id === "" ? null : Number(id));
  });
  store.on(["cards", "queues", "queue", "dealing", "batches", "saving", "said", "project", "session", "trouble", "disputed"], (state) => {
    element.hidden = state.cards.length > 0;
    morph(element, element.hidden ? [] : [cardOf(state)]);
  });
  return element;
}

function cardOf(state) {
  const { queues, dealing, project, trouble } = state;
  if (!may(state, REVIEW)) return notice("warn", "You may look, not review", `Reviewing in ${project.name} needs the role reviewer. Ask an admin or the manager of the project for it.`, [toLabel(project)]);
  if (trouble) return notice("warn", "The queues cannot be had", trouble, [button("again", "Try again")], "alert");
  if (queues === null) return busy("Loading the queues …");
  if (!queues.some(({ closed_at }) => !closed_at)) return noQueue(state);
  if (dealing.trouble) return notice("warn", "No cards can be had", dealing.trouble, [button("again", "Try again")], "alert");
  if (dealing.waiting) return busy("Fetching cards …");
  if (state.batches > 0) return busy("Accepting them; a sample comes back in a moment …");
  return nothingLeft(state);
}

function noQueue(state) {
  const { project } = state;
  if (may(state, MANAGE)) {
    return notice("images", "No queue is open yet", "A queue is a rule: which masks are looked at, in which order, and by whom. Proposals of your jobs come into it by themselves.",
      [button("new", "New queue", "primary"), toFolds(state), toLabel(project)]);
  }
  return notice("images", "No queue is open yet", `Who manages ${project.name} makes one and lets you into it. Ask them, or an admin.`, [toFolds(state), toLabel(project)]);
}

function nothingLeft(state) {
  const { done, acceptance, seconds } = figuresOf(state.said);
  const { name: me } = state.session.user;
  const others = state.queues.filter(({ id, left, closed_at, people }) => !closed_at && id !== state.queue && left > 0 && (people.length === 0 || people.includes(me)));
  const summary = done ? `In this session: ${counted(done, "card")}, ${Math.round(acceptance * 100)} % accepted${seconds === null ? "" : `, ${seconds.toFixed(1)} s each`}.` : "What comes in later is shown by itself.";
  return notice("check", "Nothing is left here", summary, [
    ...others.slice(0, 4).map(({ id, name, left }) => button("queue", `${name} · ${left.toLocaleString("en")} left`, "", id)),
    state.queue !== null && others.length === 0 && button("queue", "All my queues", "", ""),
    toFolds(state),
    toLabel(state.project),
  ]);
}

const notice = (icon, title, text, actions, role = "status") =>
  el("section.notice-card", { role, data: { key: title } }, picture(icon), el("h2", {}, title), el("p.soft", {}, text), el("div.notice-actions", {}, actions));

const busy = (text) => el("section.notice-card.busy", { role: "status", data: { key: "busy" } }, el("span.spinner", { "aria-hidden": "true" }), el("span", {}, text));

const button = (act, text, kind = "", id = "") => el("button.button", { type: "button", class: kind, data: { act, id: String(id) } }, text);

const toLabel = (project) => el("a.button.bare", { href: `/label/?project=${project.id}` }, "Label instead");

const toFolds = (state) => state.disputed !== null && el("a.button", { href: foldsOf(state) }, `Images in dispute · ${state.disputed}`);
