// Below the picture: the object in hand with its candidates, or what the pointer is over.
import { el } from "../dom.js";
import { isPending, isShown } from "../document/objects.js";
import { relationsOf } from "../relations.js";

export function createHand({ store, run, keymap, at }) {
  const element = el("div.hand", { role: "status", "aria-live": "polite", "aria-label": "Object in hand" });

  function render(state) {
    const { draft, hovered, selected, asking, image } = state;
    const key = selected.size === 1 ? [...selected][0] : hovered;
    const content = draft ? inHand(draft, state) : selected.size > 1 ? several(selected) : key ? pointedAt(state.objects.get(key), state) : [];
    const waiting = asking.waiting ? [el("span.waiting", {}, el("span.spinner", { "aria-hidden": "true" }), asking.text)] : [];
    element.replaceChildren(...waiting, ...(content.length || waiting.length || !image ? content : hints(state)));
  }

  /** What there is to do when nothing is in hand and nothing pointed at. */
  function hints({ objects, warm }) {
    if (!warm) return [el("span.spinner", { "aria-hidden": "true" }), el("span.soft.hint", {}, "Encoding this picture, so that clicks are answered at once …")];
    const waits = [...objects.values()].some(isPending);
    return [
      el("span.soft.hint", {}, "Click on an object, or drag a box around it.", waits ? " Point at a proposal to accept, edit or reject it; " : " ", waits ? key("object.next") : null, waits ? " goes through them." : null),
      el("span.spacer"),
      el("span.soft.hint", {}, key("help"), " all keys"),
    ];
  }

  const key = (command) => el("kbd", {}, keymap.label(command));
  const button = (command, text, kind = "") =>
    el(`button.button${kind}`, { type: "button", onclick: () => run(command), onpointerdown: (event) => event.preventDefault() }, text, key(command));

  function inHand(draft, { project, busyAsking }) {
    const category = project.categories.find(({ id }) => id === draft.category_id);
    return [
      el("strong", {}, category?.name ?? "No category yet"),
      draft.candidates.length > 1 ? candidates(draft) : scoreOf(draft),
      el("span.spacer"),
      button("undo", "Undo"),
      button("cancel", "Drop"),
      draft.mask && !busyAsking ? button("accept", "Keep", ".primary") : null,
    ].filter(Boolean);
  }

  function candidates(draft) {
    return el("div.candidates", { role: "radiogroup", "aria-label": "Candidates, best first" },
      draft.candidates.map(({ predicted_iou }, index) =>
        el("button.candidate", {
          type: "button", role: "radio", "aria-checked": String(index === draft.chosen),
          onclick: () => run("candidate", index - draft.chosen), title: "Predicted IoU",
        }, predicted_iou.toFixed(2))),
      key("candidate.next"));
  }

  const scoreOf = ({ score, mask, by_hand }) =>
    mask === null ? el("span.soft", {}, "no mask yet") : el("span.soft", {}, by_hand ? "by hand" : score === null ? "" : `predicted IoU ${score.toFixed(2)}`);

  const several = (selected) => [
    el("strong", {}, `${selected.size} selected`), el("span.spacer"), button("merge", "Merge"), button("accept", "Accept"), button("reject", "Reject"), button("delete", "Delete"),
  ];

  function pointedAt(object, state) {
    if (!object || !isShown(object)) return [];
    const beneath = state.pointer ? at(state.pointer.x, state.pointer.y).filter((one) => one !== object.key).length : 0;
    return object.kind === "proposal" ? proposal(object, state, beneath) : annotation(object, state, beneath);
  }

  function facts(object, state, beneath) {
    const shown = [...state.objects.values()].filter(isShown);
    const { inside, contains, overlaps } = relationsOf(object, shown);
    const parts = [];
    if (inside.length) parts.push(`inside ${inside.length}`);
    if (contains.length) parts.push(`contains ${contains.length}`);
    if (overlaps.length) parts.push(`overlaps ${overlaps.length}`);
    return [
      parts.length ? el("span.soft", {}, parts.join(" · ")) : null,
      beneath ? el("span.soft", {}, `${beneath} more here`, " ", key("below")) : null,
      el("span.spacer"),
    ];
  }

  const versionOf = (object, { versions }) => (object.version ? (versions.get(object.version) ?? `version ${object.version}`) : "by hand");

  function proposal(object, state, beneath) {
    return [
      el("strong", {}, "Proposal"),
      el("span.score", { style: { "--score": String(object.score) } }, object.score.toFixed(2)),
      el("span.soft", {}, versionOf(object, state)),
      ...facts(object, state, beneath),
      button("reject", "Reject"), button("edit", "Edit"), button("accept", "Accept", ".primary"),
    ].filter(Boolean);
  }

  function annotation(object, state, beneath) {
    const category = state.project.categories.find(({ id }) => id === object.category_id);
    return [
      el("strong", {}, category?.name ?? "No category"),
      el("span.soft", {}, [object.author, versionOf(object, state)].filter(Boolean).join(" · ")),
      ...facts(object, state, beneath),
      button("delete", "Delete"), button("edit", "Edit"),
    ].filter(Boolean);
  }

  store.on(["draft", "hovered", "selected", "asking", "objects", "image", "project", "warm"], render);
  keymap.onChange(() => render(store.state));
  return element;
}
