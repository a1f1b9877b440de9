// Training sets: the list, one of them, and two beside each other.

import { addressOf } from "../place.js";
import { RULE, shownValue } from "../fields.js";
import { TRAIN, may, setOf } from "../state.js";
import { SPLITS, ago, count, counted, moment, short, signed } from "../words.js";
import { bones, doing, drawn, el, facts, link, nothing, sheet, trouble } from "./bits.js";
import { statistics } from "./statistics.js";

export const KEYS = ["sets", "versions", "comparison", "place", "project", "now"];

export function sets(state) {
  const button = may(state, TRAIN) ? doing("freeze", "Freeze a set", { kind: "primary", sign: "set" }) : null;
  const rows = state.sets.data ?? [];
  const chosen = state.place.set === null ? (rows[0] ?? null) : setOf(state, state.place.set);
  return [
    el("div.sets-view", { data: { key: "sets" } },
      sheet("sets", "Training sets", button, ...drawn(state.sets, "Training sets cannot be listed", () => list(state, rows, chosen), 5)),
      el("div.set-column", { data: { key: "set-column" } }, one(state, rows, chosen))),
  ];
}

function list(state, rows, chosen) {
  if (rows.length === 0) return empty(state);
  return el("ol.set-list", {}, rows.map((set) => el("li", { data: { key: `set-${set.id}` } },
    el("a.set-row", { href: addressOf({ project: state.project.id, view: "sets", set: set.id }), ...(set === chosen ? { "aria-current": "true" } : {}) },
      el("span.set-name", {}, set.name),
      el("span.soft.small", {}, `${counted(set.statistics.annotations, "annotation")} · ${counted(set.statistics.images, "image")}`),
      el("span.soft.small", {}, `${ago(set.created_at, state.now)}, ${set.created_by}`),
      made(state, set)))));
}

/** Which versions were trained on it. */
function made({ versions }, { id }) {
  const numbers = (versions.data ?? []).filter((version) => version.training_set_id === id).map(({ number }) => `v${number}`);
  return numbers.length ? el("span.small", {}, `made ${numbers.join(", ")}`) : null;
}

function empty(state) {
  const how = el("p.soft", {}, "People correct proposals and draw objects while they ", link(`/label/?project=${state.project.id}`, "label"),
    "; a training set freezes what they made, by a rule, into three sides: what is trained on, what decides when to stop, and what measures.");
  if (may(state, TRAIN)) return nothing("No training set yet", how, doing("freeze", "Freeze the first", { kind: "primary" }));
  return nothing("No training set yet", how, el("p.soft", {}, "Your role does not freeze sets; ml and admin do."));
}

function one(state, rows, chosen) {
  if (chosen === null) {
    return state.place.set !== null && state.sets.data !== null ? nothing(`There is no training set ${state.place.set} in this project`, el("p.soft", {}, "Choose one in the list.")) : null;
  }
  const other = state.place.other === null ? null : setOf(state, state.place.other);
  return [
    other ? compared(state, chosen, other) : null,
    sheet("set", chosen.name, may(state, TRAIN) ? doing("train", "Train on it", { sign: "play", data: { set: String(chosen.id) } }) : null,
      facts([["Digest", el("code", { title: chosen.digest }, short(chosen.digest))], ["Frozen", `${moment(chosen.created_at, state.now)} by ${chosen.created_by}`]]),
      comparing(state, rows, chosen),
      statistics(chosen.statistics),
      el("details", {}, el("summary", {}, "Rule"), facts(RULE.map((field) => [field.label, shownValue(field, chosen.rule[field.name])])))),
  ];
}

function comparing(state, rows, chosen) {
  const others = rows.filter(({ id }) => id !== chosen.id);
  if (others.length === 0) return null;
  const address = (id) => addressOf({ project: state.project.id, view: "sets", set: chosen.id, other: id });
  return el("details.comparing", {}, el("summary", {}, "Compare with another"),
    el("ul.plain-list", {}, others.map(({ id, name }) => el("li", {}, el("a", { href: address(id), ...(id === state.place.other ? { "aria-current": "true" } : {}) }, name)))));
}

// --- two sets -------------------------------------------------------------------------------------------------------

function compared(state, chosen, other) {
  const { data, error } = state.comparison;
  const close = link(addressOf({ project: state.project.id, view: "sets", set: chosen.id }), "Close");
  const content = error ? trouble("They cannot be compared", error) : data === null ? bones() : difference(data, chosen, other);
  return sheet("compared", `${chosen.name} and ${other.name}`, close, content);
}

function difference({ changes, rule }, chosen, other) {
  return [
    el("div.compared-parts", {},
      el("div", {}, el("h3", {}, "What they hold"), el("table.small-table.wide", {},
        el("thead", {}, el("tr", {}, el("td"), [chosen.name, other.name, "difference"].map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, rowsOf(chosen.statistics, other.statistics).map(([label, one, two]) =>
          el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, count(one)), el("td", {}, count(two)), el("td", {}, one === two ? "same" : signed(two - one, 0))))))),
      el("div", {}, el("h3", {}, `What ${other.name} has otherwise, in annotations`), el("table.small-table.wide", {},
        el("thead", {}, el("tr", {}, el("td"), Object.values(CHANGES).map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, Object.entries(SPLITS).map(([side, label]) =>
          el("tr", {}, el("th", { scope: "row" }, label), Object.keys(CHANGES).map((name) => el("td", {}, count(changes[side]?.[name] ?? 0))))))))),
    rule.length > 0 ? el("div", {}, el("h3", {}, "The rules"), el("ul.plain-list", {}, rule.map((sentence) => el("li", {}, sentence)))) : el("p.soft.small", {}, "Both are of the same rule."),
  ];
}

const CHANGES = { added: "added", removed: "removed", changed_masks: "other mask", moved_categories: "other category", moved_sides: "other side" };

function rowsOf(one, two) {
  const sides = Object.keys(SPLITS).map((side) => [SPLITS[side], one.splits[side]?.annotations ?? 0, two.splits[side]?.annotations ?? 0]);
  const total = (of) => Object.values(of ?? {}).reduce((sum, value) => sum + value, 0);
  const names = [...new Set([...Object.keys(one.categories), ...Object.keys(two.categories)])].sort();
  return [["Annotations", one.annotations, two.annotations], ["Images", one.images, two.images], ...sides, ...names.map((name) => [name, total(one.categories[name]), total(two.categories[name])])];
}
