// The rows of the categories panel, and what is said below them.

import { counted, el, icon } from "../dom.js";
import { categoryColour, css } from "../palette.js";

const PLUS = ["M12 5v14", "M5 12h14"];

/** @typedef {object} Option   a row as shown
 * @property {HTMLElement} element
 * @property {import("./category_choice.js").Category|null} category  null: makes a new one
 * @property {string} name
 * @property {HTMLElement} [count] @property {HTMLElement} [spoken]
 * @property {string} [key]      the number key, "" without one */

const swatch = (place) => el("span.categories-swatch", { "aria-hidden": "true", style: { background: css(categoryColour(place)) } });

/** @param {number} place in the project: decides the colour @param {string} key @returns {Option} */
export function rowOf(category, place, key) {
  const seen = { "aria-hidden": "true" };
  const count = el("span.categories-count", seen);
  const spoken = el("span.unseen"); // all of the row in a sentence, for those who hear it
  const element = el("div.categories-row", { role: "option", title: category.name },
    swatch(place),
    el("span.categories-name", seen, category.name),
    count,
    key ? el("kbd", seen, key) : el("span"),
    spoken);
  return { element, category, name: category.name, count, spoken, key };
}

/** @returns {Option} */
export function makeRow(name) {
  const element = el("div.categories-row.make", { role: "option", "aria-selected": "false" },
    icon(...PLUS), el("span.categories-name", {}, `Create “${name}”`));
  return { element, category: null, name };
}

/** What differs from object to object: writes only what has changed. @param {Option} option */
export function describe({ element, category, count, spoken, key }, objects, isInHand) {
  write(count, objects ? objects.toLocaleString("en") : "");
  const label = [category.name, key && `key ${key}`, objects && `${counted(objects, "object")} on this image`];
  write(spoken, label.filter(Boolean).join(", "));
  const selected = String(isInHand);
  if (element.getAttribute("aria-selected") !== selected) element.setAttribute("aria-selected", selected);
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function chipOf(category, place, onclick) {
  return el("button.button.categories-chip", { type: "button", title: category.name, onclick },
    swatch(place), el("span", {}, category.name));
}

/** @param {{ total: number, found: number, name: string|null, mayMake: boolean }} state  `name`: what could be made */
export function noteOf({ total, found, name, mayMake }) {
  if (name !== null && found === 0 && !mayMake) return `No category matches “${name}”. An admin of this project can add it.`;
  if (name !== null || total > 0) return "";
  return mayMake ? "No categories yet: type a name and press Enter." : "No categories yet. An admin of this project can add them.";
}
