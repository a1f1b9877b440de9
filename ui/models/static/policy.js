// The policy's form: what makes a training due, how it is trained, and what it takes to be promoted.

import { el } from "../label/dom.js";
import { GATE, RECIPE, TRIGGERS } from "./fields.js";
import { createFields, placeErrors } from "./form.js";
import { ruleFields } from "./rule_form.js";
import { moment } from "./words.js";

const GROUPS = [
  ["triggers", "When a training is due", "Enough corrections, or drift: people change or refuse more than they did at first.", TRIGGERS],
  ["gate", "What a version must show", "Measured against the one that serves, on the same hold-out.", GATE],
  ["recipe", "How it is trained", "Defaults are SAM's, sized for two cores.", RECIPE],
  ["rule", "What the next training set holds", "The rule by which a due training freezes its set.", null],
];

/** @param {object} options
 * @param {any} options.project
 * @param {any} options.session
 * @param {any} options.policy    as the server shows it
 * @param {boolean} options.readOnly
 * @param {ReturnType<typeof import("./server.js").createServer>} options.server
 * @param {(policy: any) => void} options.onSaved
 * @returns {{ element: HTMLElement, isDirty: () => boolean }} */
export function createPolicy({ project, session, policy, readOnly, server, onSaved }) {
  const forms = new Map();
  let isDirty = false;
  const state = el("p.form-state", { role: "status" });
  const problem = el("p.problem", { role: "alert" });
  const save = el("button.button.primary", { type: "submit" }, "Save the policy");
  const general = createGeneral({ session, policy, readOnly, server, onChange: dirty });

  const sheets = GROUPS.map(([name, title, about, fields]) => {
    const form = createFields({ fields: fields ?? ruleFields(project), values: policy[name], readOnly, onChange: dirty });
    forms.set(name, form);
    return el("section.sheet", { "aria-label": title }, el("header.sheet-head", {}, el("h2", {}, title)), el("p.soft", {}, about), form.element, name === "gate" && general.element);
  });

  function dirty() {
    isDirty = true;
    state.textContent = "Not saved yet";
    problem.textContent = "";
  }

  /** All of it, or null where a field cannot be read. */
  function read() {
    const found = Object.fromEntries([...forms].map(([name, form]) => [name, form.read()]));
    return Object.values(found).includes(null) ? null : { ...found, general: general.read() };
  }

  async function submit(event) {
    event.preventDefault();
    const wanted = read();
    if (wanted === null) return (problem.textContent = "Some fields cannot be read; they say why.");
    save.disabled = true;
    problem.textContent = "";
    try {
      const saved = await server.savePolicy(wanted);
      isDirty = false;
      onSaved(saved);
      state.textContent = "Saved. It counts from the next training and the next evaluation on.";
    } catch (error) {
      problem.textContent = placeErrors(error, ([name, field]) => sayAt(name, field)) ?? "Some fields were refused; they say why.";
    } finally {
      save.disabled = false;
    }
    return undefined;
  }

  function sayAt(name, field) {
    if (name === "general") return general.say;
    const form = forms.get(name);
    return form && field ? (text) => form.say(field, text) : null;
  }

  const who = policy.updated_by ? `Last changed by ${policy.updated_by}, ${moment(policy.updated_at, Date.now())}.` : "As delivered; nobody has changed it yet.";
  const foot = readOnly
    ? el("p.soft", {}, "Your role in this project does not change the policy; ml and admin do.")
    : el("div.form-foot", {}, save, state, problem);
  return { isDirty: () => isDirty, element: el("form.policy", { onsubmit: submit, noValidate: true }, el("p.soft.small", {}, who), el("div.policy-sheets", {}, sheets), foot) };
}

/** The set that shows what was forgotten: any set of a project that the person sees. */
function createGeneral({ session, policy, readOnly, server, onChange }) {
  const about = "A frozen set of another kind of images; its hold-out shows whether something was forgotten.";
  const problem = el("p.field-problem", { id: "general-problem", role: "alert" });
  const projects = el("select", { id: "general-project", disabled: readOnly, "aria-describedby": "general-about general-problem", onchange: () => changed() },
    el("option", { value: "" }, "none"), session.projects.map(({ id, name }) => el("option", { value: String(id) }, name)));
  const sets = el("select", { id: "general-set", disabled: readOnly, "aria-describedby": "general-problem", onchange: onChange });
  const setPart = el("div.field", {}, el("label", { for: "general-set" }, "Its training set"), sets);
  let asked = 0;

  async function changed() {
    onChange();
    await fill(null);
  }

  async function fill(chosen) {
    asked += 1;
    const mine = asked;
    say("");
    setPart.hidden = projects.value === "";
    sets.replaceChildren();
    if (projects.value === "") return;
    try {
      const found = await server.setsOf(Number(projects.value));
      if (mine !== asked) return;
      sets.replaceChildren(...found.map(({ id, name, statistics }) => el("option", { value: String(id) }, `${name}: ${statistics.splits.holdout?.annotations ?? 0} held out`)));
      if (found.length === 0) say("That project has no training set. Freeze one there first.");
      if (chosen !== null) sets.value = String(chosen);
    } catch (error) {
      if (mine === asked) say(error.message);
    }
  }

  function say(text) {
    problem.textContent = text;
    return true;
  }

  const { general } = policy;
  if (general && !session.projects.some(({ id }) => id === general.project_id)) {
    projects.append(el("option", { value: String(general.project_id) }, `project ${general.project_id}, not yours`));
  }
  projects.value = general ? String(general.project_id) : "";
  fill(general?.training_set_id ?? null);
  return {
    element: el("div.fields.general", {}, el("div.field", {}, el("label", { for: "general-project" }, "General set, of project"), projects, el("p.field-about", { id: "general-about" }, `${about} Default: none.`), problem), setPart),
    read: () => (projects.value === "" || sets.value === "" ? null : { project_id: Number(projects.value), training_set_id: Number(sets.value) }),
    say,
  };
}
