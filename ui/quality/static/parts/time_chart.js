// Charts over days: stacked bars, and lines of medians in the band of their quartiles. All of them read out the same day, which
// follows the pointer and the arrow keys (models/parts/chart.js: readCharts).

import { el } from "../../models/parts/bits.js";
import { digitsOf, linear, path, ticks } from "../../models/scale.js";
import { svg } from "../../models/svg.js";
import { day as dayWords, plain } from "../../models/words.js";

const FRAME = 1000; // of the drawing, stretched to the chart's size
const MOST_DOTS = 60;

/** @typedef {{ id: string, label: string, days: string[], hover: number|null, now: number, readOut: (at: number) => Node[],
 *   words: (at: number) => string }} Axis  `words`: what a day's figures are, for those who hear them */

/** @param {Axis} axis @param {{ tone: string, values: number[] }[]} series  a value for every day, stacked in this order */
export function bars(axis, series) {
  const { days } = axis;
  const totals = days.map((_, at) => series.reduce((total, { values }) => total + values[at], 0));
  const domain = [0, Math.max(1, ...totals) * 1.06];
  const y = linear(domain, [0, FRAME]);
  const wide = FRAME / days.length;
  const gap = Math.min(wide * 0.24, 8);
  const drawn = days.flatMap((_, at) => {
    let below = 0;
    return series.filter(({ values }) => values[at] > 0).map(({ tone, values }) => {
      const high = y(values[at]);
      below += high;
      return svg("rect", { class: tone, x: at * wide + gap / 2, y: FRAME - below, width: wide - gap, height: high });
    });
  });
  return frame(axis, domain, 0, svg("svg.chart-bars", { viewBox: `0 0 ${FRAME} ${FRAME}`, preserveAspectRatio: "none", "aria-hidden": "true" }, drawn));
}

/** @param {Axis} axis @param {({ low: number, median: number, high: number }|null)[]} spreads  one for every day */
export function medians(axis, spreads, tone = "tone-1") {
  const { days } = axis;
  const measured = spreads.map((spread, at) => ({ spread, at })).filter(({ spread }) => spread !== null);
  const domain = [0, Math.max(...measured.map(({ spread }) => spread.high), 1e-9) * 1.08];
  const y = linear(domain, [FRAME, 0]);
  const x = (at) => ((at + 0.5) / days.length) * FRAME;
  const along = (key) => measured.map(({ spread, at }) => [x(at), y(spread[key])]);
  const band = `${path([...along("high"), ...along("low").reverse()])}Z`;
  const line = path(measured.length === 1 ? [...along("median"), ...along("median")] : along("median"));
  const dots = measured.length > MOST_DOTS ? [] : measured.map(({ spread, at }) =>
    el("i.day-dot", { class: tone, style: { left: `${x(at) / 10}%`, top: `${y(spread.median) / 10}%` } }));
  return frame(axis, domain, null, svg("svg.chart-lines", { viewBox: `0 0 ${FRAME} ${FRAME}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: `band ${tone}`, d: band }), svg("path", { class: tone, d: line })), ...dots);
}

function frame({ id, label, days, hover, now, readOut, words }, domain, digits, ...drawn) {
  const last = days.length - 1;
  const at = Math.min(last, Math.max(0, hover === null ? last : Math.floor(hover)));
  const left = `${((at + 0.5) / days.length) * 100}%`;
  return el("figure.chart", { data: { key: `chart-${id}` } },
    el("figcaption.chart-head", {}, el("span.split", {}, el("span.legend", {}, readOut(at)), el("span.soft.small.number", {}, dayWords(days[at], now)))),
    el("div.chart-frame", {},
      el("div.chart-plot", {
        tabIndex: 0, role: "slider", "aria-label": `${label}: day`, "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": at,
        "aria-valuetext": `${dayWords(days[at], now)}: ${words(at)}`,
        data: { chart: id, steps: String(days.length), last: String(last), at: String(at) },
      }, valueTicks(domain, digits), ...drawn, hover !== null && el("i.chart-cursor", { style: { left } }), dayTicks(days, now))));
}

function valueTicks(domain, digits) {
  const values = ticks(domain, 4);
  const shown = digits === 0 ? values.filter(Number.isInteger) : values;
  const places = digits ?? digitsOf(values);
  const y = linear(domain, [100, 0]);
  return [
    shown.map((value) => el("i.tick-line", { style: { top: `${y(value)}%` } })),
    shown.map((value) => el("span.tick.y", { "aria-hidden": "true", style: { top: `${y(value)}%` } }, plain(value, places))),
  ];
}

/** Up to six days by name, the last one among them. */
function dayTicks(days, now) {
  const every = Math.max(1, Math.ceil(days.length / 6));
  return days.map((day, at) => ({ day, at })).filter(({ at }) => (days.length - 1 - at) % every === 0).map(({ day, at }) =>
    el("span.tick.x", { "aria-hidden": "true", style: { left: `${((at + 0.5) / days.length) * 100}%` } }, dayWords(day, now)));
}
