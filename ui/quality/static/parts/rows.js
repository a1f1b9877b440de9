// Rows with a mark on a rail: a share in its interval, or a median between its quartiles. They are tables, so they need no other.

import { el } from "../../models/parts/bits.js";
import { count, percent, plain } from "../../models/words.js";
import { few, isTooFew } from "../meaning.js";
import { bounds, quartileWords } from "../told.js";

/** @param {string} label @param {string} what  the first column's heading
 * @param {{ of: string, share: any, of_count: number, detail?: any }[]} rows @param {string} counted  the last column's heading */
export const shareRows = (label, what, rows, counted, tone = "tone-1") =>
  table(label, what, ["0", "50", "100 %"], counted, rows.map(({ of, share, of_count: answers }) =>
    el("tr", { class: isTooFew(share) ? "too-few" : "" }, el("th", { scope: "row" }, of),
      el("td.plot", {}, share && rail(share.low, share.mean, share.high, tone)),
      el("td.number", {}, isTooFew(share) ? el("span.soft.few", {}, few(answers)) : [percent(share.mean), el("small", {}, bounds(share))]),
      el("td.number.soft", {}, count(answers)))));

/** Figures from 0 to 1 in their intervals, in words of their own.
 * @param {{ of: string, figure: any, words: Node[], isFew: boolean, of_count: number }[]} rows */
export const figureRows = (label, what, rows, counted, tone) =>
  table(label, what, ["0", "0.5", "1"], counted, rows.map(({ of, figure, words, isFew, of_count: answers }) =>
    el("tr", { class: isFew ? "too-few" : "" }, el("th", { scope: "row" }, of),
      el("td.plot", {}, figure && rail(figure.low, figure.mean, figure.high, tone)),
      el("td.number", {}, words),
      el("td.number.soft", {}, count(answers)))));

/** @param {{ of: string, spread: any, of_count: number }[]} rows @param {{ digits?: number, unit?: string, most?: number }} [options] */
export function spreadRows(label, what, rows, counted, { digits = 1, unit = "", most = null, tone = "tone-1" } = {}) {
  const top = most ?? Math.max(...rows.map(({ spread }) => spread?.high ?? 0), 1e-9) * 1.05;
  const axis = ["0", `${plain(top / 2, digits)}`, `${plain(top, digits)}${unit && ` ${unit}`}`];
  return table(label, what, axis, counted, rows.map(({ of, spread, of_count: masks }) =>
    el("tr", {}, el("th", { scope: "row" }, of),
      el("td.plot", {}, spread && rail(spread.low / top, spread.median / top, spread.high / top, tone)),
      el("td.number", {}, spread === null ? el("span.soft", {}, "not measured") : [`${plain(spread.median, digits)}${unit && ` ${unit}`}`, el("small", {}, quartileWords(spread, digits))]),
      el("td.number.soft", {}, count(masks)))));
}

/** How verdicts divide: accepted, corrected, rejected. */
export const mix = ({ accepted, corrected, rejected, verdicts }) =>
  el("span.stack.tall", { "aria-hidden": "true" }, [["good", accepted], ["plain", corrected], ["bad", rejected]].filter(([, value]) => value > 0)
    .map(([tone, value]) => el("i", { class: tone, style: { width: `${(100 * value) / verdicts}%` } })));

function table(label, what, axis, counted, rows) {
  return el("table.forest.rows", { "aria-label": label },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, what), el("td.axis", { "aria-hidden": "true" }, axis.map((mark) => el("span", {}, mark))), el("th", { scope: "col" }, ""), el("th", { scope: "col" }, counted))),
    el("tbody", {}, rows));
}

const rail = (low, at, high, tone) =>
  el("span.rail-line", { "aria-hidden": "true" }, el("i.whisker", { class: tone, style: { left: `${100 * low}%`, width: `${Math.max(0.5, 100 * (high - low))}%` } }),
    el("i.dot-mark", { class: tone, style: { left: `${100 * at}%` } }));
