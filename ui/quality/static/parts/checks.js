// How well people judge what is known beforehand: gold, planted errors; and each person's verdicts.

import { el } from "../../models/parts/bits.js";
import { count, percent, plain } from "../../models/words.js";
import { defectName, isTooFew } from "../meaning.js";
import { bounds } from "../told.js";
import { panel } from "./panel.js";
import { mix, shareRows } from "./rows.js";

export const checks = (state) => (state.figures.data.checks === null ? [] : [gold(state), planted(state)]);

function gold(state) {
  const { gold: found } = state.figures.data.checks;
  const options = { id: "gold", title: "Gold", about: "Of masks that are known to be right and were asked in between, the share that people got right.", csv: state.csv("gold"), empty: found.answers === 0 ? "No gold was answered in these days. Make annotations gold and give a queue a rate of them." : null };
  return panel(options, shareRows("Gold", "", [{ of: "Got right", share: found.passed_share, of_count: found.answers }], "Answers", "good"),
    found.iou !== null && el("p.small", {}, "Mean IoU of what they stood behind with the truth: ", el("b.number", {}, plain(found.iou, 3))));
}

function planted(state) {
  const found = state.figures.data.checks.planted;
  const [all] = found;
  const options = { id: "planted", title: "Errors let through", about: "Of errors planted on purpose, the share that people accepted; 95 % intervals. Low is good.", csv: state.csv("planted"), empty: all.answers === 0 ? "No planted error was shown in these days. Give a queue a rate of them." : null };
  return panel(options, shareRows("Errors let through", "Defect", found.map(({ defect, share, answers }) => ({ of: defectName(defect), share, of_count: answers })), "Shown", "bad"));
}

export function people(state) {
  const { people: rows, checks: seesAll } = state.figures.data;
  const title = seesAll === null ? "Your verdicts" : "People";
  const options = { id: "people", title, about: "Verdicts of each person. Shares differ with what was asked, so they alone rank nobody.", csv: state.csv("people"), wide: true, empty: rows.length === 0 ? (seesAll === null ? "You have judged no proposal in these days." : "Nobody has judged a proposal in these days.") : null };
  return panel(options, el("table.forest.mixes", { "aria-label": title },
    el("thead", {}, el("tr", {}, ["Person", "", "Accepted", "Rejected", "Seconds each", "Verdicts"].map((name, at) => (at === 1 ? el("td", {}) : el("th", { scope: "col" }, name))))),
    el("tbody", {}, rows.map((row) => el("tr", {}, el("th", { scope: "row" }, row.of.name), el("td.plot", {}, mix(row)),
      ["accepted_share", "rejected_share"].map((key) => el("td.number", {}, isTooFew(row[key]) ? el("span.soft.few", {}, "too few") : [percent(row[key].mean), el("small", {}, bounds(row[key]))])),
      el("td.number", {}, row.seconds === null ? "–" : [plain(row.seconds.median, 1), el("small", {}, `${plain(row.seconds.low, 1)} – ${plain(row.seconds.high, 1)}`)]),
      el("td.number.soft", {}, count(row.verdicts)))))));
}
