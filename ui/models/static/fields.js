// What a policy, a recipe and a rule consist of: each field with its unit, its default and what it means. Names and defaults
// are platform/training.py's; a test holds them together.

import { METRICS, ORIGINS, percent } from "./words.js";

/** @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {"whole"|"number"|"share"|"switch"|"choice"|"several"|"lines"|"day"|"text"} kind   `share`: 0 to 1, shown in %
 * @property {any} usual        the default
 * @property {boolean} [varies] the default is another one elsewhere, so it is not told
 * @property {string} [unit]
 * @property {string} [about]
 * @property {number} [least]
 * @property {number} [most]
 * @property {[string, string][]} [choices]  value and label */

/** @type {Field[]} */
export const TRIGGERS = [
  { name: "automatic", label: "Train by itself", kind: "switch", usual: false, about: "When a training is due it begins, and is evaluated afterwards. Nothing is promoted by itself." },
  { name: "corrections", label: "Corrections", kind: "whole", usual: 200, least: 1, unit: "annotations", about: "Since the parent's training set, without proposals accepted as they are." },
  { name: "edit_distance_rise", label: "People change more", kind: "number", usual: 0.05, unit: "edit distance", about: "1 − IoU between proposals and what is kept of them: the newest reviews above this version's first." },
  { name: "acceptance_fall", label: "People accept less", kind: "share", usual: 0.1, unit: "%", about: "Share of proposals accepted as they are, below that of this version's first." },
  { name: "window", label: "Window", kind: "whole", usual: 200, least: 20, unit: "reviews", about: "How many reviews are compared, at first and now." },
  { name: "debounce_minutes", label: "Quiet for", kind: "number", usual: 10, least: 0, unit: "minutes", about: "Nobody changed anything for so long: people are not in the middle of it." },
];

/** @type {Field[]} */
export const GATE = [
  { name: "metric", label: "Must be better in", kind: "choice", usual: "one_click", choices: METRICS.map(({ key, label }) => [key, label]), about: "With the interval of the difference on the good side of 0." },
  { name: "confidence", label: "Confidence", kind: "share", usual: 0.95, least: 50, most: 100, unit: "%", about: "Of every interval." },
  { name: "worse_at_most", label: "Worse overall, at most", kind: "number", usual: 0.01, unit: "IoU", about: "In one click, best of three and box: the interval's lower end may not lie below." },
  { name: "category_worse_at_most", label: "Worse in a category, at most", kind: "number", usual: 0.03, unit: "IoU" },
  { name: "category_least", label: "Category judged from", kind: "whole", usual: 30, least: 2, unit: "objects", about: "Below it a category has too few to judge." },
  { name: "general_worse_at_most", label: "Worse on the general set, at most", kind: "number", usual: 0.02, unit: "IoU", about: "One click and box: what was forgotten." },
  { name: "recall_worse_at_most", label: "Fewer found in bulk, at most", kind: "number", usual: 0.15, unit: "of the objects", about: "Everything-mode recall: bulk jobs go on finding." },
  { name: "slower_at_most", label: "Slower, at most", kind: "number", usual: 1.2, least: 1, unit: "times", about: "The champion's median time a click." },
  { name: "images_least", label: "Images, at least", kind: "whole", usual: 5, least: 2, unit: "images", about: "Of the hold-out: intervals of fewer mean nothing." },
];

/** @type {Field[]} */
export const RECIPE = [
  { name: "epochs", label: "Epochs", kind: "whole", usual: 8, least: 1, most: 1000, unit: "times over the set" },
  { name: "budget_minutes", label: "Budget", kind: "number", usual: 30, unit: "minutes", about: "Of computing; what is best by then is kept." },
  { name: "learning_rate", label: "Learning rate", kind: "number", usual: 0.0001, unit: "a step" },
  { name: "objects_per_step", label: "Objects a step", kind: "whole", usual: 8, least: 1, most: 256, unit: "objects", about: "Of one image, prompted together." },
  { name: "rounds", label: "Rounds", kind: "whole", usual: 3, least: 1, most: 11, unit: "prompts", about: "A point or box first, then points where the mask is wrong." },
  { name: "rounds_without_point", label: "Rounds without a point", kind: "whole", usual: 1, least: 0, most: 2, unit: "of them", about: "The last ones only feed the mask back." },
  { name: "recorded_share", label: "Recorded prompts", kind: "share", usual: 0.5, unit: "%", about: "First prompts taken from what people really clicked." },
  { name: "replay_share", label: "Replay", kind: "share", usual: 0.4, unit: "%", about: "Steps that keep the parent's answers on other images, against forgetting." },
  { name: "validations", label: "Validations", kind: "whole", usual: 8, least: 1, most: 1000, unit: "in all", about: "Evenly spread over the training." },
  { name: "patience", label: "Patience", kind: "whole", usual: 3, least: 1, unit: "validations", about: "Without a better one, after which it stops." },
  { name: "warmup_steps", label: "Warm-up", kind: "whole", usual: 20, least: 0, unit: "steps" },
  { name: "weight_decay", label: "Weight decay", kind: "number", usual: 0.01, least: 0, unit: "a step" },
  { name: "lora_rank", label: "Encoder adapters", kind: "whole", usual: 0, least: 0, most: 64, unit: "rank", about: "Above 0 the encoder is adapted too; the version then needs embeddings of its own." },
  { name: "train_prompt_encoder", label: "Train the prompt encoder", kind: "switch", usual: false },
  { name: "seed", label: "Seed", kind: "whole", usual: 0, least: 0, most: 2 ** 32 - 1, unit: "", about: "Equal seeds end with equal weights." },
];

/** @type {Field[]} */
export const RULE = [
  { name: "categories", label: "Categories", kind: "several", usual: [], choices: [], about: "None ticked: all." },
  { name: "origins", label: "How they came about", kind: "several", usual: [], choices: Object.entries(ORIGINS), about: "None ticked: all." },
  { name: "image_states", label: "Images that are", kind: "several", usual: ["todo", "done"], choices: [["todo", "To do"], ["done", "Done"], ["skipped", "Skipped"]] },
  { name: "since", label: "Saved since", kind: "day", usual: null },
  { name: "until", label: "Saved before", kind: "day", usual: null },
  { name: "sources", label: "Sources", kind: "lines", usual: [], about: "Patterns over the images' addresses, one a line: */train/*. None: all." },
  { name: "holdout_sources", label: "Held-out sources", kind: "lines", usual: [], about: "Patterns of images that are always held out, one a line." },
  { name: "holdout_share", label: "Hold-out", kind: "share", usual: 0.2, unit: "%", about: "Of the other images, by their hash." },
  { name: "validation_share", label: "Validation", kind: "share", usual: 0.1, unit: "%", about: "Of the images that are not held out." },
];

/** What a field holds, for people. @param {Field} field @param {any} value */
export function shownValue({ kind, unit = "", choices = [], usual }, value = usual) {
  const labels = new Map(choices);
  if (kind === "share") return percent(value, value * 100 === Math.round(value * 100) ? 0 : 1);
  if (kind === "switch") return value ? "yes" : "no";
  if (kind === "several" || kind === "lines") return value.length ? value.map((one) => labels.get(one) ?? one).join(", ") : "all";
  if (kind === "day") return value === null ? "any time" : value.slice(0, 10);
  return `${labels.get(value) ?? value} ${unit}`.trimEnd();
}

/** A text in a field as its value; `problem` says what is wrong with it. @param {Field} field @param {string} text
 * @returns {{ value: any, problem: string|null }} */
export function readValue(field, text) {
  const { kind } = field;
  if (kind === "choice") return { value: text, problem: null };
  if (kind === "text") return { value: text.trim(), problem: null };
  if (kind === "day") return { value: text === "" ? null : `${text}T00:00:00Z`, problem: null };
  if (kind === "lines") return { value: text.split("\n").map((line) => line.trim()).filter(Boolean), problem: null };
  const number = text.trim() === "" ? NaN : Number(text);
  const problem = problemOf(field, number);
  if (problem !== null) return { value: null, problem };
  return { value: kind === "share" ? Number((number / 100).toPrecision(12)) : number, problem };
}

function problemOf({ kind, least = kind === "share" ? 0 : -Infinity, most = kind === "share" ? 100 : Infinity }, number) {
  if (!Number.isFinite(number)) return "Give a number.";
  if (kind === "whole" && !Number.isInteger(number)) return "Give a whole number.";
  if (number < least) return `Give at least ${least}.`;
  return number > most ? `Give at most ${most}.` : null;
}

/** A value as the text of its field. @param {Field} field */
export function textOf({ kind, usual }, value = usual) {
  if (kind === "share") return String(Number((value * 100).toPrecision(12)));
  if (kind === "lines") return value.join("\n");
  if (kind === "day") return value === null ? "" : value.slice(0, 10);
  return String(value);
}
