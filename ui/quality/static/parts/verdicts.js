// What becomes of what models propose: by version and category, how far corrections go, and what masks take by version and way.

import { el } from "../../models/parts/bits.js";
import { count, percent } from "../../models/words.js";
import { originName, versionName } from "../meaning.js";
import { bounds } from "../told.js";
import { panel } from "./panel.js";
import { mix, shareRows, spreadRows } from "./rows.js";

const NO_VERDICTS = "Nobody has judged a proposal in these days.";

export const verdicts = (state) => [byCategory(state), edits(state), effortRows(state)];

export function byVersion(state) {
  const rows = state.figures.data.verdicts_by_version;
  const options = { id: "verdicts-by-version", title: "Verdicts by version", about: "Of what each model version proposed, the share that people accepted as it was, corrected or rejected; 95 % intervals.", csv: state.csv("verdicts-by-version"), wide: true, empty: rows.length === 0 ? NO_VERDICTS : null };
  return panel(options, mixKey(), el("table.forest.mixes", { "aria-label": "Verdicts by version" },
    el("thead", {}, el("tr", {}, ["Version", "", "Accepted", "Corrected", "Rejected", "Verdicts"].map((name, at) => (at === 1 ? el("td", {}) : el("th", { scope: "col" }, name))))),
    el("tbody", {}, rows.map((row) => el("tr", {}, el("th", { scope: "row" }, versionName(row.of)), el("td.plot", {}, mix(row)),
      ["accepted_share", "corrected_share", "rejected_share"].map((key) => el("td.number", {}, percent(row[key].mean), el("small", {}, bounds(row[key])))),
      el("td.number.soft", {}, count(row.verdicts)))))));
}

const mixKey = () =>
  el("p.legend", {}, [["good", "accepted"], ["plain", "corrected"], ["bad", "rejected"]].map(([tone, label]) => el("span.legend-one", {}, el("i.side-mark", { class: tone }), label)));

function byCategory(state) {
  const rows = state.figures.data.verdicts_by_category;
  const options = { id: "verdicts-by-category", title: "Kept as proposed, by category", about: "Of the masks that were kept, the share that nobody had to correct. What was rejected has no category.", csv: state.csv("verdicts-by-category"), empty: rows.length === 0 ? "No proposal was kept in these days." : null };
  return panel(options, shareRows(options.title, "Category", rows.map((row) => ({ of: row.of.name, share: row.accepted_share, of_count: row.verdicts })), "Kept", "good"));
}

function edits(state) {
  const { edits_by_version: versions, edits_by_category: categories } = state.figures.data;
  const options = { id: "edits-by-category", title: "How far corrections go", about: "1 − IoU of the corrected mask with the proposed one: 0 is no change. Median and the middle half.", csv: state.csv("edits-by-category"), empty: categories.length === 0 ? "Nothing was corrected in these days." : null };
  const rows = (found, name) => found.map(({ of, distance, corrected }) => ({ of: name(of), spread: distance, of_count: corrected }));
  const top = Math.max(...[...versions, ...categories].map(({ distance }) => distance?.high ?? 0), 0.05) * 1.05;
  const look = { digits: 2, most: Math.min(1, top), tone: "tone-2" };
  return panel(options, spreadRows("Corrections by category", "Category", rows(categories, ({ name }) => name), "Corrected", look),
    spreadRows("Corrections by version", "Version", rows(versions, versionName), "Corrected", look),
    el("p.small", {}, el("a", { href: state.csv("edits-by-version"), download: "" }, "CSV by version")));
}

function effortRows(state) {
  const { effort_by_version: versions, effort_by_origin: origins } = state.figures.data;
  const options = { id: "effort-by-version", title: "Seconds by version and way", about: "Median seconds of a mask and the middle half: by the version that drew it, and by how it came about.", csv: state.csv("effort-by-version"), empty: versions.length === 0 ? "No mask was made in these days." : null };
  const rows = (found, name) => found.map((row) => ({ of: name(row.of), spread: row.seconds, of_count: row.masks }));
  const most = Math.max(...[...versions, ...origins].map(({ seconds }) => seconds?.high ?? 0), 1e-9) * 1.05;
  return panel(options, spreadRows("Seconds by version", "Version", rows(versions, versionName), "Masks", { unit: "s", most }),
    spreadRows("Seconds by way", "Way", rows(origins, ({ name }) => originName(name)), "Masks", { unit: "s", most }),
    el("p.small", {}, el("a", { href: state.csv("effort-by-origin"), download: "" }, "CSV by way")));
}
