// The gate: each rule, what was asked, what came out.

import { addressOf } from "../place.js";
import { decidingGate, servingOf, setOf } from "../state.js";
import { OUTCOMES, counted, moment, ruleName } from "../words.js";
import { chip, el, link, picture, sheet } from "./bits.js";

const SIGNS = { passed: "check", failed: "cross", too_few: "few" };

export function gateSheet(state, version, result) {
  const { rules, passed } = result;
  const failed = rules.filter(({ outcome }) => outcome === "failed");
  return sheet("gate", "Gate", passed ? chip("Passed", "good", "check") : chip("Refused", "bad", "cross"),
    el("p", {}, verdictOf(result, failed)),
    el("p.soft.small", {}, `On the hold-out of ${setWord(state, result)}, ${moment(result.created_at, state.now)}.`),
    isOld(state, version, result),
    el("ul.rules", {}, [...failed, ...rules.filter(({ outcome }) => outcome !== "failed")].map(rule)),
    others(state, version, result));
}

function verdictOf({ champion, challenger, passed, rules }, failed) {
  const pair = `Version ${challenger} against version ${champion}`;
  if (passed) return `${pair}: ${holding(rules)}.`;
  return `${pair}: refused by ${failed.map(({ name }) => ruleName(name)).join("; ")}.`;
}

function holding(rules) {
  const few = rules.filter(({ outcome }) => outcome === "too_few").length;
  const hold = few === 0 ? `all ${counted(rules.length, "rule")} hold` : `${counted(rules.length - few, "rule")} ${rules.length - few === 1 ? "holds" : "hold"}`;
  return few === 0 ? hold : `${hold}, ${few} had too few objects to judge`;
}

const setWord = (state, { training_set: id }) => setOf(state, id)?.name ?? `training set ${id}`;

const rule = ({ name, outcome, sentence }) =>
  el("li.rule", { class: outcome },
    picture(SIGNS[outcome] ?? "few"),
    el("div", {}, el("strong", {}, ruleName(name)), " ", el("span.rule-outcome", {}, OUTCOMES[outcome] ?? outcome), el("p.small", {}, sentence)));

function isOld(state, version, result) {
  const serving = servingOf(state);
  if (serving === null || serving.number === version.number || result.champion === serving.number) return null;
  const newer = decidingGate(state, version.number) ? "" : " It was not compared with that one yet.";
  return el("p.notice-line", {}, picture("warn"), `Since then version ${serving.number} serves.${newer}`);
}

function others(state, version, result) {
  const all = state.gates[version.number].data;
  if (all.length < 2) return null;
  return el("details", {}, el("summary", {}, `All ${all.length} results`),
    el("ul.plain-list", {}, all.map((one) => el("li", {},
      link(addressOf({ ...state.place, view: "versions", version: version.number, gate: one.id }), `${moment(one.created_at, state.now)}, against version ${one.champion}`),
      " ", el("span.small", { class: one.passed ? "good" : "bad" }, one.passed ? "passed" : "refused"), one === result ? el("span.soft.small", {}, " shown") : null))));
}
