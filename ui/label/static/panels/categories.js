// The categories panel: search, recent ones, the list with number keys and counts, and making a new one.

import { el } from "../dom.js";
import { firstInHand, narrow, newName, readRecent, recentOf, used, writeRecent } from "./category_choice.js";
import { chipOf, describe, makeRow, noteOf, rowOf } from "./category_rows.js";
import { storageOf } from "./look_state.js";

const NUMBERED = 9;

let made = 0;

/**
 * @param {object} options
 * @param {ReturnType<typeof import("../state.js").createStore>} options.store
 *   with `project` ({ id, categories, permissions }), `category_id` (in hand, or null), `counts` (Map of category id → objects on this image)
 * @param {{ get: Function, post: Function }} options.api             journal/api.js
 * @param {ReturnType<typeof import("../keys.js").createKeymap>} [options.keymap]
 * @param {Storage|null} [options.storage]
 * @param {(category: import("./category_choice.js").Category) => void} [options.onChoose]
 * @param {(sentence: string) => void} [options.onProblem]
 * @returns {{ element: HTMLElement, choose: (place: number) => boolean, search: () => void, destroy: () => void }}
 */
export function createCategories({ store, api, keymap = null, storage = storageOf(), onChoose = () => {}, onProblem = () => {} }) {
  made += 1;
  const listId = `maskloop-categories-${made}`;
  let projectId = null;
  let recent = [];
  let options = []; // { element, category|null, name } as shown; the last may make a new category
  let active = -1;
  let making = false;

  const field = el("input", {
    type: "search", role: "combobox", placeholder: "Search categories", autocomplete: "off", spellcheck: false, maxLength: 100,
    "aria-label": "Search categories", "aria-controls": listId, "aria-expanded": "true", "aria-autocomplete": "list",
    oninput: () => showList(), onkeydown: onKey, onfocus: () => paintActive(), onblur: () => paintActive(),
  });
  const hint = el("kbd.categories-key", { "aria-hidden": "true" });
  const recentRow = el("div.categories-recent", { role: "group", "aria-label": "Recent categories" });
  const list = el("div.categories-list", { id: listId, role: "listbox", "aria-label": "Categories", onclick: onClick });
  const note = el("p.categories-note.small.soft", { role: "status" });
  const element = el("section.categories", { "aria-label": "Categories" },
    el("div.categories-search", {}, field, hint), recentRow, list, note);

  const categories = () => store.state.project?.categories ?? [];
  const mayMake = () => Boolean(store.state.project?.permissions?.includes("project.manage"));

  /** By its place in the project, so that a number key never moves. */
  function keyOf(place) {
    if (place >= NUMBERED) return "";
    return keymap ? keymap.label(`category.${place + 1}`) : String(place + 1);
  }

  function take(category) {
    recent = used(recent, category.id);
    const problem = writeRecent(storage, projectId, recent);
    if (problem) onProblem(problem);
    store.set({ category_id: category.id });
    field.value = "";
    showAll();
    onChoose(category);
  }

  function showAll() {
    showRecent();
    showList();
  }

  function showRecent() {
    const found = recentOf(categories(), recent);
    recentRow.hidden = found.length < 2; // the one in hand alone tells nothing
    const chips = found.map((category) => chipOf(category, categories().indexOf(category), () => take(category)));
    recentRow.replaceChildren(el("span.small.soft", { "aria-hidden": "true" }, "Recent"), ...chips);
  }

  function showList() {
    const query = field.value;
    const found = narrow(categories(), query);
    const name = newName(categories(), query);
    const places = new Map(categories().map((category, place) => [category, place]));
    options = found.map((category) => rowOf(category, places.get(category), keyOf(places.get(category))));
    if (name !== null && mayMake()) options.push(makeRow(name));
    options.forEach((option, place) => (option.element.id = `${listId}-${place}`));
    list.replaceChildren(...options.map((option) => option.element));
    list.hidden = options.length === 0;
    field.setAttribute("aria-expanded", String(options.length > 0));
    const total = categories().length;
    note.textContent = store.state.project ? noteOf({ total, found: found.length, name, mayMake: mayMake() }) : "";
    active = query.trim() === "" || options.length === 0 ? -1 : 0;
    showState();
    paintActive();
  }

  /** What changes from object to object, without making the list anew. */
  function showState() {
    const { category_id, counts } = store.state;
    for (const option of options) {
      if (option.category) describe(option, counts?.get(option.category.id) ?? 0, option.category.id === category_id);
    }
    for (const [place, chip] of [...recentRow.querySelectorAll("button")].entries()) {
      chip.setAttribute("aria-pressed", String(recentOf(categories(), recent)[place]?.id === category_id));
    }
  }

  function paintActive() {
    const focused = document.activeElement === field;
    options.forEach(({ element: row }, place) => row.classList.toggle("active", focused && place === active));
    if (active < 0 || !focused) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", options[active].element.id);
    options[active].element.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    if (options.length === 0) return;
    active = active < 0 ? (step > 0 ? 0 : options.length - 1) : (active + step + options.length) % options.length;
    paintActive();
  }

  function onKey(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Enter: () => pick(options[active], true),
      Escape: () => {
        field.value = "";
        showList();
        field.blur();
      },
    };
    if (!Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    acts[event.key]();
  }

  function onClick(event) {
    const row = event.target.closest("[role=option]");
    if (row) pick(options.find((option) => option.element === row), false);
  }

  async function pick(option, fromField) {
    if (!option || making) return;
    const category = option.category ?? (await make(option.name));
    if (!category) return;
    if (fromField) field.blur();
    take(category);
  }

  /** @returns {Promise<object|null>} the new category, or the one of that name which somebody else made meanwhile */
  async function make(name) {
    const project = store.state.project;
    making = true;
    note.textContent = "Making the category …";
    list.setAttribute("aria-busy", "true");
    try {
      return withCategory(project.id, (await api.post(`/projects/${project.id}/categories`, { name })).data);
    } catch (error) {
      if (error.code === "already_exists") return await fetched(project.id, name);
      onProblem(`The category “${name}” was not made: ${error.message}`);
      return null;
    } finally {
      making = false;
      list.removeAttribute("aria-busy");
      showList();
    }
  }

  async function fetched(id, name) {
    try {
      const { items } = (await api.get(`/projects/${id}/categories`)).data;
      if (store.state.project?.id === id) store.set({ project: { ...store.state.project, categories: items } });
      return items.find((category) => category.name.toLowerCase() === name.toLowerCase()) ?? null;
    } catch (error) {
      onProblem(`The category “${name}” exists, but the list of categories could not be read: ${error.message}`);
      return null;
    }
  }

  /** The project may have been left while the server answered. */
  function withCategory(id, category) {
    const project = store.state.project;
    if (project?.id !== id) return null;
    store.set({ project: { ...project, categories: [...project.categories, category] } });
    return category;
  }

  function openProject() {
    const id = store.state.project?.id ?? null;
    if (id !== projectId) {
      projectId = id;
      recent = id === null ? [] : readRecent(storage, id);
      field.value = "";
      store.set({ category_id: firstInHand(categories(), recent) });
    }
    showAll();
  }

  const showKeys = () => {
    hint.textContent = keymap?.label("category.search") ?? "/";
    showList();
  };
  const stops = [store.on(["project"], openProject), store.on(["category_id", "counts"], showState), keymap?.onChange(showKeys)];
  showKeys();

  return {
    element,
    /** The category of a number key, 1 to 9; false when there is none. */
    choose(place) {
      const category = categories()[place - 1];
      if (category) take(category);
      return Boolean(category);
    },
    search() {
      field.focus();
      field.select();
    },
    destroy() {
      for (const stop of stops) stop?.();
      element.remove();
    },
  };
}
