// The list of what lies on the image, and the score from which proposals are shown.
import { counted, el } from "../dom.js";
import { categoryColour, css } from "../palette.js";


/** @param {{ store: object, run: (command: string) => void, onPoint: (key: string|null) => void, onSelect: (key: string, adds: boolean) => void, onShow: (key: string) => void }} parts */
export function createObjects({ store, onPoint, onSelect, onShow }) {
  const score = el("input", { type: "range", min: 0, max: 1, step: 0.01, id: "least-score", oninput: () => store.set({ least_score: Number(score.value) }) });
  const scoreText = el("output", { for: "least-score" });
  const proposalsText = el("span.soft.small");
  const annotations = el("ul.object-list", { role: "listbox", "aria-label": "Annotations", "aria-multiselectable": "true" });
  const proposals = el("ul.object-list", { role: "listbox", "aria-label": "Proposals", "aria-multiselectable": "true" });
  const annotationsTitle = el("h2", {}, "Annotations");
  const nothing = el("p.soft.small", {});
  const element = el("section.panel.objects", { "aria-label": "Objects" },
    el("div.panel-head", {}, annotationsTitle), annotations, nothing,
    el("div.panel-head", {}, el("h2", {}, "Proposals"), proposalsText),
    el("label.score-filter", { for: "least-score" }, el("span", {}, "Scored at least"), scoreText), score,
    proposals,
  );

  for (const list of [annotations, proposals]) {
    list.addEventListener("pointerover", (event) => onPoint(keyOf(event)));
    list.addEventListener("pointerleave", () => onPoint(null));
    list.addEventListener("click", (event) => keyOf(event) && onSelect(keyOf(event), event.ctrlKey || event.metaKey || event.shiftKey));
    list.addEventListener("dblclick", (event) => keyOf(event) && onShow(keyOf(event)));
    list.addEventListener("keydown", walk);
  }

  function walk(event) {
    const row = event.target.closest("li");
    if (!row) return;
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      const next = row[step];
      if (!next) return;
      onSelect(next.dataset.key, false);
      next.parentElement.querySelector(`[data-key="${next.dataset.key}"]`)?.focus();
    } else if (event.key === " ") {
      event.preventDefault();
      onSelect(row.dataset.key, true);
    }
  }

  function render({ objects, selected, project, least_score, busy, draft, session }) {
    const all = [...objects.values()].filter(({ key }) => key !== draft?.source.key);
    const kept = all.filter(({ kind }) => kind === "annotation");
    const pending = all.filter(({ kind, state }) => kind === "proposal" && state === "pending");
    const shown = pending.filter(({ score: s }) => s >= least_score).sort((a, b) => b.score - a.score);
    const index = new Map((project?.categories ?? []).map(({ id }, at) => [id, at]));
    const names = new Map((project?.categories ?? []).map(({ id, name }) => [id, name]));
    annotationsTitle.textContent = kept.length ? `Annotations · ${kept.length}` : "Annotations";
    nothing.textContent = kept.length ? "" : pending.length
      ? shown.length ? "None yet. Point at a proposal and press Enter, or click on an object." : "None yet. Click on an object to begin; proposals are kept back by their score."
      : "None yet. Click on an object to begin.";
    nothing.hidden = kept.length > 0;
    const about = { names, index, busy, me: session?.user.name };
    fill(annotations, kept, selected, (object) => ofAnnotation(object, about));
    fill(proposals, shown, selected, ofProposal);
    proposalsText.textContent = pending.length === shown.length ? counted(pending.length, "proposal") : `${shown.length} of ${pending.length} shown`;
    const most = Math.max(1, ...pending.map((one) => Math.ceil(one.score * 100) / 100)); // models promise more than 1
    score.max = String(most);
    scoreText.textContent = least_score > most ? "none" : least_score.toFixed(2);
    score.value = String(least_score);
    element.classList.toggle("no-proposals", pending.length === 0);
  }

  store.on(["objects", "selected", "project", "least_score", "busy", "draft"], render);
  return element;
}

const keyOf = (event) => event.target.closest("li")?.dataset.key ?? null;

/** A row whose text is the same stays the same element, and keeps the focus; most of hundreds do.
 * @param {(object: object) => { text: string, make: () => HTMLElement[] }} describe */
function fill(list, objects, selected, describe) {
  const had = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const rows = objects.map((object) => {
    const { text, make } = describe(object);
    const old = had.get(object.key);
    const row = old?.text === text ? old : newRow(object.key, text, make());
    const chosen = String(selected.has(object.key));
    if (row.getAttribute("aria-selected") !== chosen) row.setAttribute("aria-selected", chosen);
    return row;
  });
  const focused = document.activeElement?.parentElement === list ? document.activeElement.dataset.key : null;
  if (!sameRows(list.children, rows)) list.replaceChildren(...rows);
  const first = rows.find((row) => selected.has(row.dataset.key)) ?? rows[0];
  for (const row of rows) {
    const index = row === first ? 0 : -1;
    if (row.tabIndex !== index) row.tabIndex = index;
  }
  if (focused) rows.find((row) => row.dataset.key === focused)?.focus();
}

const sameRows = (children, rows) => children.length === rows.length && rows.every((row, at) => row === children[at]);

function newRow(key, text, children) {
  const row = el("li.object", { role: "option", data: { key } }, children);
  row.text = text;
  return row;
}

function ofAnnotation(object, { names, index, busy, me }) {
  const name = names.get(object.category_id) ?? "no category";
  const saving = busy.has(object.key);
  const author = object.author && object.author !== me ? object.author : "";
  const make = () => [
    el("span.swatch", { style: { background: css(categoryColour(index.get(object.category_id) ?? 0)) } }),
    el("span.object-name", {}, name),
    author ? el("span.soft.small", {}, author) : null,
    el("span.soft.small.number", {}, pixels(object)),
    el("span.dot", { title: saving ? "Kept here, being sent" : "Saved", class: saving ? "saving" : "saved" }),
  ];
  return { text: `${name}|${saving}|${object.mask.area}|${author}`, make };
}

function ofProposal(object) {
  const make = () => [
    el("span.score", { title: "Predicted IoU" }, object.score.toFixed(2)),
    el("span.object-name.soft", {}, `#${object.id}`),
    el("span.soft.small.number", {}, pixels(object)),
  ];
  return { text: `${object.score}|${object.mask.area}`, make };
}

const pixels = ({ mask }) => `${mask.area.toLocaleString("en")} px`;
