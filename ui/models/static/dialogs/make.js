// What makes a version: a set is frozen, a training begun.

import { RECIPE } from "../fields.js";
import { createFields, placeErrors } from "../form.js";
import { el } from "../parts/bits.js";
import { createRuleForm } from "../rule_form.js";
import { servingOf } from "../state.js";
import { counted, nameOf } from "../words.js";
import { openDecision } from "./reason.js";

const PLAIN_RULE = {};

export function openFreeze({ store, server, say, refresh, to }) {
  const { project, policy } = store.state;
  const form = createRuleForm({ project, rule: policy.data?.rule ?? PLAIN_RULE, preview: server.preview });
  const name = el("input", { id: "set-name", type: "text", maxLength: 100, autocomplete: "off", autofocus: true, placeholder: "named by its digest" });
  openDecision({
    title: "Freeze a training set",
    class: "wide",
    content: [
      el("p.soft", {}, "What the rule gives now is kept as it is, by revision: later changes do not reach it. The same content is one set, under its first name."),
      el("div.field", {}, el("label", { for: "set-name" }, "Name"), name),
      form.element,
    ],
    label: "Freeze",
    async run(refuse) {
      const rule = form.fields.read();
      if (rule === null) return false;
      try {
        const set = await server.freeze({ rule, ...(name.value.trim() ? { name: name.value.trim() } : {}) });
        say(`${set.name} holds ${counted(set.statistics.annotations, "annotation")}.`, { kind: "good" });
        await refresh();
        to({ view: "sets", set: set.id, other: null });
        return true;
      } catch (error) {
        const left = placeErrors(error, ([part, field]) => (part === "rule" && field ? (text) => form.fields.say(field, text) : null));
        refuse(left ?? "Some fields were refused; they say why.");
        return false;
      }
    },
    onClose: () => form.stop(),
  });
}

export function openTraining({ store, server, say, refresh, to }, set = null) {
  const { state } = store;
  const serving = servingOf(state);
  const option = (value, text) => el("option", { value: String(value) }, text);
  const sets = el("select", { id: "train-set", autofocus: true }, option("", "a new one, by the policy's rule"),
    (state.sets.data ?? []).map(({ id, name, statistics }) => option(id, `${name}: ${counted(statistics.splits.train?.annotations ?? 0, "annotation")} to train on`)));
  if (set !== null) sets.value = String(set);
  const ready = (state.versions.data ?? []).filter((version) => version.state === "ready");
  const parent = el("select", { id: "train-parent" }, ready.map((version) => option(version.number, `${nameOf(version)}${version.serving ? ", serves" : ""}`)));
  if (serving) parent.value = String(serving.number);
  const because = el("input", { id: "train-because", type: "text", maxLength: 2000, autocomplete: "off" });
  const evaluate = el("input", { id: "train-evaluate", type: "checkbox", checked: true });
  const recipe = createFields({ fields: RECIPE, values: state.policy.data?.recipe ?? {} });
  const details = el("details", {}, el("summary", {}, "Recipe"), recipe.element);

  openDecision({
    title: "Train a new version",
    class: "medium",
    content: [
      el("div.fields", {},
        el("div.field", {}, el("label", { for: "train-set" }, "Training set"), sets),
        el("div.field", {}, el("label", { for: "train-parent" }, "From version"), parent),
        el("div.field", {}, el("label", { for: "train-because" }, "Why (if you like)"), because)),
      el("label.tick-choice", {}, evaluate, el("span", {}, "Compare it afterwards with what serves")),
      details,
    ],
    label: "Train",
    async run(refuse) {
      const wanted = recipe.read();
      if (wanted === null) {
        details.open = true;
        return false;
      }
      const source = sets.value === "" ? { rule: state.policy.data?.rule ?? PLAIN_RULE } : { training_set_id: Number(sets.value) };
      try {
        const training = await server.train({ ...source, parent: Number(parent.value), recipe: wanted, evaluate: evaluate.checked, ...(because.value.trim() ? { because: because.value.trim() } : {}) });
        say(`${nameOf(training.model_version)} is queued for training.`, { kind: "good" });
        await refresh();
        to({ view: "versions", version: training.model_version.number, gate: null });
        return true;
      } catch (error) {
        const left = placeErrors(error, ([part, field]) => (part === "recipe" && field ? (text) => recipe.say(field, text) : null));
        if (left === null) details.open = true;
        refuse(left ?? "Some fields of the recipe were refused; they say why.");
        return false;
      }
    },
  });
}
