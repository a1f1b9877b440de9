// One version: what it is, what can be done with it, and everything that is known about it.

import { isRunning, mayResume } from "../progress.js";
import { PROMOTE, RUN_JOBS, TRAIN, chosenOf, gateOf, may } from "../state.js";
import { moment, nameOf, short } from "../words.js";
import { bones, chip, doing, el, facts, nothing, sheet, trouble } from "./bits.js";
import { evaluationSheets } from "./evaluation.js";
import { gateSheet } from "./gate.js";
import { badge } from "./lineage.js";
import { shadowSheet } from "./shadow.js";
import { setSheet, trainingSheet } from "./training.js";

export const KEYS = ["versions", "trainings", "sets", "gates", "summaries", "points", "shadow", "evaluating", "place", "project", "busy", "hover", "sort", "by", "now", "promotions"];

export function version(state) {
  const { versions, place } = state;
  if (versions.data === null) return [versions.error ? trouble("Versions cannot be listed", versions.error) : bones(8)];
  const chosen = chosenOf(state);
  if (chosen === null) return [place.version === null ? null : nothing(`There is no version ${place.version}`, el("p.soft", {}, "Choose one in the list."))].filter(Boolean);
  const busy = chosen.state === "training" || chosen.state === "failed";
  const training = [trainingSheet(state, chosen), setSheet(state, chosen)];
  const judged = busy ? [] : [...judgement(state, chosen), shadowSheet(state, chosen)];
  return [top(state, chosen), el("div.version-sheets", {}, (busy ? [...training, ...judged] : [...judged, ...training]).flat().filter(Boolean))];
}

function top(state, chosen) {
  return el("header.version-head", { data: { key: "version-head" } },
    el("div", {}, el("h2", {}, nameOf(chosen)), el("p.chips", {}, chosen.serving && chip("Serves", "good", "check"), badge(chosen))),
    el("div.actions", {}, actions(state, chosen)),
    facts([
      ["Made", moment(chosen.created_at, state.now)],
      ["From", chosen.parent === null ? "imported weights" : `version ${chosen.parent}`],
      ["Decoder", chosen.decoder_digest ? el("code", { title: chosen.decoder_digest }, short(chosen.decoder_digest)) : "not there yet"],
      ["Encoder", el("code", { title: chosen.encoder_digest }, short(chosen.encoder_digest))],
    ]),
    mayNot(state, chosen));
}

function actions(state, chosen) {
  if (chosen.state === "training" || chosen.state === "failed") return [];
  const data = { number: String(chosen.number) };
  const card = doing("card", "Card", { sign: "download", data, title: "Download its model card as Markdown", disabled: state.busy.has("card") });
  if (chosen.state === "retired" || chosen.serving) return [card];
  const passed = chosen.gate?.passed === true;
  const job = evaluationOf(state, chosen);
  return [
    may(state, PROMOTE) && doing("promote", "Promote", { kind: passed ? "primary" : "", sign: "up", data }),
    may(state, TRAIN) && doing("evaluate", "Evaluate", { kind: chosen.gate ? "" : "primary", data, disabled: job !== null && isRunning(job) }),
    card,
    may(state, PROMOTE) && doing("retire", "Retire", { kind: "danger", data }),
  ];
}

function mayNot(state, chosen) {
  const lacks = [[TRAIN, "train and evaluate"], [PROMOTE, "decide what serves"]].filter(([permission]) => !may(state, permission)).map(([, deed]) => deed);
  if (lacks.length === 0 || chosen.state === "retired") return null;
  return el("p.soft.small", {}, `Your role in this project does not ${lacks.join(", nor ")}. Somebody with the role ml or admin does.`);
}

// --- what it was measured to be -------------------------------------------------------------------------------------

/** Its newest evaluation as a job, where that is under way or did not get to its end. */
function evaluationOf(state, chosen) {
  const job = (state.evaluating.data ?? []).find(({ parameters }) => parameters.challenger === chosen.number);
  return job && (isRunning(job) || mayResume(job)) ? job : null;
}

function judgement(state, chosen) {
  const job = evaluationOf(state, chosen);
  const shown = job && evaluating(state, job);
  const gates = state.gates[chosen.number];
  if (!gates) return [shown, sheet("gate", "Gate", null, bones())];
  if (gates.data === null) return [shown, sheet("gate", "Gate", null, trouble("What the gate said cannot be had", gates.error))];
  const result = gateOf(state, chosen.number);
  if (result === null) return [shown, job ? null : unmeasured(state, chosen)];
  return [shown, gateSheet(state, chosen, result), ...evaluationSheets(state, result)];
}

function evaluating({ busy, ...state }, job) {
  const data = { job: String(job.id) };
  const name = isRunning(job) ? "cancel" : "resume";
  const button = may(state, RUN_JOBS) && doing(name, isRunning(job) ? "Cancel" : "Resume", { kind: isRunning(job) ? "danger" : "", data, disabled: busy.has(`${name}-${job.id}`) });
  const words = {
    queued: () => el("p.line", {}, el("span.spinner"), "Waits for a worker."),
    running: () => el("p.line", {}, el("span.spinner"), `It and version ${job.parameters.champion} answer the same prompts on the same hold-out.`),
    failed: () => el("div.failure", {}, chip("Failed", "bad", "cross"), el("p", {}, job.error)),
    cancelled: () => el("p.line", {}, chip("Cancelled", "warn")),
    paused: () => el("p.line", {}, chip("Paused", "warn")),
  };
  return sheet("evaluating", isRunning(job) ? "Being evaluated" : "Evaluation that did not end", button || null, words[job.state]());
}

function unmeasured(state, chosen) {
  if (chosen.serving) return sheet("gate", "Gate", null, el("p.soft", {}, "It serves. Those that may follow it are compared with it."));
  if (chosen.state === "retired") return null;
  const words = may(state, TRAIN) ? "Evaluate it: both versions then answer the same prompts on the same hold-out, and the gate decides by the differences." : "It is in nobody's hands to promote until somebody has evaluated it.";
  return sheet("gate", "Gate", null, nothing("Not compared with what serves", el("p.soft", {}, words)));
}
