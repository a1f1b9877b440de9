// What only a person can decide: a conflict with somebody else's change, an operation the server refused, why an image is skipped.
import { el } from "../dom.js";
import { decode } from "../masks/rle.js";
import { ask } from "./dialog.js";

const SIDE = 320;
const REASONS = ["Nothing to label", "Picture is broken or unclear", "Not sure about the category", "Too hard"];

/** @returns {Promise<string|null>} null: not skipped after all */
export async function askReason() {
  const other = el("input", { type: "text", maxLength: 200, placeholder: "Another reason", "aria-label": "Another reason" });
  const radios = REASONS.map((reason, at) =>
    el("label.choice", {}, el("input", { type: "radio", name: "skip-reason", value: reason, checked: at === 0, autofocus: at === 0 }), reason));
  const group = el("fieldset.choices", { "aria-label": "Reason" }, radios, other);
  other.addEventListener("input", () => {
    for (const radio of group.querySelectorAll("input[type=radio]")) radio.checked = false;
  });
  const answer = await ask({
    title: "Skip this image",
    content: [el("p.soft", {}, "It stays in the project, marked as skipped, with what you have labeled so far."), group],
    actions: [
      { label: "Stay here", value: "stay", kind: "bare" },
      { label: "Skip", value: "skip", kind: "primary", keys: ["Enter"] },
    ],
  });
  if (answer !== "skip") return null;
  return other.value.trim() || (group.querySelector("input[type=radio]:checked")?.value ?? REASONS[0]);
}

const CHOICES = {
  mine: { label: "Keep mine", kind: "primary" },
  theirs: { label: "Take theirs" },
  both: { label: "Keep both" },
};

/** Shows one conflict after another. @param {{ outbox: object, project: object, pictureOf: (image: number) => string }} parts */
export async function decideConflicts({ outbox, project, pictureOf }) {
  for (const conflict of outbox.status().conflicts) {
    const answer = await ask({
      title: "Two people changed this object",
      class: "conflict",
      content: contentOf(conflict, project, pictureOf(conflict.operation.image)),
      actions: conflict.choices.map((value) => ({ value, ...CHOICES[value] })),
    });
    if (answer === null) return;
    await outbox.settle(conflict, answer);
  }
}

function contentOf({ operation, mine, theirs, message }, project, source) {
  return [
    el("p", {}, message),
    el("div.sides", {},
      side("Yours", mine, project, source, operation.kind === "delete" ? "You deleted it." : null),
      side(theirs ? `As ${theirs.author} left it` : "Theirs", theirs, project, source, theirs ? null : "It was deleted, or nothing was made of it."),
    ),
  ];
}

function side(title, shown, project, source, instead) {
  const name = project.categories.find(({ id }) => id === shown?.category_id)?.name;
  const canvas = el("canvas.side-picture", { width: SIDE, height: SIDE, role: "img", "aria-label": `${title}: ${instead ?? name ?? "mask"}` });
  if (!instead && shown?.segmentation) paint(canvas, decode(shown.segmentation.counts, shown.segmentation.size), source);
  return el("figure.side", {}, el("figcaption", {}, el("strong", {}, title), el("span.soft", {}, instead ?? name ?? "")), canvas);
}

/** The mask over its part of the picture, with some room around it. */
async function paint(canvas, mask, source) {
  const picture = new Image();
  picture.src = source;
  const [height, width] = mask.size_hw;
  const [x, y, w, h] = mask.bbox_xywh;
  const side = Math.min(Math.max(w, h) * 1.4, Math.max(width, height));
  const left = x + w / 2 - side / 2;
  const top = y + h / 2 - side / 2;
  const context = canvas.getContext("2d");
  await picture.decode();
  const scale = picture.naturalWidth / width;
  context.drawImage(picture, left * scale, top * scale, side * scale, side * scale, 0, 0, SIDE, SIDE);
  const pixels = context.getImageData(0, 0, SIDE, SIDE);
  const inside = membership(mask, left, top, side);
  for (let at = 0; at < inside.length; at += 1) {
    if (!inside[at]) continue;
    pixels.data[4 * at] = (pixels.data[4 * at] + 86) / 2;
    pixels.data[4 * at + 1] = (pixels.data[4 * at + 1] + 180) / 2;
    pixels.data[4 * at + 2] = (pixels.data[4 * at + 2] + 233) / 2;
  }
  context.putImageData(pixels, 0, 0);
}

function membership(mask, left, top, side) {
  const inside = new Uint8Array(SIDE * SIDE);
  const [height] = mask.size_hw;
  for (let run = 1; run < mask.ends.length; run += 2) {
    const [from, to] = [mask.ends[run - 1], mask.ends[run]];
    for (let index = from; index < to; index += 1) {
      const sx = Math.floor(((Math.floor(index / height) - left) / side) * SIDE);
      const sy = Math.floor((((index % height) - top) / side) * SIDE);
      if (sx >= 0 && sy >= 0 && sx < SIDE && sy < SIDE) inside[sy * SIDE + sx] = 1;
    }
  }
  return inside;
}

/** What the server refused for good: sent again, or given up. */
export async function decideRefused({ outbox }) {
  for (const { operation, message } of outbox.status().refused) {
    const answer = await ask({
      title: "This could not be saved",
      content: [
        el("p", {}, message),
        el("p.soft", {}, `${SAID[operation.kind]}, on image ${operation.image}. It is kept in this browser until you decide.`),
      ],
      actions: [
        { label: "Give it up", value: "discard", kind: "danger" },
        { label: "Try again", value: "retry", kind: "primary" },
      ],
    });
    if (answer === null) return;
    if (answer === "discard") await outbox.discard(operation);
    else await outbox.retry(operation);
  }
}

const SAID = { create: "A new annotation", update: "A changed annotation", delete: "A deleted annotation", review: "A verdict on a proposal", submit: "An image that was finished" };
