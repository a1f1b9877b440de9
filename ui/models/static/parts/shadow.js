// The shadow: what a challenger gives on live clicks, before anybody sees it.

import { PROMOTE, may } from "../state.js";
import { ago, count, counted, percent, plain } from "../words.js";
import { chip, doing, el, facts, sheet, trouble } from "./bits.js";

export function shadowSheet(state, version) {
  const running = state.shadow.data;
  const isThis = running?.model_version === version.number;
  if (state.shadow.error && running === null) return sheet("in-shadow", "Shadow", null, trouble("Whether a shadow runs is not known", state.shadow.error));
  if (!isThis) return idle(state, version, running);
  const end = may(state, PROMOTE) ? doing("endShadow", "End", { disabled: state.busy.has("endShadow") }) : null;
  return sheet("in-shadow", "Shadow", end, said(running, state.now));
}

function idle(state, version, running) {
  if (version.serving || version.state !== "ready") return null;
  const start = may(state, PROMOTE) && !running ? doing("startShadow", "Run in shadow", { sign: "shadow", data: { number: String(version.number) } }) : null;
  const words = running
    ? `Version ${running.model_version} runs in shadow. One does at a time: end that one first.`
    : "In shadow a version decodes a share of the live clicks beside the one that serves. Nobody sees its masks; they are measured against what people keep.";
  return sheet("in-shadow", "Shadow", start, el("p.soft", {}, words));
}

function said(running, now) {
  const { samples, judged, untouched, wins, losses, ties, agreement, win_rate: rate, share, champion, seconds, refused, replicas } = running;
  return [
    el("p.line", {}, chip(`${percent(share)} of the clicks`, "good", "shadow"), el("span.soft", {}, `began ${ago(running.created_at, now)}, by ${running.started_by}`),
      refused ? chip(`Not decoding: ${refused}`, "bad", "warn") : replicas === 0 && chip("No replica has loaded it yet", "warn", "warn")),
    samples === 0
      ? el("p.soft", {}, "No click yet. Figures come with the next ones.")
      : el("div.shadow-figures", {}, wonBar(wins, ties, losses), facts([
        ["Agreement", withRange(agreement, (value) => plain(value, 3))],
        ["Win rate", rate ? withRange(rate, (value) => percent(value)) : "nobody saved one of its objects yet"],
        ["Clicks", `${counted(samples, "sample")}${champion === null ? "" : ` beside version ${champion}`}`],
        ["Judged by what people saved", `${count(judged)}, of which ${count(untouched)} saved the answer as it was`],
        ["Time a click", seconds && `${plain(seconds.p50 * 1000, 0)} ms, median`],
      ])),
  ];
}

const withRange = (figure, show) => (figure ? `${show(figure.mean)}, ${show(figure.low)} to ${show(figure.high)}` : "–");

function wonBar(wins, ties, losses) {
  const all = Math.max(1, wins + ties + losses);
  const parts = [["good", wins, "wins"], ["plain", ties, "ties"], ["bad", losses, "losses"]];
  return el("div", {},
    el("span.stack.tall", { "aria-hidden": "true" }, parts.map(([tone, value]) => el("i", { class: tone, style: { width: `${(100 * value) / all}%` } }))),
    el("ul.stack-words", {}, parts.map(([tone, value, word]) => el("li", {}, el("i.side-mark", { class: tone }), el("b.number", {}, count(value)), ` ${word}`))));
}
