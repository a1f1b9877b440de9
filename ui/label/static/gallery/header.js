// The head of the image list: the project, what is found, what narrows it, and what can be done.

import { counted, el } from "../dom.js";
import { elsewhere } from "../elsewhere.js";
import { NO_FILTERS, SHOWS, isFiltered, rangeProblem, scoreOfField } from "./filters.js";
import * as icons from "./icons.js";

const TYPED_MS = 250;
const LABELS = { all: "All", todo: "To do", leased: "In work", done: "Done", skipped: "Skipped" };
const HINTS = {
  all: "All images",
  todo: "Images that nobody has submitted yet",
  leased: "Images that somebody works on now",
  done: "Images that were submitted",
  skipped: "Images that were skipped, with a reason",
};

/**
 * @param {{ filters: import("./filters.js").Filters, onFilters: (filters: import("./filters.js").Filters) => void,
 *   onStart: () => void, onChoose: () => void, onChooseFolder: () => void, onLeave: () => void }} options
 */
export function createHeader({ filters: initial, onFilters, onStart, onChoose, onChooseFolder, onLeave }) {
  let filters = initial;
  let typing;

  const title = el("h1.title");
  const found = el("p.found.soft", { role: "status" });
  const start = el("button.button.primary", { type: "button", onclick: () => onStart(), hidden: true }, icons.play(), "Start labeling");
  const choose = el("button.button", { type: "button", onclick: () => onChoose(), hidden: true }, icons.upload(), "Upload");
  const chooseFolder = el(
    "button.button.square",
    { type: "button", title: "Upload a folder", "aria-label": "Upload a folder", onclick: () => onChooseFolder(), hidden: true },
    icons.folder(),
  );

  const tabs = new Map(SHOWS.map((show) => [show, tab(show)]));
  const segments = el("fieldset.segments", {}, el("legend.unseen", {}, "State"), ...[...tabs.values()].map(({ label }) => label));
  const text = el("input", {
    type: "search", placeholder: "Search file names", maxLength: 200, autocomplete: "off", spellcheck: false,
    "aria-label": "Search images by file name or path", "aria-keyshortcuts": "/",
    oninput: () => soon({ text: text.value }), onkeydown: keyInSearch,
  });
  const search = el("label.search", {}, icons.search(), text, el("kbd", { "aria-hidden": "true" }, "/"));
  const category = el("select", { "aria-label": "With annotations of", onchange: () => now({ category_id: Number(category.value) || null }) });
  const least = scoreField("Lowest score of a proposal", "0");
  const most = scoreField("Highest score of a proposal", "1");
  const wrong = el("p.wrong", { role: "alert", hidden: true });
  const scores = el("fieldset.scores", {}, el("legend.unseen", {}, "Scores of proposals that wait"), el("span", {}, "Proposals scored from"), least, el("span", {}, "to"), most);
  const clear = el("button.button.bare.clear", { type: "button", onclick: clearAll, hidden: true }, icons.cross(), "Clear filters");
  const others = el("nav.elsewhere", { "aria-label": "Other pages of the project" });
  const element = el(
    "header.gallery-head",
    {},
    el("div.row", {}, title, found, clear, el("div.actions", {}, others, choose, chooseFolder, start)),
    el("div.row.filters", { role: "search", "aria-label": "Images" }, segments, search, category, scores),
    wrong,
  );

  function tab(show) {
    const radio = el("input", { type: "radio", name: "gallery-show", value: show, onchange: () => now({ show }) });
    const number = el("b");
    return { radio, number, label: el("label", { title: HINTS[show] }, radio, el("span", {}, LABELS[show], number)) };
  }

  function scoreField(label, placeholder) {
    return el("input", { type: "number", min: "0", max: "1", step: "0.05", placeholder, inputMode: "decimal", "aria-label": label, oninput: scoresTyped });
  }

  function scoresTyped() {
    const [from, to] = [least, most].map((field) => (field.validity.badInput ? NaN : scoreOfField(field.value)));
    const problem = rangeProblem(from, to);
    wrong.hidden = problem === null;
    wrong.textContent = problem ?? "";
    for (const field of [least, most]) field.setAttribute("aria-invalid", String(problem !== null));
    if (problem === null) soon({ score_least: from, score_most: to });
    else clearTimeout(typing);
  }

  function keyInSearch(event) {
    if (event.key === "Enter") now({ text: text.value });
    else if (event.key === "ArrowDown") onLeave();
    else if (event.key === "Escape" && text.value === "") text.blur();
    else return;
    event.preventDefault();
  }

  /** Everything that was typed meanwhile is in it. */
  function now(patch) {
    clearTimeout(typing);
    const typed = { ...filters, text: text.value, ...patch };
    filters = typed;
    draw();
    onFilters(filters);
  }

  function soon(patch) {
    clearTimeout(typing);
    typing = setTimeout(() => now(patch), TYPED_MS);
  }

  function clearAll() {
    wrong.hidden = true;
    text.value = "";
    now(NO_FILTERS);
    text.focus();
  }

  function draw() {
    tabs.get(filters.show).radio.checked = true;
    if (document.activeElement !== text) text.value = filters.text;
    category.value = String(filters.category_id ?? "");
    category.classList.toggle("set", filters.category_id !== null);
    for (const [field, score] of [[least, filters.score_least], [most, filters.score_most]]) {
      if (document.activeElement !== field) field.value = score ?? "";
    }
    clear.hidden = !isFiltered(filters);
  }

  draw();

  return {
    element,
    clearAll,
    focusSearch() {
      text.focus();
      text.select();
    },
    /** @param {{id: number, name: string, permissions: string[], categories: {id: number, name: string}[]}|null} project */
    showProject(project, { mayLabel, mayAdd }) {
      title.textContent = project?.name ?? "";
      others.replaceChildren(...(project === null ? [] : elsewhere(project, "label")));
      const options = (project?.categories ?? []).map(({ id, name }) => el("option", { value: String(id) }, name));
      const isUnknown = filters.category_id !== null && !project?.categories.some(({ id }) => id === filters.category_id);
      if (isUnknown) options.push(el("option", { value: String(filters.category_id) }, `Category ${filters.category_id}`));
      category.replaceChildren(el("option", { value: "" }, "Any category"), ...options);
      start.hidden = !mayLabel;
      choose.hidden = chooseFolder.hidden = !mayAdd;
      draw();
    },
    /** @param {Record<string, number>|null} counts */
    showCounts(counts) {
      for (const [show, { number }] of tabs) {
        number.textContent = counts === null ? "" : counts[show].toLocaleString("en");
        number.title = counts === null ? "" : counted(counts[show], "image");
      }
      const isOver = counts !== null && counts.todo === 0;
      start.disabled = isOver;
      start.title = isOver ? "No image is left to do" : "Opens the next image of the queue";
    },
    /** @param {string} sentence */
    showFound(sentence) {
      if (found.textContent !== sentence) found.textContent = sentence;
    },
    destroy: () => clearTimeout(typing),
  };
}
