// The form of a training set's rule, and what the rule would leave, asked of the server as it is typed.

import { el } from "../label/dom.js";
import { RULE } from "./fields.js";
import { createFields } from "./form.js";
import { statistics } from "./parts/statistics.js";

const TYPED_MS = 300;

/** @param {any} project @returns {import("./fields.js").Field[]} */
export const ruleFields = ({ categories }) =>
  RULE.map((field) => (field.name === "categories" ? { ...field, choices: categories.map(({ name }) => [name, name]) } : field));

/** @param {object} options
 * @param {any} options.project
 * @param {Record<string, any>} options.rule
 * @param {(rule: any, signal: AbortSignal) => Promise<any>} options.preview */
export function createRuleForm({ project, rule, preview }) {
  let asked = null;
  let typing;
  const shown = el("div.preview", { role: "status", "aria-live": "polite" });
  const fields = createFields({ fields: ruleFields(project), values: rule, onChange: soon });

  function soon() {
    clearTimeout(typing);
    shown.classList.add("old");
    typing = setTimeout(look, TYPED_MS);
  }

  async function look() {
    asked?.abort();
    const now = new AbortController();
    asked = now;
    const wanted = fields.read();
    if (wanted === null) return show(el("p.soft", {}, "What the rule leaves is shown once its fields can be read."));
    shown.classList.add("old");
    try {
      show(statistics(await preview(wanted, now.signal)));
    } catch (error) {
      if (now.signal.aborted) return undefined;
      show(error.code === "empty_training_set" ? leavesNothing(error, project) : el("p.problem", { role: "alert" }, error.message));
    }
    return undefined;
  }

  function show(content) {
    shown.classList.remove("old");
    shown.replaceChildren(content);
  }

  look();
  return {
    fields,
    element: el("div.rule-form", {}, fields.element, el("section.preview-side", { "aria-label": "What the rule leaves" }, el("h3", {}, "What it leaves now"), shown)),
    stop() {
      clearTimeout(typing);
      asked?.abort();
    },
  };
}

function leavesNothing({ message }, project) {
  return el("div.statistics", {}, el("p", {}, message),
    el("p.soft", {}, "Annotations come from people who ", el("a", { href: `/label/?project=${project.id}` }, "label"), ", from proposals that they accept or correct, and from imports."));
}
