// A chart of lines over steps. Lines stretch with the chart, words do not; the readout follows the pointer and the arrow keys.

import { digitsOf, extent, linear, nearest, path, thinned, ticks } from "../scale.js";
import { svg } from "../svg.js";
import { count } from "../words.js";
import { el } from "./bits.js";

const FRAME = 1000; // of the drawing, stretched to the chart's size

/** @typedef {{ key: string, label: string, tone: string, points: {step: number, value: number}[] }} Series */

/** @param {object} options
 * @param {string} options.id
 * @param {string} options.title
 * @param {Series[]} options.series  those without points are left out
 * @param {number} options.steps     where the axis ends
 * @param {number|null} options.hover  the step that is read out
 * @param {number} [options.digits]  of the readout */
export function chart({ id, title, series, steps, hover, digits = 3 }) {
  const shown = series.filter(({ points }) => points.length > 0);
  const domain = extent(shown.flatMap(({ points }) => points.map(({ value }) => value)));
  if (domain === null) return null;
  const x = linear([0, steps], [0, FRAME]);
  const y = linear(domain, [FRAME, 0]);
  const last = Math.max(...shown.map(({ points }) => points.at(-1).step));
  const at = Math.min(hover ?? last, last);
  const read = shown.map((one) => ({ ...one, point: nearest(one.points, at) }));
  const step = read[0].point.step;
  return el("figure.chart", { data: { key: `chart-${id}` } },
    el("figcaption.chart-head", {}, el("span.split", {}, el("strong", {}, title), el("span.soft.small.number", {}, `step ${count(step)}`)), legend(read, digits)),
    el("div.chart-frame", {},
      el("div.chart-plot", {
        tabIndex: 0, role: "slider", "aria-label": `${title}: step`, "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": step,
        "aria-valuetext": `step ${step}: ${read.map(({ label, point }) => `${label} ${point.value.toFixed(digits)}`).join(", ")}`,
        data: { chart: id, steps: String(steps), last: String(last), at: String(step) },
      }, grid(domain, steps), lines(shown, x, y), hover !== null && cursor(read, step, x, y))));
}

function legend(read, digits) {
  return el("span.legend", {}, read.map(({ label, tone, point }) =>
    el("span.legend-one", {}, el("i.line-mark", { class: tone }), `${label} `, el("b.number", {}, point.value.toFixed(digits)))));
}

function lines(shown, x, y) {
  return svg("svg.chart-lines", { viewBox: `0 0 ${FRAME} ${FRAME}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    shown.map(({ points, tone }) => svg("path", { class: tone, d: path(ends(thinned(points)).map(({ step, value }) => [x(step), y(value)])) })));
}

/** A single point as the shortest line, which has round ends. */
const ends = (points) => (points.length === 1 ? [points[0], points[0]] : points);

function cursor(read, step, x, y) {
  return [
    el("i.chart-cursor", { style: { left: `${x(step) / 10}%` } }),
    read.map(({ tone, point }) => el("i.chart-dot", { class: tone, style: { left: `${x(point.step) / 10}%`, top: `${y(point.value) / 10}%` } })),
  ];
}

function grid(domain, steps) {
  const values = ticks(domain, 4);
  const digits = digitsOf(values);
  const y = linear(domain, [100, 0]);
  const places = ticks([0, steps], 6);
  const x = linear([0, steps], [0, 100]);
  return [
    values.map((value) => el("i.tick-line", { style: { top: `${y(value)}%` } })),
    values.map((value) => el("span.tick.y", { "aria-hidden": "true", style: { top: `${y(value)}%` } }, value.toFixed(digits))),
    places.map((place) => el("span.tick.x", { "aria-hidden": "true", style: { left: `${x(place)}%` } }, count(place))),
  ];
}

/** What moves the readout of every chart below `root`; `onHover(step or null)`. */
export function readCharts(root, onHover) {
  const plotAt = (event) => event.target.closest?.("[data-chart]") ?? null;
  root.addEventListener("pointermove", (event) => {
    const plot = plotAt(event);
    if (plot === null) return;
    const { left, width } = plot.getBoundingClientRect();
    onHover(Math.max(0, ((event.clientX - left) / width) * Number(plot.dataset.steps)));
  });
  root.addEventListener("pointerout", (event) => {
    const plot = plotAt(event);
    if (plot && !plot.contains(event.relatedTarget)) onHover(null);
  });
  root.addEventListener("focusout", (event) => plotAt(event) && onHover(null));
  root.addEventListener("keydown", (event) => {
    const plot = plotAt(event);
    const to = plot && stepAfter(event.key, plot.dataset);
    if (to === null) return;
    event.preventDefault();
    onHover(to);
  });
}

function stepAfter(key, { steps, last, at }) {
  const by = Math.max(1, Number(steps) / 50);
  if (key === "ArrowLeft" || key === "ArrowDown") return Math.max(0, Number(at) - by);
  if (key === "ArrowRight" || key === "ArrowUp") return Math.min(Number(last), Number(at) + by);
  if (key === "Home") return 0;
  return key === "End" ? Number(last) : null;
}
