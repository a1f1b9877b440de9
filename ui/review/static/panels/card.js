// What stands beside a card: why it is seen, whose it is, what the model thinks of it.
import { el } from "../../label/dom.js";
import { picture } from "../../label/panels/icons.js";
import { categoryColour, css } from "../../label/palette.js";
import { morph } from "../../models/morph.js";
import { categoryName } from "../look.js";
import { cardInView } from "../state.js";
import { strip } from "./votes.js";

/** @param {{ store: object, keymap: object }} parts */
export function createCardPanel({ store, keymap }) {
  const element = el("section.panel.card-panel", { "aria-label": "Card" });
  store.on(["cards", "audits", "queues", "project", "mode", "selection", "category_id", "vote"], (state) => {
    const card = cardInView(state);
    morph(element, card === null ? [] : content(card, state, keymap));
    element.hidden = card === null;
  });
  element.addEventListener("pointerdown", (event) => event.target.closest(".vote") && event.preventDefault()); // the focus stays where the keys are
  element.addEventListener("click", ({ target }) => {
    const { vote } = target.closest(".vote")?.dataset ?? {};
    if (vote !== undefined) store.set({ vote: vote === "" ? null : Number(vote), masked: true });
  });
  return element;
}

function content(card, state, keymap) {
  const audit = state.audits.get(card.id);
  return [
    audit && el("p.audit-line", {}, picture("check"), el("span", {}, el("strong", {}, `Audit ${audit.place} of ${audit.count}`), ` · drawn at random from the ${audit.of} that you accepted together`)),
    el("div.category-line", {}, el("span.swatch.large", { style: { background: colour(state) } }),
      el("strong", {}, categoryName(state.project, state.category_id) ?? "No category chosen"),
      card.category_id !== null && card.category_id !== state.category_id && el("span.soft.small", {}, `was ${categoryName(state.project, card.category_id) ?? "?"}`)),
    state.mode === "one" && card.votes.length > 0 && strip(card, state, keymap),
    el("h2", { id: "why-title" }, "Why you see this"),
    el("ul.why", { "aria-labelledby": "why-title" }, card.why.length ? card.why.map(({ reason, text, value }) =>
      el("li", { data: { reason } }, el("span", {}, text), measured(value))) : el("li.soft", {}, "Next in its queue")),
    el("dl.card-facts", {}, facts(card, state).map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", { title: String(value) }, value)))),
  ].filter(Boolean);
}

/** A bar for what is a share, the number for what is not. */
function measured(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  const text = Number.isInteger(value) ? String(value) : value.toFixed(2);
  if (value < 0 || value > 1) return el("span.number.soft", {}, text);
  return el("span.why-measure", {}, el("i", { "aria-hidden": "true", style: { "--share": String(value) } }), el("span.number", {}, text));
}

function colour({ project, category_id }) {
  const at = project.categories.findIndex(({ id }) => id === category_id);
  return at < 0 ? "transparent" : css(categoryColour(at));
}

function facts(card, { queues, queue }) {
  const name = queues?.find(({ id }) => id === card.queue_id)?.name;
  return [
    ["Predicted IoU", card.predicted_iou === null ? "–" : card.predicted_iou.toFixed(3)],
    ["Model", card.model_version === null ? "by hand" : versionName(card.model_version)],
    ["Size", `${card.bbox[2]} × ${card.bbox[3]} px, ${card.area.toLocaleString("en")} in it`],
    ["Image", `${lastOf(card.image.source_uri)}, ${card.image.width} × ${card.image.height}`],
    queue === null && name ? ["Queue", name] : null,
  ].filter(Boolean);
}

const lastOf = (uri) => decodeURIComponentSafely(uri.split("/").at(-1) || uri);

function decodeURIComponentSafely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a bare % in a name
  }
}

/** By number, or with its name. */
export const versionName = (version) => (typeof version === "object" ? `${version.name} v${version.number}` : `v${version}`);
