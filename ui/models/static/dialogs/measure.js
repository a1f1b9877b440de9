// What measures a version: an evaluation on a hold-out, or a shadow on live clicks.

import { servingOf, versionOf } from "../state.js";
import { counted, nameOf, percent } from "../words.js";
import { el } from "../parts/bits.js";
import { openDecision } from "./reason.js";

const option = (value, text) => el("option", { value: String(value) }, text);
const field = (id, label, control, about = null) => el("div.field", {}, el("label", { for: id }, label), control, about && el("p.field-about", {}, about));

export function openEvaluation({ store, server, say, refresh }, number) {
  const { state } = store;
  const version = versionOf(state, number);
  const serving = servingOf(state);
  const sets = (state.sets.data ?? []).filter(({ statistics }) => (statistics.splits.holdout?.annotations ?? 0) > 0);
  if (sets.length === 0) {
    return openDecision({
      title: `Evaluate ${nameOf(version)}`, label: "Close", run: async () => true,
      content: [el("p", {}, "No training set of this project has a hold-out, so there is nothing to measure on. Freeze one whose rule holds images out.")],
    });
  }
  const set = el("select", { id: "evaluate-set", autofocus: true }, sets.map(({ id, name, statistics }) => option(id, `${name}: ${counted(statistics.splits.holdout.annotations, "object")} held out`)));
  if (sets.some(({ id }) => id === version.training_set_id)) set.value = String(version.training_set_id);
  const others = state.versions.data.filter((one) => one.number !== number && one.state === "ready");
  const against = el("select", { id: "evaluate-against" }, others.map((one) => option(one.number, `${nameOf(one)}${one.serving ? ", serves" : ""}`)));
  if (serving) against.value = String(serving.number);
  const general = state.policy.data?.general ?? null;
  const alsoGeneral = el("input", { id: "evaluate-general", type: "checkbox", checked: general !== null, disabled: general === null });
  return openDecision({
    title: `Evaluate ${nameOf(version)}`,
    content: [
      el("p", {}, "Both versions answer the same prompts on the same hold-out; the gate decides by the differences."),
      field("evaluate-set", "Hold-out of", set),
      field("evaluate-against", "Against", against, "The gate counts for promotion only against the one that serves."),
      el("label.tick-choice", {}, alsoGeneral, el("span", {}, general ? "On the policy's general set too" : "On a general set too: the policy names none")),
    ],
    label: "Evaluate",
    async run() {
      await server.evaluate({
        model_version: number, against: Number(against.value), training_set_id: Number(set.value),
        ...(general && alsoGeneral.checked ? { general } : {}),
      });
      say(`${nameOf(version)} is being evaluated.`, { kind: "good" });
      return true;
    },
    onClose: () => refresh(),
  });
}

export function openShadow({ store, server, say, refresh }, number) {
  const version = versionOf(store.state, number);
  const shown = el("output", { for: "shadow-share" }, percent(0.2));
  const share = el("input", { id: "shadow-share", type: "range", min: 1, max: 100, step: 1, value: 20, autofocus: true, oninput: () => (shown.textContent = percent(Number(share.value) / 100)) });
  openDecision({
    title: `Run ${nameOf(version)} in shadow?`,
    content: [
      el("p", {}, "It decodes a share of the live clicks of all projects, after the answer is given. Nobody waits for it and nobody sees its masks."),
      el("div.field", {}, el("label.split", { for: "shadow-share" }, el("span", {}, "Share of the clicks"), shown), share),
    ],
    label: "Run in shadow",
    async run() {
      await server.startShadow({ model_version: number, share: Number(share.value) / 100 });
      say(`${nameOf(version)} runs in shadow.`, { kind: "good" });
      return true;
    },
    onClose: () => refresh(),
  });
}
