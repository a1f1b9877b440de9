// The bars of the page: where one is, on top; and what can be done with the chosen pass, below.
import { el } from "../../label/dom.js";
import { elsewhere } from "../../label/elsewhere.js";
import { picture } from "../../label/panels/icons.js";
import { morph } from "../../models/morph.js";
import { countIn, isSkipped, letterOf } from "./state.js";

/** @param {{ store: object, run: (id: string) => void }} parts */
export function createTop({ store, run }) {
  const { state } = store;
  const project = el("span.project-name");
  const queues = el("select.queue-choice", { "aria-label": "Queue", title: "Queue", onchange: () => queues.value !== "folds" && location.assign(`?project=${state.project.id}`) },
    el("option", { value: "folds" }, "Images in dispute"), el("option", { value: "" }, "Cards to review"));
  const left = el("span.left.small.soft", { role: "status" });
  const figures = el("dl.figures", { "aria-label": "This session" });
  const others = el("nav.elsewhere", { "aria-label": "Other pages of the project" });
  const person = el("span.signed-in.soft.small");
  store.on(["project", "session"], ({ project: one, session }) => {
    project.textContent = one.name;
    person.textContent = session.user.name;
    others.replaceChildren(...elsewhere(one, "review"));
  });
  store.on(["list", "more"], (known) => (left.textContent = known.list === null ? "" : `${countIn(known)} in dispute`));
  store.on(["decided"], ({ decided }) => figures.replaceChildren(el("div", {}, el("dd", {}, String(decided)), el("dt", {}, "decided"))));
  return el("header.top", {},
    el("a.brand", { href: "/", "aria-label": "maskloop: all projects" }, picture("logo"), el("span", {}, "maskloop")),
    project, queues, left, el("span.spacer"), figures,
    el("button.button.bare", { type: "button", onclick: () => run("help"), "aria-label": "Keys", title: "Keys (?)" }, picture("keys")),
    others, person);
}

/** @param {{ store: object, keymap: object, run: (id: string) => void }} parts */
export function createDecisionBar({ store, keymap, run }) {
  const element = el("div.hand.verdict-bar.decision-bar", { role: "toolbar", "aria-label": "Decision" });
  element.addEventListener("pointerdown", (event) => event.target.closest("button") && event.preventDefault()); // the focus stays where the keys are
  element.addEventListener("click", ({ target }) => {
    const command = target.closest("button:not(:disabled)")?.dataset.key;
    if (command) run(command);
  });
  const button = (command, text, kind = "", more = {}) =>
    el("button.button", { type: "button", class: kind, data: { key: command }, "aria-keyshortcuts": keymap.aria(command), ...more }, text, el("kbd", { "aria-hidden": "true" }, keymap.label(command)));
  const hint = (text, strong = null) => el("p.hint", { role: "status", data: { key: "hint" } }, strong && el("strong", {}, strong), " ", text);

  function content({ fold, chosen, taking, list }) {
    const next = [el("span.spacer", { data: { key: "spacer" } }), button("next", "Next", "bare", { disabled: !list?.length || taking?.sending === true })];
    if (fold === null) return [hint(""), ...next];
    if (chosen === null) return [button("take", "Take", "primary accept", { disabled: true }), hint(`Choose the pass that is right: ${keymap.label("pass.1")} to ${fold.passes.length}, or click on it.`), ...next];
    const letter = letterOf(chosen);
    const skipped = isSkipped(fold.passes[chosen]);
    if (taking?.sending) return [hint(`Taking ${letter} …`), ...next];
    if (taking) return asking(letter, skipped, taking);
    return [
      button("take", skipped ? `Skip it, as ${letter}` : `Take ${letter}`, "primary accept"), button("correct", `Take ${letter} and correct`, "", { disabled: skipped }),
      hint("You are asked once more: it cannot be undone."), ...next,
    ];
  }

  function asking(letter, skipped, { kind }) {
    const result = skipped ? "The image becomes skipped" : kind === "finish" ? "Its masks become the image's, which is done" : "Its masks become the image's, and you correct them";
    const deed = skipped ? `Yes, skip as ${letter}` : kind === "finish" ? `Yes, take ${letter}` : `Yes, take ${letter} and correct`;
    return [
      button("take", deed, "primary accept"),
      hint(`${result}. This cannot be undone.`, skipped ? `Skip it, as ${letter}?` : `Take ${letter}?`),
      el("span.spacer", { data: { key: "spacer" } }), button("cancel", "Cancel", "bare"),
    ];
  }

  const draw = () => {
    const { state } = store;
    element.dataset.of = state.taking ? "asking" : "";
    morph(element, content(state));
  };
  store.on(["fold", "chosen", "taking", "list"], draw);
  keymap.onChange(draw);
  return el("div.verdict-hold", {}, element);
}
