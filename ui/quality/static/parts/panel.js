// A panel of the page: its figure, the same as a table, and a file of it.

import { el, nothing, picture, sheet, trouble } from "../../models/parts/bits.js";

/** @param {object} options
 * @param {Error|null} [options.error]  why the figure cannot be had
 * @param {string} options.id  also the figure's name in the address of its file
 * @param {string} options.title
 * @param {string} options.about  a sentence that defines it
 * @param {string|null} [options.csv]  its address; null: there is no file of it
 * @param {string|null} [options.empty]  why there is nothing to be drawn; null: there is */
export function panel({ id, title, about, csv = null, empty = null, error = null, wide = false }, ...content) {
  const file = csv !== null && empty === null && error === null && el("a.button.bare.csv", { href: csv, download: "", "aria-label": `${title} as CSV`, title: "Download as CSV" }, picture("download"), "CSV");
  const made = sheet(`panel-${id}`, title, file || null, el("p.about.soft.small", {}, about), ...inside({ title, empty, error }, content));
  made.classList.add("panel");
  if (wide) made.classList.add("wide");
  return made;
}

function inside({ title, empty, error }, content) {
  if (error !== null) return [trouble(`${title}: this cannot be had`, error)];
  return empty === null ? content : [nothing(empty)];
}

/** The same figures for those who do not see the plot, and for all who want the numbers.
 * @param {string} label @param {string[]} header @param {(string|number)[][]} rows @param {string} [summary]  what opens it */
export const tableOf = (label, header, rows, summary = "As a table") =>
  el("details.as-table", {}, el("summary", {}, summary),
    el("div.scrolls", { tabIndex: 0, role: "region", "aria-label": `${label}, as a table` }, el("table.small-table.wide", {},
      el("thead", {}, el("tr", {}, header.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map(([first, ...more]) => el("tr", {}, el("th", { scope: "row" }, first), more.map((cell) => el("td", {}, String(cell)))))))));
