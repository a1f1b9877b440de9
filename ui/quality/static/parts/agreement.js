// How far people agree who were asked the same without knowing of each other.

import { bones, el } from "../../models/parts/bits.js";
import { count, counted, plain } from "../../models/words.js";
import { isTooFew } from "../meaning.js";
import { panel } from "./panel.js";

const NOBODY = "No two people have voted on the same proposal or labelled the same image yet. A queue that asks several people for each does it.";
const ALPHA = "Krippendorff's alpha of categories";
const ABOUT = "Of proposals that two people or more voted on, and of images that they labelled blindly, of all days: IoU of every two masks of the same object, and alpha of what they called them; 1 is agreement, 0 is chance. 95 % intervals over images.";

/** @param {{ agreement: { data: any, error: Error|null }, csv: (figure: string) => string }} state */
export function agreement({ agreement: { data, error }, csv }) {
  const isEmpty = data !== null && data.proposals === 0 && data.images.images === 0;
  const options = { id: "agreement", title: "Agreement", about: ABOUT, csv: data === null ? null : csv("agreement"), error, empty: isEmpty ? NOBODY : null };
  return panel(options, ...(data === null ? [bones(3)] : [...onProposals(data), ...onImages(data.images)]));
}

function onProposals({ proposals, votes, settled, in_dispute: disputed, mean_iou: iou, alpha, alpha_undefined: why }) {
  if (proposals === 0) return [];
  return [
    table("Agreement", "Proposals",
      row("IoU of two people", mean(iou), proposals, "no two masks were kept of the same proposal"),
      row(ALPHA, valued(alpha), alpha?.units ?? proposals, why)),
    summary(counted(votes, "vote"), settled, counted(proposals, "proposal"), disputed),
  ];
}

/** Alpha's units are objects; the rest is of images. */
function onImages({ images, passes, settled, in_dispute: disputed, mean_iou: iou, found_by_all: all, alpha, alpha_undefined: why }) {
  if (images === 0) return [];
  return [
    table("Agreement on images", "Images",
      row("IoU of two people", mean(iou), images, "no two masks are of the same object"),
      row("Objects that all of them drew", mean(all), images, "nobody drew an object"),
      row(`${ALPHA}, not drawn being one`, valued(alpha), images, why)),
    summary(counted(passes, "labelling"), settled, counted(images, "image"), disputed),
  ];
}

const mean = (figure) => figure && { ...figure, at: figure.mean };
const valued = (alpha) => alpha && { ...alpha, at: alpha.value };

const table = (label, of, ...rows) => el("table.forest.rows", { "aria-label": label },
  el("thead", {}, el("tr", {}, el("th", { scope: "col" }, ""), el("td.axis", { "aria-hidden": "true" }, ["0", "0.5", "1"].map((mark) => el("span", {}, mark))), el("th", { scope: "col" }, ""), el("th", { scope: "col" }, of))),
  el("tbody", {}, rows));

const summary = (made, settled, of, disputed) =>
  el("p.small", {}, `${made}; ${count(settled)} of ${of} settled`, disputed > 0 ? `, ${count(disputed)} in dispute` : "", ".");

function row(label, figure, of, why) {
  const few = figure !== null && isTooFew(figure);
  const share = (value) => `${100 * Math.min(1, Math.max(0, value))}%`;
  return el("tr", { class: few ? "too-few" : "" }, el("th", { scope: "row" }, label),
    el("td.plot", {}, figure && el("span.rail-line", { "aria-hidden": "true" },
      el("i.whisker.tone-3", { style: { left: share(figure.low), width: share(figure.high - Math.max(0, figure.low)) } }), el("i.dot-mark.tone-3", { style: { left: share(figure.at) } }))),
    el("td.number", {}, figure === null ? el("span.soft.few", {}, why ?? "not defined") : few ? el("span.soft.few", {}, "too few to say") : [plain(figure.at, 2), el("small", {}, `${plain(figure.low, 2)} – ${plain(figure.high, 2)}`)]),
    el("td.number.soft", {}, count(of)));
}
