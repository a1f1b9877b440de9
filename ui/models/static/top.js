// The bar on top: which project, which view, who is signed in.

import { elsewhere } from "../label/elsewhere.js";
import { VIEWS, addressOf } from "./place.js";
import { el, picture } from "./parts/bits.js";

const LABELS = { versions: "Versions", sets: "Training sets", policy: "Policy" };

export const KEYS = ["session", "project", "place"];

export function top({ session, project, place }) {
  return [
    el("a.brand", { href: "/", "aria-label": "maskloop: all projects" }, picture("logo"), el("span", {}, "maskloop")),
    projectOf(session, project),
    project && el("nav.views", { "aria-label": "Views" }, VIEWS.map((view) =>
      el("a", { href: addressOf({ project: project.id, view }), ...(view === place.view ? { "aria-current": "page" } : {}) }, LABELS[view]))),
    el("span.spacer"),
    project && el("nav.elsewhere", { "aria-label": "Other pages of the project" }, elsewhere(project, "models")),
    el("span.signed-in.soft.small", {}, session.user.name),
  ].filter(Boolean);
}

function projectOf({ projects }, project) {
  if (!project) return el("span.project-name", {}, "Models");
  const others = projects.filter(({ id }) => id !== project.id);
  if (others.length === 0) return el("span.project-name", {}, project.name);
  return el("details.project-choice", {}, el("summary.button.bare", {}, el("span.project-name", {}, project.name), picture("down")),
    el("ul", {}, others.map(({ id, name }) => el("li", {}, el("a", { href: addressOf({ project: id }) }, name)))));
}
