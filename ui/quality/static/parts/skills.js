// How each person does in what is known beforehand: four figures with their intervals, on one axis each.

import { bones, el } from "../../models/parts/bits.js";
import { capital, count, counted, day, percent, plain } from "../../models/words.js";
import { defectName, few, isTooFew } from "../meaning.js";
import { bounds, boundsOf } from "../told.js";
import { panel, tableOf } from "./panel.js";
import { figureRows } from "./rows.js";

const FIGURES = [
  { key: "let_through", title: "Errors let through", of: "planted", tone: "bad", isShare: true },
  { key: "missed", title: "Gold rejected", of: "gold", tone: "bad", isShare: true },
  { key: "mean_iou", title: "IoU with gold", of: "gold", tone: "tone-1", isShare: false },
  { key: "boundary_f", title: "Boundary F with gold", of: "gold", tone: "tone-3", isShare: false },
];
const ABOUT = "The share of planted errors that somebody let through and of gold that they rejected, where low is good; and of the gold they kept, IoU and boundary F with the truth. 95 % intervals; below 5 checks, or 5 images with gold, none is told.";

/** Nothing for who does not review. */
export function skills(state) {
  if (state.skills === null) return [];
  const { skills: { data, error }, figures } = state;
  const seesAll = figures.data.checks !== null;
  const nobody = seesAll ? "Nobody has answered a check in these days. Make gold, plant errors and give a queue a rate of them." : "You have answered no check in these days; what you answer today is told tomorrow.";
  const options = {
    id: "checks-by-person", title: seesAll ? "Checks by person" : "Your checks", wide: true, error, csv: data === null ? null : state.csv("checks-by-person"), empty: data?.people.length === 0 ? nobody : null,
    about: data?.as_of ? `${ABOUT} As it was when the day began (${day(data.as_of, state.now)}, UTC).` : ABOUT,
  };
  return [panel(options, ...(data === null ? [bones(4)] : drawn(data)))];
}

const drawn = ({ people }) => [
  el("div.skills", {}, FIGURES.map((figure) => el("div.skill", {}, el("h3", {}, figure.title), figureRows(`${figure.title}, by person`, "Person", people.map((one) => row(one, figure)), capital(figure.of), figure.tone)))),
  takenBack(people),
  byDefect(people),
];

/** @returns {{ of: string, figure: any, words: Node[], of_count: number }} */
function row({ user, quality }, { key, of, isShare }) {
  return skillRow(user, quality[key], quality[of], { isShare, unit: of === "gold" ? " images" : "" });
}

/** One person's figure on its rail. `unit`: of what too few is said. */
export function skillRow(user, figure, asked, { isShare, unit }) {
  const said = asked === 0 ? el("span.soft.few", {}, "not asked yet") : isFew(figure) ? el("span.soft.few", {}, tooFew(figure, unit)) : words(figure, isShare);
  return { of: user, figure: figure.mean === null ? null : figure, of_count: asked, isFew: isFew(figure), words: said };
}

const isFew = (figure) => figure.mean === null || isTooFew(figure);
export const tooFew = ({ of, needed }, unit = "") => (needed === null ? few(of) : `too few: ${of} of ${needed}${unit}`);

function words(figure, isShare) {
  return isShare ? [percent(figure.mean), el("small", {}, bounds(figure))] : [plain(figure.mean, 3), el("small", {}, boundsOf(figure))];
}

function takenBack(people) {
  const some = people.filter(({ withdrawn }) => withdrawn > 0);
  return some.length > 0 && el("p.small.soft", {}, some.map(({ user, withdrawn }) => `${user} took ${counted(withdrawn, "answer")} to checks back.`).join(" "));
}

/** What was let through, kind by kind: of those that somebody was shown. */
function byDefect(people) {
  const rows = people.flatMap(({ user, quality }) => Object.entries(quality.let_through_by_defect).filter(([, { of }]) => of > 0).map(([defect, figure]) =>
    [user, defectName(defect), isFew(figure) ? tooFew(figure) : percent(figure.mean), isFew(figure) ? "" : bounds(figure), count(figure.of)]));
  return rows.length > 0 && tableOf("Errors let through by defect", ["Person", "Defect", "Let through", "95 %", "Shown"], rows, "By defect");
}
