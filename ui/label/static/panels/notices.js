// What stands over the picture when there is none: loading, an empty queue, a failure with a way on.
import { el } from "../dom.js";
import { picture } from "./icons.js";

export function createNotices({ store, run }) {
  const element = el("div.stage-notices", { "aria-live": "polite" });

  const busy = (text) => el("div.notice-card.busy", {}, el("span.spinner", { "aria-hidden": "true" }), el("p", {}, text));

  const failed = ({ text, again }) =>
    el("div.notice-card", { role: "alert" }, picture("warn"), el("h2", {}, "The image could not be opened"), el("p.soft", {}, text),
      el("div.notice-actions", {},
        el("button.button", { type: "button", onclick: () => run("images") }, "All images"),
        el("button.button.primary", { type: "button", onclick: again }, "Try again")));

  const done = ({ figures }) =>
    el("div.notice-card", {}, picture("check"), el("h2", {}, "The queue is empty"),
      el("p.soft", {}, figures.done
        ? `Nothing is left to do. You finished ${figures.done} of them in this session.`
        : "Every image is done, skipped or in somebody else's hands."),
      el("div.notice-actions", {}, el("button.button.primary", { type: "button", onclick: () => run("images") }, "All images")));

  store.on(["loading", "trouble", "queueEmpty", "image"], (state) => {
    const content = state.trouble ? failed(state.trouble) : state.loading ? busy(state.loading.text) : state.queueEmpty ? done(state) : null;
    element.replaceChildren(...(content ? [content] : []));
    element.hidden = content === null;
  });
  return element;
}
