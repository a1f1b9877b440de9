// How a version was made: how far its training is, its curves, its recipe, its set.

import { addressOf } from "../place.js";
import { isRunning } from "../progress.js";
import { RUN_JOBS, may, setOf, trainingOf } from "../state.js";
import { REASONS, STOPPED, count, duration, moment, plain, short } from "../words.js";
import { RECIPE, shownValue } from "../fields.js";
import { trainingAction, trainingState } from "./head.js";
import { bones, el, facts, link, sheet, trouble } from "./bits.js";
import { chart } from "./chart.js";
import { statistics } from "./statistics.js";

const CURVES = [
  { id: "loss", title: "Loss", digits: 4, series: [{ key: "train/loss", label: "training", tone: "tone-1" }] },
  {
    id: "validation", title: "Validation IoU", digits: 3,
    series: [
      { key: "validation/one_click", label: "one click", tone: "tone-1" },
      { key: "validation/best_of_three", label: "best of three", tone: "tone-2" },
      { key: "validation/box", label: "box", tone: "tone-3" },
      { key: "validation/replay", label: "replay", tone: "tone-4" },
    ],
  },
];

/** The sheet about the training of the version; null where it was not trained in this project. */
export function trainingSheet(state, version) {
  const training = trainingOf(state, version.number);
  if (training === null) return untrained(state, version);
  const action = may(state, RUN_JOBS) ? trainingAction(state, training) : null;
  return sheet("training", "Training", action,
    trainingState(training, state.now), curves(state, training), outcome(training),
    facts([
      ["Began", `${REASONS[training.reason] ?? training.reason}${training.started_by ? `, ${training.started_by}` : ", by its trigger"}`],
      ["Because", training.because || null],
      ["Submitted", moment(training.created_at, state.now)],
      ["Job", String(training.job_id)],
    ]),
    el("details", {}, el("summary", {}, "Recipe"), recipe(training.recipe)));
}

function untrained(state, version) {
  if (state.trainings.data === null) return sheet("training", "Training", null, state.trainings.error ? trouble("Trainings cannot be listed", state.trainings.error) : bones());
  const words = version.parent === null
    ? "Its weights were imported, not trained here."
    : "It was trained in another project; who may see that one finds its curves there.";
  return sheet("training", "Training", null, el("p.soft", {}, words));
}

function curves(state, training) {
  const loaded = state.points[training.job_id];
  if (!loaded) return isRunning(training) ? bones(2) : null;
  if (loaded.error) return trouble("The curves cannot be had", loaded.error);
  const points = loaded.data;
  if (points.length === 0) return el("p.soft.small", {}, isRunning(training) ? "Curves begin with the first steps." : "It left no curves.");
  const steps = Math.max(points.at(-1).steps, points.at(-1).step, 1);
  const made = CURVES.map(({ series, ...more }) =>
    chart({ ...more, steps, hover: state.hover, series: series.map((one) => ({ ...one, points: pointsOf(points, one.key) })) }));
  return el("div.charts", {}, made.filter(Boolean));
}

const pointsOf = (points, key) =>
  points.filter(({ figures }) => Number.isFinite(figures[key])).map(({ step, figures }) => ({ step, value: figures[key] }));

function outcome({ outcome: found }) {
  if (!found) return null;
  const { figures = {} } = found;
  const rows = [["one_click", "One click"], ["best_of_three", "Best of three"], ["box", "Box"], ["replay", "Replay"]]
    .filter(([key]) => `kept/${key}` in figures || `parent/${key}` in figures);
  return [
    facts([
      ["Steps", `${count(found.steps)}, the weights of step ${count(found.best_step)} were kept`],
      ["Ended", STOPPED[found.stopped] ?? found.stopped],
      ["Computed", duration(found.seconds)],
      ["Images encoded", found.encoder_calls === 0 ? "none: every embedding was stored" : count(found.encoder_calls)],
    ]),
    rows.length > 0 && el("table.small-table", {},
      el("thead", {}, el("tr", {}, el("td", {}, "Validation"), el("th", { scope: "col" }, "parent"), el("th", { scope: "col" }, "kept"))),
      el("tbody", {}, rows.map(([key, label]) =>
        el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, plain(figures[`parent/${key}`])), el("td", {}, plain(figures[`kept/${key}`])))))),
  ];
}

const recipe = (given) => facts(RECIPE.map((field) => [field.label, shownValue(field, given[field.name])]));

/** The sheet about what it was trained on. */
export function setSheet(state, version) {
  if (!version.training_set_id) return null;
  const set = setOf(state, version.training_set_id);
  const address = addressOf({ project: state.project.id, view: "sets", set: version.training_set_id });
  if (set) {
    return sheet("of-set", "Training set", link(address, set.name),
      facts([["Digest", el("code", { title: set.digest }, short(set.digest))], ["Frozen", `${moment(set.created_at, state.now)} by ${set.created_by}`]]),
      statistics(set.statistics));
  }
  if (state.sets.data === null) return sheet("of-set", "Training set", null, bones());
  return sheet("of-set", "Training set", null, el("p.soft", {}, `Training set ${version.training_set_id} is another project's.`));
}
