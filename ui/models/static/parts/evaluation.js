// Champion and challenger on the same hold-out: means with their intervals, differences, and by category and size.

import { around, linear } from "../scale.js";
import { METRICS, count, interval, metricOf, percent, plain, signed, verdict } from "../words.js";
import { doing, el, picture, sheet } from "./bits.js";

const WORDS = { good: "better", bad: "worse", open: "not told apart" };
const COLUMNS = ["one_click", "best_of_three", "box", "boundary_f"];
const SIZES = { small: "Small, below 32²", medium: "Medium, below 96²", large: "Large" };

export function evaluationSheets(state, result) {
  const { comparison } = result;
  const of = { champion: summaryOf(state, result, result.champion), challenger: summaryOf(state, result, result.challenger) };
  return [
    sheet("evaluation", "Evaluation", legend(result),
      el("div.evaluation-parts", {}, means(comparison, of), differences(comparison)),
      speed(result)),
    sheet("broken-down", "In each category and size", choice(state), table(state, comparison)),
  ];
}

const legend = ({ champion, challenger }) =>
  el("span.legend", {},
    el("span.legend-one", {}, el("i.dot-mark.champion"), `version ${champion}`),
    el("span.legend-one", {}, el("i.dot-mark.challenger"), `version ${challenger}`));

/** The summary of the same version on the same set, where its evaluation is listed: it has the intervals. */
function summaryOf(state, { training_set: set }, version) {
  const all = state.summaries[version]?.data ?? [];
  return all.find((one) => one.training_set_id === set)?.summary ?? null;
}

const measured = (comparison) => METRICS.filter(({ key }) => key in comparison.overall);
const isClicks = ({ unit }) => unit === "clicks";

// --- means ----------------------------------------------------------------------------------------------------------

function means(comparison, of) {
  const rows = measured(comparison).map((metric) => meanRow(metric, comparison, of));
  return el("div", {}, el("h3", {}, "What each reaches"),
    el("table.forest", {}, el("thead", {}, el("tr", {}, el("td"), el("td.axis", {}, el("span", {}, "0"), el("span", {}, "1")), el("th", { scope: "col" }, "champion"), el("th", { scope: "col" }, "challenger"))),
      el("tbody", {}, rows)));
}

function meanRow(metric, { champion, challenger }, of) {
  const most = isClicks(metric) ? 21 : 1;
  const mark = (who, value) => {
    const figure = of[who]?.overall?.[metric.key];
    return [figure && whisker(figure.low / most, figure.high / most, who), el("i.dot-mark", { class: who, style: { left: `${(100 * value) / most}%` } })];
  };
  return el("tr", { title: metric.about },
    el("th", { scope: "row" }, metric.label),
    el("td.plot", {}, el("span.rail-line", { "aria-hidden": "true" }, mark("champion", champion[metric.key]), mark("challenger", challenger[metric.key]))),
    el("td.number", {}, plain(champion[metric.key], metric.digits), ranged(of.champion, metric)),
    el("td.number.strong", {}, plain(challenger[metric.key], metric.digits), ranged(of.challenger, metric)));
}

const ranged = (summary, { key, digits }) => {
  const figure = summary?.overall?.[key];
  return figure ? el("small", {}, `${plain(figure.low, digits)} – ${plain(figure.high, digits)}`) : null;
};

const whisker = (from, to, tone) => el("i.whisker", { class: tone, style: { left: `${100 * from}%`, width: `${Math.max(0, 100 * (to - from))}%` } });

// --- differences ----------------------------------------------------------------------------------------------------

function differences(comparison) {
  const rows = measured(comparison);
  const general = Object.entries(comparison.general ?? {}).map(([key, figure]) => ({ metric: metricOf(key), figure }));
  const overall = rows.map((metric) => ({ metric, figure: comparison.overall[metric.key] }));
  const shares = [...overall, ...general].filter(({ metric }) => !isClicks(metric));
  const clicks = overall.filter(({ metric }) => isClicks(metric));
  return el("div", {}, el("h3", {}, "Challenger minus champion"),
    el("table.forest", {},
      group("", overall.filter(({ metric }) => !isClicks(metric)), shares),
      clicks.length > 0 && group("Fewer is better", clicks, clicks),
      general.length > 0 && group("General set", general, shares)));
}

/** Rows on one axis, which `scaled` spans. */
function group(title, rows, scaled) {
  const domain = around(scaled.flatMap(({ figure }) => [figure.low, figure.high]));
  const digits = isClicks(rows[0].metric) ? 1 : 2;
  return el("tbody", {},
    el("tr.group", {}, el("th", { scope: "rowgroup" }, title || el("span.unseen", {}, "Overall")),
      el("td.axis", { "aria-hidden": "true" }, el("span", {}, signed(domain[0], digits)), el("span", {}, "0"), el("span", {}, signed(domain[1], digits))), el("td")),
    rows.map(({ metric, figure }) => differenceRow(metric, figure, domain)));
}

function differenceRow(metric, figure, domain) {
  const tone = verdict(figure, metric);
  return el("tr", { title: metric.about },
    el("th", { scope: "row" }, metric.label),
    el("td.plot", {}, spanOf(figure, domain, tone)),
    el("td.number", { class: tone }, signed(figure.mean, metric.digits), el("small", {}, interval(figure, metric.digits)), el("span.unseen", {}, WORDS[tone])));
}

/** Mean and interval on an axis around nothing. */
function spanOf(figure, domain, tone) {
  const x = linear(domain, [0, 100]);
  return el("span.rail-line.around", { "aria-hidden": "true" },
    el("i.whisker", { class: tone, style: { left: `${x(figure.low)}%`, width: `${x(figure.high) - x(figure.low)}%` } }),
    el("i.dot-mark", { class: tone, style: { left: `${x(figure.mean)}%` } }));
}

function speed({ comparison: { slowdown }, policy }) {
  return el("p.soft.small", {}, `Bars are ${percent(policy.confidence)} intervals by a bootstrap over images. A click takes ${plain(slowdown, 2)} times the champion's time.`);
}

// --- by category and size -------------------------------------------------------------------------------------------

function choice({ by }) {
  const one = (value, label) => doing("breakDown", label, { kind: "bare tab", data: { by: value }, "aria-pressed": String(by === value) });
  return el("div.tabs", { role: "group", "aria-label": "Broken down" }, one("by_category", "Category"), one("by_size", "Size"));
}

function table(state, comparison) {
  const rows = sorted(Object.entries(comparison[state.by] ?? {}), state.sort);
  if (rows.length === 0) return el("p.soft", {}, "The comparison has no such part.");
  const columns = COLUMNS.filter((key) => rows.some(([, figures]) => key in figures));
  const domain = around(rows.flatMap(([, figures]) => columns.flatMap((key) => (figures[key] ? [figures[key].low, figures[key].high] : []))));
  return el("div.scrolls", { tabIndex: 0, role: "region", "aria-label": "Differences by category and size" },
    el("table.broken", {},
      el("thead", {}, el("tr", {}, heading(state.sort, "name", state.by === "by_size" ? "Size" : "Category"), heading(state.sort, "objects", "Objects"),
        columns.map((key) => heading(state.sort, key, metricOf(key).label)))),
      el("tbody", {}, rows.map(([name, figures]) => el("tr", {},
        el("th", { scope: "row" }, SIZES[name] && state.by === "by_size" ? SIZES[name] : name),
        el("td.number", {}, count(objectsOf(figures))),
        columns.map((key) => cell(figures[key], metricOf(key), domain)))))));
}

function cell(figure, metric, domain) {
  if (!figure) return el("td.number.soft", {}, "–");
  const tone = verdict(figure, metric);
  return el("td.plot", {}, el("span.cell-figures", {}, el("b.number", { class: tone }, signed(figure.mean, metric.digits)), el("small", {}, interval(figure, 2)), el("span.unseen", {}, WORDS[tone])), spanOf(figure, domain, tone));
}

function heading({ column, down }, key, label) {
  const isSorted = column === key;
  return el("th", { scope: "col", class: key === "name" ? "" : "number", ...(isSorted ? { "aria-sort": down ? "descending" : "ascending" } : {}) },
    el("button.sorts", { type: "button", data: { do: "sort", column: key } }, label, isSorted && picture(down ? "down" : "up")));
}

/** Each is measured by one click; fewer of them by more. */
const objectsOf = (figures) => figures.one_click?.count ?? Math.max(0, ...Object.values(figures).map((figure) => figure.count));

/** @param {[string, any][]} rows */
export function sorted(rows, { column, down }) {
  const value = ([name, figures]) => (column === "objects" ? objectsOf(figures) : column === "name" ? name : (figures[column]?.mean ?? -Infinity));
  const way = down ? -1 : 1;
  return [...rows].sort((one, other) => way * order(value(one), value(other)) || one[0].localeCompare(other[0]));
}

const order = (one, other) => (typeof one === "string" ? one.localeCompare(other) : one - other);
