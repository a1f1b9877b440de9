// What a queue consists of, as fields; which of them apply to what it hands out; and the queue that their values mean. Pure.

/** @typedef {import("../../models/fields.js").Field} Field */

export const SUBJECTS = [["proposals", "Proposals of models"], ["annotations", "Annotations of people"], ["images", "Images, to label"]];
export const ORDERS = [["doubt", "Most doubtful first"], ["score", "Least sure first, by predicted IoU"], ["random", "At random"], ["oldest", "Oldest first"]];
const ANY = "any";

/** Fields that not every subject has; the others all have. */
const ONLY_OF = {
  planted_rate: ["proposals", "annotations"], feedback: ["proposals", "annotations"], fold: ["proposals", "images"], category_ids: ["annotations", "images"],
};

/** The order where nobody has chosen one. */
const USUAL_ORDER = { proposals: "doubt", annotations: "oldest", images: "oldest" };

/** @param {{ versions: object[], jobs: object[], categories: object[], members: object[] }} known
 * @returns {Record<string, Field[]>} by group */
export function fieldsOf({ versions, jobs, categories, members }) {
  const choices = (found, label) => [[ANY, "All"], ...found.map((one) => [String(one.number ?? one.id), label(one)])];
  return {
    what: [
      { name: "subject", label: "Hands out", kind: "choice", usual: "proposals", choices: SUBJECTS, varies: true },
      { name: "ordering", label: "Order", kind: "choice", usual: "doubt", choices: ORDERS, varies: true, about: "At random is the only one that measures how good all of them are." },
      { name: "model_version_id", label: "Made by", kind: "choice", usual: ANY, choices: choices(versions, ({ name, number }) => `${name} v${number}`) },
      { name: "job_id", label: "Of the job", kind: "choice", usual: ANY, choices: choices(jobs, ({ id, kind }) => `${id} · ${kind ?? "job"}`) },
      { name: "predicted_iou_least", label: "Predicted IoU, at least", kind: "number", usual: 0, least: 0, most: 2 },
      { name: "predicted_iou_most", label: "Predicted IoU, at most", kind: "number", usual: 2, least: 0, most: 2 },
      { name: "sample", label: "A sample of", kind: "share", usual: 1, unit: "%", about: "The same ones each time." },
      { name: "priority", label: "Priority", kind: "whole", usual: 0, unit: "", about: "Higher comes first." },
    ],
    checks: [
      { name: "gold_rate", label: "Gold among them", kind: "share", usual: 0.02, most: 50, unit: "%", about: "What is known to be right. Nobody sees which." },
      { name: "planted_rate", label: "Planted errors", kind: "share", usual: 0.02, most: 50, unit: "%", about: "Masks that are known to be wrong. They never reach an export." },
      { name: "fold", label: "People for each", kind: "whole", usual: 1, least: 1, most: 9, unit: "", about: "Above 1 none sees what the others did; where they do not agree, another decides." },
      { name: "feedback", label: "Tell people at once", kind: "switch", usual: false, about: "How they did, after a check." },
    ],
    whom: [
      { name: "image", label: "Address of the image holds", kind: "text", usual: "", about: "Such as a folder. Empty: any." },
      { name: "category_ids", label: "Categories", kind: "several", usual: [], choices: categories.map(({ id, name }) => [String(id), name]), about: "Of annotations, or of one on the image. None ticked: all." },
      { name: "people", label: "People", kind: "several", usual: [], choices: members.map(({ name }) => [name, name]), about: "None ticked: everybody who may." },
    ],
  };
}

/** @param {string} name @param {string} subject */
export const applies = (name, subject) => ONLY_OF[name]?.includes(subject) ?? true;

/** What a queue begins with in a mode, and when another subject is chosen.
 * @param {{ subject: string, ordering: string }} ofMode @param {string} subject */
export const orderOf = (ofMode, subject) => (subject === ofMode.subject ? ofMode.ordering : USUAL_ORDER[subject]);

/** @param {string} name @param {Record<string, any>} given  what the subject has none of is left out
 * @returns {object} as the API takes it */
export function queueOf(name, given) {
  const values = Object.fromEntries(Object.entries(given).filter(([field]) => applies(field, given.subject)));
  const { subject, ordering, priority, gold_rate, planted_rate = 0, fold = 1, feedback = false, people, category_ids = [] } = values;
  const number = (value) => (value === ANY ? undefined : Number(value));
  const rule = {
    image: values.image || undefined,
    model_version_id: number(values.model_version_id),
    job_id: number(values.job_id),
    predicted_iou_least: values.predicted_iou_least > 0 ? values.predicted_iou_least : undefined,
    predicted_iou_most: values.predicted_iou_most < 2 ? values.predicted_iou_most : undefined,
    sample: values.sample < 1 ? values.sample : undefined,
    category_ids: category_ids.length ? category_ids.map(Number) : undefined,
  };
  return {
    name, subject, ordering, priority, gold_rate, planted_rate, feedback, fold, people,
    rule: Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)),
  };
}
