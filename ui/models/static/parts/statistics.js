// What is in a training set: sides, categories, origins, sizes, and what would spoil it.

import { ORIGINS, SPLITS, capital, count, counted, day } from "../words.js";
import { chip, el, facts } from "./bits.js";

const SIDES = ["train", "validation", "holdout"];
const FEW = 8; // categories that are shown before one asks for more

export function statistics(found) {
  return el("div.statistics", {},
    el("p.line", {}, el("strong", {}, counted(found.annotations, "annotation")), ` on ${counted(found.images, "image")}`, span(found.span)),
    sides(found),
    el("div.bar-pairs", {}, categories(found.categories),
      bars("How they came about", Object.entries(found.origins), (name) => ORIGINS[name] ?? capital(name)),
      bars("How large they are", ["small", "medium", "large"].map((size) => [size, found.area?.[size] ?? 0]), capital)),
    left(found.excluded),
    leaks(found));
}

function span(found) {
  if (!found?.since || !found.until) return "";
  return el("span.soft", {}, `saved ${day(found.since, Date.now())} to ${day(found.until, Date.now())}`);
}

/** The three sides as one bar, and what each holds. */
function sides({ splits, annotations }) {
  const of = (side) => splits[side] ?? { annotations: 0, images: 0 };
  return el("div.sides-of-set", {},
    stack(SIDES.map((side) => [side, of(side).annotations]), annotations),
    el("ul.stack-words", {}, SIDES.map((side) =>
      el("li", {}, el("i.side-mark", { class: side }), `${SPLITS[side]} `, el("b.number", {}, count(of(side).annotations)),
        el("span.soft.small", {}, ` on ${counted(of(side).images, "image")}`)))));
}

const stack = (parts, most) =>
  el("span.stack", { "aria-hidden": "true" }, parts.map(([side, value]) => el("i", { class: side, style: { width: `${(100 * value) / Math.max(1, most)}%` } })));

function categories(found) {
  const rows = Object.entries(found).map(([name, of]) => ({ name, of, total: SIDES.reduce((sum, side) => sum + (of[side] ?? 0), 0) }))
    .sort((a, b) => b.total - a.total || a.name.localeCompare(b.name));
  if (rows.length === 0) return null;
  const most = rows[0].total;
  const list = (some) => el("table.bars", {}, el("thead.unseen", {}, el("tr", {}, ["Category", "Share", ...SIDES.map((side) => SPLITS[side])].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, some.map(({ name, of }) => el("tr", {}, el("th", { scope: "row" }, name), el("td.bar-cell", {}, stack(SIDES.map((side) => [side, of[side] ?? 0]), most)),
      SIDES.map((side) => el("td.number", {}, count(of[side] ?? 0)))))));
  return el("div.of-categories", {}, el("h3", {}, "Categories"), list(rows.slice(0, FEW)),
    rows.length > FEW && el("details", {}, el("summary", {}, `${rows.length - FEW} more`), list(rows.slice(FEW))));
}

function bars(title, entries, nameOf) {
  const shown = entries.filter(([, value]) => value > 0);
  if (shown.length === 0) return null;
  const most = Math.max(...shown.map(([, value]) => value));
  return el("div", {}, el("h3", {}, title), el("table.bars", {}, el("tbody", {}, shown.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, nameOf(name)), el("td.bar-cell", {}, el("span.stack", { "aria-hidden": "true" }, el("i.plain", { style: { width: `${(100 * value) / most}%` } }))), el("td.number", {}, count(value)))))));
}

/** Rows that no version may be trained on. */
function left(excluded) {
  const parts = Object.entries(excluded ?? {}).filter(([, value]) => value > 0);
  return facts([["Left out", parts.length ? parts.map(([name, value]) => `${count(value)} ${name}`).join(", ") : null]]);
}

/** Images that show the same picture as one on another side: they would have measured what was trained on. */
function leaks(found) {
  if (found.leaked_images === 0) return el("p.line", {}, chip("No leak", "good", "check"), el("span.soft.small", {}, "no picture stands on two sides"));
  const item = ({ source, split, twin_source: twin, twin_split: side }) =>
    el("li", {}, el("code", {}, source), ` (${SPLITS[split]}) shows the same as `, el("code", {}, twin), ` (${SPLITS[side]})`);
  return el("div.leaks", {}, chip(`${counted(found.leaked_images, "image")} left out`, "warn", "warn"),
    el("p.small", {}, "They show the same picture as one on another side, so they would have measured what was trained on."),
    el("details", {}, el("summary", {}, "Which ones"), el("ul", {}, found.leaks.map(item)),
      found.leaked_images > found.leaks.length && el("p.soft.small", {}, `and ${count(found.leaked_images - found.leaks.length)} more`)));
}
