// How far people agree who were asked the same without knowing of each other.

import { bones, el } from "../../models/parts/bits.js";
import { count, counted, plain } from "../../models/words.js";
import { isTooFew } from "../meaning.js";
import { panel } from "./panel.js";

const NOBODY = "No two people have voted on the same proposal yet. A queue with a fold of two or more asks for it.";
const ALPHA = "Krippendorff's alpha of categories";

/** @param {{ agreement: { data: any, error: Error|null }, csv: (figure: string) => string }} state */
export function agreement({ agreement: { data, error }, csv }) {
  const about = "Of proposals that two people or more voted on, of all days: IoU of every two masks that they kept, and alpha of what they called them; 1 is agreement, 0 is chance. 95 % intervals over images.";
  const options = { id: "agreement", title: "Agreement", about, csv: data === null ? null : csv("agreement"), error, empty: data?.proposals === 0 ? NOBODY : null };
  return panel(options, ...(data === null ? [bones(3)] : figures(data)));
}

function figures({ proposals, votes, settled, in_dispute: disputed, mean_iou: iou, alpha, alpha_undefined: why }) {
  return [
    el("table.forest.rows", { "aria-label": "Agreement" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, ""), el("td.axis", { "aria-hidden": "true" }, ["0", "0.5", "1"].map((mark) => el("span", {}, mark))), el("th", { scope: "col" }, ""), el("th", { scope: "col" }, "Proposals"))),
      el("tbody", {},
        row("IoU of two people", iou && { ...iou, at: iou.mean }, proposals, "no two masks were kept of the same proposal"),
        row(ALPHA, alpha && { ...alpha, at: alpha.value }, alpha?.units ?? proposals, why))),
    el("p.small", {}, `${counted(votes, "vote")}; ${count(settled)} of ${counted(proposals, "proposal")} settled`, disputed > 0 ? `, ${count(disputed)} in dispute` : "", "."),
  ];
}

function row(label, figure, of, why) {
  const few = figure !== null && isTooFew(figure);
  const share = (value) => `${100 * Math.min(1, Math.max(0, value))}%`;
  return el("tr", { class: few ? "too-few" : "" }, el("th", { scope: "row" }, label),
    el("td.plot", {}, figure && el("span.rail-line", { "aria-hidden": "true" },
      el("i.whisker.tone-3", { style: { left: share(figure.low), width: share(figure.high - Math.max(0, figure.low)) } }), el("i.dot-mark.tone-3", { style: { left: share(figure.at) } }))),
    el("td.number", {}, figure === null ? el("span.soft.few", {}, why ?? "not defined") : few ? el("span.soft.few", {}, "too few to say") : [plain(figure.at, 2), el("small", {}, `${plain(figure.low, 2)} – ${plain(figure.high, 2)}`)]),
    el("td.number.soft", {}, count(of)));
}
