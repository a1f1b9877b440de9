// The votes of a dispute: a strip of them beside the card, and over the picture which one it shows.
import { el } from "../../label/dom.js";
import { css } from "../../label/palette.js";
import { morph } from "../../models/morph.js";
import { voteInView } from "../deck/votes.js";
import { PROPOSED, categoryName, voteColour } from "../look.js";

/** Nobody's name is known here; numbers tell votes apart. */
const numbered = (at) => `Vote ${at + 1}`;

/** "corrected, cup" @param {{ project: object }} state @param {import("../deck/votes.js").Vote} vote */
function wordsOf({ project }, { verdict, category_id, segmentation }) {
  if (verdict === "rejected") return "no object";
  return `${segmentation === null ? "as proposed" : "corrected"}, ${categoryName(project, category_id) ?? "?"}`;
}

/** What the page says of the picture to those who do not see it. */
export function told(state) {
  const vote = voteInView(state);
  return vote === null ? null : `${numbered(state.vote).toLowerCase()} of ${state.cards[0].votes.length} is shown: ${wordsOf(state, vote)}`;
}

/** @param {object} card @param {object} state @param {object} keymap */
export function strip(card, state, keymap) {
  const row = (at, name, words, reason) =>
    el("li", {}, el("button.vote", { type: "button", "aria-pressed": String(state.vote === at), data: { vote: String(at ?? "") } },
      el("i.swatch", { "aria-hidden": "true", style: { background: css(at === null ? PROPOSED : voteColour(at)) } }),
      el("strong", {}, name), el("span.soft", {}, words), reason && el("q.vote-reason", {}, reason)));
  return el("section.votes", { "aria-labelledby": "votes-title" },
    el("h2", { id: "votes-title" }, "They disagree", el("kbd", { "aria-hidden": "true" }, keymap.label("vote"))),
    el("ul", {}, row(null, "Proposal", state.vote === null ? "in view" : "the white outline", null),
      card.votes.map((vote, at) => row(at, numbered(at), wordsOf(state, vote), vote.reason))));
}

/** @param {{ store: object, keymap: object }} parts */
export function createLegend({ store, keymap }) {
  const element = el("div.vote-legend", { role: "status", hidden: true });
  const key = (command) => el("kbd", { "aria-hidden": "true" }, keymap.label(command));
  const draw = (state) => {
    const vote = voteInView(state);
    element.hidden = vote === null;
    morph(element, vote === null ? [] : [
      el("p", {}, el("i.swatch", { style: { background: css(voteColour(state.vote)) } }), el("strong", {}, `${numbered(state.vote)} of ${state.cards[0].votes.length}`), el("span", {}, wordsOf(state, vote))),
      el("p", {}, el("i.swatch.line", { style: { background: css(PROPOSED) } }), el("span", {}, "the proposal")),
      el("p.soft", {}, key("vote"), "the next", el("kbd", { "aria-hidden": "true" }, "Enter"), "takes it"),
    ]);
  };
  store.on(["cards", "vote", "mode", "project"], draw);
  keymap.onChange(() => draw(store.state));
  return element;
}
