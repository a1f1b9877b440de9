// Below the picture: what can be said of the card, each with its key; while rejecting, the reasons.
import { el } from "../../label/dom.js";
import { LONGEST, OTHER, REASONS } from "../deck/reasons.js";
import { AUDIT_SHARE } from "../deck/batches.js";
import { voteInView } from "../deck/votes.js";

/** @param {{ store: object, keymap: object, run: (id: string) => void, onReason: (reason: string|null) => void }} parts */
export function createVerdictBar({ store, keymap, run, onReason }) {
  const element = el("div.hand.verdict-bar", { role: "toolbar", "aria-label": "Verdicts" });

  /** The focus stays where the keys are. */
  const held = { onpointerdown: (event) => event.preventDefault() };
  const key = (command) => el("kbd", { "aria-hidden": "true" }, keymap.label(command));
  const button = (command, text, kind = "", more = {}) =>
    el("button.button", { type: "button", class: kind, "aria-keyshortcuts": keymap.aria(command), onclick: () => run(command), ...held, ...more }, text, key(command));

  const ofCard = (state) => {
    const { cards: [card], said } = state;
    const none = { disabled: card === undefined };
    const isVoted = voteInView(state) !== null;
    return [
      isVoted && button("take", "Take vote", "primary accept"),
      button("accept", card?.votes.length ? "Accept proposal" : "Accept", isVoted ? "" : "primary accept", none), button("reject", "Reject", "danger reject", none), button("correct", "Correct", "", none),
      el("span.spacer"),
      button("undo", "Undo", "", { disabled: said.length === 0 }), button("later", "Later", "bare", none), button("give_back", "Give back", "bare", none),
    ];
  };

  const ofWall = ({ cards, selection, said }) => [
    button("accept", selection.ids.size ? `Accept ${selection.ids.size} selected` : "Accept selected", "primary accept", { disabled: selection.ids.size === 0 }),
    button("reject", "Reject the one in focus", "danger", { disabled: cards.length === 0 }),
    el("span.soft.hint", {}, selection.ids.size ? auditHint(selection.ids.size) : "Space selects, Shift and arrows select on the way"),
    el("span.spacer"),
    button("wall.all", "Select all", "bare"), button("undo", "Undo", "", { disabled: said.length === 0 }),
  ];

  const auditHint = (count) => (count < 5 ? "Fewer than 5: none is drawn for an audit" : `About ${Math.max(1, Math.round(count * AUDIT_SHARE))} of them, drawn at random, will be judged alone`);

  const ofReasons = () => [
    el("strong", {}, "Why?"),
    REASONS.map(({ text, about }, at) => el("button.button.reason", { type: "button", title: about, onclick: () => onReason(text), ...held }, el("kbd", { "aria-hidden": "true" }, String(at + 1)), text)),
    el("button.button.reason", { type: "button", onclick: () => store.set({ panel: "reason" }), ...held }, el("kbd", { "aria-hidden": "true" }, String(OTHER)), "other …"),
    el("button.button.reason.bare", { type: "button", onclick: () => onReason(null), ...held }, key("reject"), "without a reason"),
    el("span.spacer"),
    button("cancel", "Cancel", "bare"),
  ];

  function ofOther() {
    const field = el("input", { type: "text", maxLength: LONGEST, "aria-label": "Reason", placeholder: "What is wrong with it?", autocomplete: "off", onkeydown });
    function onkeydown(event) {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") return store.set({ panel: "reasons" });
      return field.value.trim() && onReason(field.value.trim());
    }
    queueMicrotask(() => field.focus());
    return [el("strong", {}, "Reject:"), field, el("button.button.danger", { type: "button", onclick: () => field.value.trim() && onReason(field.value.trim()) }, "Reject", el("kbd", { "aria-hidden": "true" }, "Enter"))];
  }

  store.on(["panel", "mode", "selection", "cards", "said", "vote"], (state) => {
    const { panel, mode } = state;
    if (panel === "reason" && element.dataset.of === "reason") return; // what is being typed stays
    const focused = element.contains(document.activeElement) ? [...element.querySelectorAll("button")].indexOf(document.activeElement) : -1;
    element.dataset.of = panel === "reason" || panel === "reasons" ? panel : mode;
    const draw = { reasons: ofReasons, reason: ofOther }[panel] ?? (mode === "wall" ? ofWall : ofCard);
    element.replaceChildren(...draw(state).flat().filter(Boolean));
    if (focused >= 0) element.querySelectorAll("button")[focused]?.focus();
  });
  return el("div.verdict-hold", {}, element);
}
