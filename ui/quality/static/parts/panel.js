// A panel of the page: its figure, the same as a table, and a file of it.

import { el, nothing, picture, sheet } from "../../models/parts/bits.js";

/** @param {object} options
 * @param {string} options.id  also the figure's name in the address of its file
 * @param {string} options.title
 * @param {string} options.about  a sentence that defines it
 * @param {string} options.csv  its address
 * @param {string|null} [options.empty]  why there is nothing to be drawn; null: there is */
export function panel({ id, title, about, csv, empty = null, wide = false }, ...content) {
  const file = empty === null && el("a.button.bare.csv", { href: csv, download: "", "aria-label": `${title} as CSV`, title: "Download as CSV" }, picture("download"), "CSV");
  const made = sheet(`panel-${id}`, title, file || null, el("p.about.soft.small", {}, about), ...(empty === null ? content : [nothing(empty)]));
  made.classList.add("panel");
  if (wide) made.classList.add("wide");
  return made;
}

/** The same figures for those who do not see the plot, and for all who want the numbers.
 * @param {string} label @param {string[]} header @param {(string|number)[][]} rows */
export const tableOf = (label, header, rows) =>
  el("details.as-table", {}, el("summary", {}, "As a table"),
    el("div.scrolls", { tabIndex: 0, role: "region", "aria-label": `${label}, as a table` }, el("table.small-table.wide", {},
      el("thead", {}, el("tr", {}, header.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map(([first, ...more]) => el("tr", {}, el("th", { scope: "row" }, first), more.map((cell) => el("td", {}, String(cell)))))))));
