// What stands over the picture when there is none: loading, an empty queue, a failure with a way on.
import { el } from "../dom.js";
import { labelOf, nameIn, othersThan } from "../queues.js";
import { picture } from "./icons.js";

const MOST_OTHERS = 4;

/** @param {{ store: object, run: Function, onQueue: (id: number|null) => void }} parts */
export function createNotices({ store, run, onQueue }) {
  const element = el("div.stage-notices", { "aria-live": "polite" });

  const busy = (text) => el("div.notice-card.busy", {}, el("span.spinner", { "aria-hidden": "true" }), el("p", {}, text));

  const failed = ({ text, again }) =>
    el("div.notice-card", { role: "alert" }, picture("warn"), el("h2", {}, "The image could not be opened"), el("p.soft", {}, text),
      el("div.notice-actions", {},
        el("button.button", { type: "button", onclick: () => run("images") }, "All images"),
        el("button.button.primary", { type: "button", onclick: again }, "Try again")));

  const done = (state) => {
    const { closed } = state.queueEmpty;
    return el("div.notice-card", {}, picture(closed === null ? "check" : "warn"), el("h2", {}, headOf(state)),
      el("p.soft", {}, closed === null ? whyOf(state) : "It hands out nothing more. What you did there is kept."),
      el("div.notice-actions", {}, waysOf(state)));
  };

  function waysOf(state) {
    const others = othersThan(state).slice(0, MOST_OTHERS);
    const to = (id, text, kind = "") => el("button.button", { type: "button", class: kind, onclick: () => onQueue(id) }, text);
    return [
      ...others.map((queue, at) => to(queue.id, labelOf(queue), at === 0 ? "primary" : "")),
      state.queueEmpty.closed !== null && others.length === 0 && to(null, state.queues.length ? "All my queues" : "Go on without a queue", "primary"),
      el("button.button", { type: "button", class: others.length || state.queueEmpty.closed !== null ? "" : "primary", onclick: () => run("images") }, "All images"),
    ];
  }

  store.on(["loading", "trouble", "queueEmpty", "queues", "image"], (state) => {
    const content = state.trouble ? failed(state.trouble) : state.loading ? busy(state.loading.text) : state.queueEmpty ? done(state) : null;
    element.replaceChildren(...(content ? [content] : []));
    element.hidden = content === null;
  });
  return element;
}

function headOf({ queueEmpty, queues, queue }) {
  if (queueEmpty.closed !== null) return `The queue “${queueEmpty.closed}” is closed`;
  if (queue !== null) return `Nothing is left in “${nameIn(queues, queue) ?? "this queue"}”`;
  return queues.length > 1 ? "The queues are empty" : "The queue is empty";
}

function whyOf({ figures }) {
  const session = figures.done ? ` You finished ${figures.done} of them in this session.` : "";
  return `Every image is done, skipped or in somebody else's hands.${session}`;
}
