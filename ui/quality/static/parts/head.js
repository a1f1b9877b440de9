// The days in view and the figures in one line; and the bar on top.

import { elsewhere } from "../../label/elsewhere.js";
import { el, link, picture } from "../../models/parts/bits.js";
import { count, percent, plain } from "../../models/words.js";
import { few, isTooFew, sum } from "../meaning.js";
import { RANGES, addressOf, daysOf } from "../place.js";
import { bounds } from "../told.js";

export const TOP_KEYS = ["session", "project", "place"];

export function top({ session, project, place }) {
  return [
    el("a.brand", { href: "/", "aria-label": "maskloop: all projects" }, picture("logo"), el("span", {}, "maskloop")),
    projectOf(session, project, place),
    el("span.spacer"),
    project && el("nav.elsewhere", { "aria-label": "Other pages of the project" }, elsewhere(project, "quality")),
    el("span.signed-in.soft.small", {}, session.user.name),
  ].flat().filter(Boolean);
}

function projectOf({ projects }, project, place) {
  if (!project) return el("span.project-name", {}, "Quality");
  const others = projects.filter(({ id }) => id !== project.id);
  if (others.length === 0) return el("span.project-name", {}, project.name);
  return el("details.project-choice", {}, el("summary.button.bare", {}, el("span.project-name", {}, project.name), picture("down")),
    el("ul", {}, others.map(({ id, name }) => el("li", {}, link(addressOf({ ...place, project: id }), name)))));
}

export function range({ place, now, project }) {
  const { first, last } = daysOf(place, now);
  const choice = (label, days) => {
    const isChosen = place.days === days && place.from === null && place.to === null;
    return el("a.button", { href: addressOf({ project: project.id, days }), ...(isChosen ? { "aria-current": "true" } : {}) }, label);
  };
  const day = (name, label, value) => el("label.day", {}, label, el("input", { type: "date", name, value: value ?? "", data: { range: name } }));
  return [
    el("h1", {}, "Quality"),
    el("nav.tabs", { "aria-label": "Days" }, RANGES.map((days) => choice(`${days} days`, days)), choice("Ever", null)),
    el("div.days", { role: "group", "aria-label": "From day to day" }, day("from", "From", first), day("to", "to", last), el("span.soft.small", {}, "days of UTC")),
  ];
}

export function summary({ figures }) {
  const { data } = figures;
  const verdicts = sum(data.verdicts_by_version, "verdicts");
  const masks = sum(data.effort_by_origin, "masks");
  const accepted = sum(data.verdicts_by_version, "accepted");
  const tile = (label, value, more) => el("div.tile", {}, el("dt", {}, label), el("dd", {}, el("b", {}, value), more && el("small.soft", {}, more)));
  const through = data.checks?.planted[0] ?? null;
  return [el("dl.tiles", {},
    tile("Verdicts", count(verdicts), verdicts ? `${percent(accepted / verdicts)} accepted as proposed` : "nobody judged"),
    tile("Masks made", count(masks), masks ? corrected(data) : "none yet"),
    seconds(data, tile),
    through && (isTooFew(through.share) ? tile("Errors let through", "–", few(through.answers)) : tile("Errors let through", percent(through.share.mean), bounds(through.share))),
  )];
}

const corrected = ({ effort_by_origin: rows }) => {
  const found = rows.find(({ of }) => of.name === "corrected");
  return `${count(found?.masks ?? 0)} of them corrected`;
};

/** Of the days' medians the last one, and how it was at first. */
function seconds({ effort_by_day: rows }, tile) {
  const measured = rows.filter((row) => row.seconds !== null);
  if (measured.length === 0) return tile("Seconds per mask", "–", "not measured");
  const [first, last] = [measured[0], measured.at(-1)];
  return tile("Seconds per mask", plain(last.seconds.median, 1), measured.length > 1 ? `on the last day; ${plain(first.seconds.median, 1)} on the first` : "median of the day");
}
