// How each person labels images whose objects are known: what they miss, and how near they keep to the rest.

import { el } from "../../models/parts/bits.js";
import { count, day, percent, plain } from "../../models/words.js";
import { bounds, boundsOf } from "../told.js";
import { panel, tableOf } from "./panel.js";
import { figureRows } from "./rows.js";
import { skillRow, tooFew } from "./skills.js";

const FIGURES = [
  { key: "missed", title: "Objects missed", of: "objects", counted: "Objects", tone: "bad", isShare: true },
  { key: "wrong_category", title: "Called something else", of: "found", counted: "Found", tone: "bad", isShare: true },
  { key: "mean_iou", title: "IoU of what was found", of: "found", counted: "Found", tone: "tone-1", isShare: false },
  { key: "boundary_f", title: "Boundary F of what was found", of: "found", counted: "Found", tone: "tone-3", isShare: false },
];
const ABOUT = "Of gold images that people labelled without knowing it: the share of objects that they missed and that they named otherwise, where low is good; and IoU and boundary F with the truth of those they found. 95 % intervals over images; below 5 images none is told.";

/** Nothing for who does not review, and while nobody has labelled one. */
export function labelers(state) {
  const found = state.skills?.data?.labelers ?? [];
  if (found.length === 0) return [];
  const title = state.figures.data.checks === null ? "Your gold images" : "Gold images by person";
  const { as_of: asOf } = state.skills.data;
  const about = asOf ? `${ABOUT} As it was when the day began (${day(asOf, state.now)}, UTC).` : ABOUT;
  return [panel({ id: "gold-images-by-person", title, about, wide: true, csv: state.csv("gold-images-by-person") }, plots(found), beside(found), byCategory(found))];
}

const plots = (people) => el("div.skills", {}, FIGURES.map(({ key, title, of, counted, tone, isShare }) =>
  el("div.skill", {}, el("h3", {}, title),
    figureRows(`${title}, by person`, "Person", people.map((one) => skillRow(one.user, one.quality[key], one[of], { isShare, unit: " images" })), counted, tone))));

/** What somebody drew where nothing is has no end at 1, so it is no rail. */
const beside = (people) => tableOf("Images and objects", ["Person", "Images", "Skipped", "Objects", "Found", "Extra", "Extra an image", "95 %"], people.map(({ user, images, skipped, objects, found, extra, quality }) =>
  [user, count(images), count(skipped), count(objects), count(found), count(extra), ...told(quality.extra, plain, boundsOf, " images")]), "Images, objects, and what was drawn where nothing is");

const byCategory = (people) => tableOf("Objects missed by category", ["Person", "Category", "Missed", "95 %", "IoU", "95 %"], people.flatMap(({ user, categories }) =>
  categories.map(({ category, quality }) => [user, category, ...told(quality.missed, percent, bounds, " images"), ...told(quality.mean_iou, plain, boundsOf, " images")])), "By category");

const told = (figure, words, interval, unit) => (figure.mean === null ? [tooFew(figure, unit), ""] : [words(figure.mean), interval(figure)]);
