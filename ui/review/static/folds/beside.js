// Beside the passes: which image it is, how far they agree, and what each has of each category.
import { el } from "../../label/dom.js";
import { css } from "../../label/palette.js";
import { morph } from "../../models/morph.js";
import { colourOf } from "../look.js";
import { tallyOf } from "./comparing.js";
import { letterOf } from "./state.js";

const nameOf = ({ source_uri }) => source_uri.split("/").at(-1);

/** @param {{ store: object }} parts */
export function createBeside({ store }) {
  const element = el("div.panel.fold-panel");
  store.on(["fold", "project", "chosen"], (state) => morph(element, state.fold === null ? [] : contentOf(state)));
  return element;
}

function contentOf({ fold: { image, passes, agreement }, project, chosen }) {
  const fact = (term, value, title) => el("div", {}, el("dt", {}, term), el("dd", { title: title ?? String(value) }, value));
  return [
    el("h1.image-name", { title: image.source_uri }, nameOf(image)),
    el("dl.card-facts", {}, fact("Size", `${image.width} × ${image.height}`), fact("Passes", String(passes.length)), agreement && agreementFacts(agreement, fact)),
    tallyTable(passes, project, chosen),
    el("h2", {}, "Outlines"),
    el("ul.fold-legend", {}, el("li", {}, el("i.line", { "aria-hidden": "true" }), "every pass has it so"),
      el("li", {}, el("i.line.raised", { "aria-hidden": "true" }), "not every one has it, or not so")),
  ];
}

const agreementFacts = ({ mean_iou, matched, objects }, fact) => [
  fact("Mean IoU", mean_iou === null ? "–" : mean_iou.toFixed(2), "Of the pairs of objects that were matched"),
  fact("Matched", `${matched} of ${objects}`, "Objects that were matched between passes"),
];

function tallyTable(passes, project, chosen) {
  const rows = tallyOf(passes.map(({ annotations }) => annotations), project.categories);
  if (rows.length === 0) return el("p.soft", {}, "Nobody drew an object.");
  const isOdd = (counts) => counts.some((count) => count !== counts[0]);
  const marked = (at) => ({ class: at === chosen ? "chosen" : "" });
  return el("div.tally-hold", { tabIndex: 0, role: "region", "aria-label": "Objects of each pass" }, el("table.tally", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Objects"), passes.map((_, at) => el("th", { scope: "col", ...marked(at) }, letterOf(at))))),
    el("tbody", {}, rows.map(({ id, name, counts }) =>
      el("tr", { class: isOdd(counts) ? "odd" : "" },
        el("th", { scope: "row", title: name }, el("i.swatch", { "aria-hidden": "true", style: { background: css(colourOf({ project, category_id: id })) } }), el("span", {}, name)),
        counts.map((count, at) => el("td", marked(at), String(count))))))));
}
