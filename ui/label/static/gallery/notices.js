// What stands in the list's place where there is no image to show, and what to do about it.

import { el } from "../dom.js";
import * as icons from "./icons.js";

const notice = (kind, sign, heading, ...more) =>
  el(`div.notice.${kind}`, {}, el("div.sign", {}, sign), el("h2", {}, heading), ...more);

const button = (label, run, kind = "") => el(`button.button${kind}`, { type: "button", onclick: run }, label);

/** @param {{project: {name: string}, mayAdd: boolean, onChoose: () => void, onChooseFolder: () => void}} options */
export function emptyProject({ project, mayAdd, onChoose, onChooseFolder }) {
  if (!mayAdd) {
    const who = "Your role in this project does not add images. Ask somebody with the role ops or admin to add some; they will appear here.";
    return notice("empty", icons.pictures(), "No images yet", el("p.soft", {}, who));
  }
  return notice(
    "empty.droppable",
    icons.pictures(),
    "Add the first images",
    el("p.soft", {}, "Drop images or folders here, paste one, or choose them:"),
    el("div.actions", {}, button("Choose images", onChoose, ".primary"), button("Choose a folder", onChooseFolder)),
    el("p.soft.small", {}, "Many of them, or in a bucket? From a terminal:"),
    el("code.command", {}, `maskloop images add ${quoted(project.name)} FOLDER`),
  );
}

/** @param {{onClear: () => void}} options */
export const nothingFound = ({ onClear }) =>
  notice(
    "empty",
    icons.nothing(),
    "No image matches these filters",
    el("p.soft", {}, "Search looks at file names and paths; scores are those of proposals that wait for a verdict."),
    el("div.actions", {}, button("Clear filters", onClear, ".primary")),
  );

/** @param {{problem: Error, onRetry: () => void}} options */
export const failed = ({ problem, onRetry }) =>
  notice(
    "bad",
    icons.warning(),
    "The images cannot be listed",
    el("p.soft", { role: "alert" }, problem.message),
    el("div.actions", {}, button("Try again", onRetry, ".primary")),
  );

/** Below the images that did come; all of them, but not lately, where the list is complete.
 * @param {{problem: Error, isComplete: boolean, onRetry: () => void}} options */
export function failedBelow({ problem, isComplete, onRetry }) {
  const what = isComplete ? "The list may be out of date" : "More images cannot be listed";
  return el("div.notice-below", { role: "alert" }, icons.warning(), el("span", {}, `${what}: ${problem.message}`), button("Try again", onRetry));
}

/** As a shell takes it. */
function quoted(name) {
  return /^[\w.,@%+=:/-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
