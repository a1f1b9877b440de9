// Promotion and its undoing: against the gate only with a written reason, and never over the head of somebody who was faster.

import { backTo, decidingGate, needsGate, servingOf, versionOf } from "../state.js";
import { counted, nameOf, ruleName } from "../words.js";
import { el } from "../parts/bits.js";
import { createReason, openDecision } from "./reason.js";

const BY_THE_GATE = new Set(["gate_refused", "not_evaluated"]);

/** @param {any} parts @param {number} number */
export function openPromotion(parts, number) {
  const { store, server, loading, say } = parts;
  const { state } = store;
  const version = versionOf(state, number);
  const serving = servingOf(state);
  const gate = decidingGate(state, number);
  const against = needsGate(state, number) && version.gate?.passed !== true; // in every project that compared the two
  const reason = createReason({ label: against ? "Why it serves nevertheless" : "Why (if you like)", isRequired: against });

  async function run(refuse) {
    const because = reason.read();
    if (because === null) return false;
    if (await overtaken(refuse)) return false;
    try {
      await server.promote({ model_version: number, against_gate: against, ...(because ? { because } : {}) });
    } catch (error) {
      if (!BY_THE_GATE.has(error.code)) throw error;
      await loading.ofChosen();
      refuse(`${error.message} Close this and look at the gate again.`);
      return false;
    }
    say(`${nameOf(version)} serves from now on.`, { kind: "good" });
    return true;
  }

  /** Somebody promoted meanwhile: what this dialog says is no longer so. */
  async function overtaken(refuse) {
    await loading.load("versions", "promotions");
    const now = servingOf(state);
    if (now?.number === serving?.number) return false;
    const by = state.promotions.data?.[0]?.promoted_by;
    refuse(`Meanwhile ${by ?? "somebody"} had ${now ? nameOf(now) : "no version"} serve. Nothing was changed: close this, look at it, and decide anew.`);
    return true;
  }

  openDecision({
    title: against ? `Promote ${nameOf(version)} against the gate?` : `Promote ${nameOf(version)}?`,
    content: [...words(against, serving, gate, version), reason.element],
    label: against ? "Promote against the gate" : "Promote",
    kind: against ? "danger" : "primary",
    run,
    onClose: () => parts.refresh(),
  });
}

function words(against, serving, gate, version) {
  const place = serving === null ? `${nameOf(version)} is the first to serve.` : `It takes the place of ${nameOf(serving)} for every project, within seconds and without a dropped request. Rolling back is as quick.`;
  const before = against || serving === null || version.gate?.passed ? [] : [el("p", {}, "It served before, so the gate is not asked again.")];
  if (!against) return [...before, el("p", {}, place)];
  return [...refusal(serving, gate, version), el("p.soft", {}, place)];
}

function refusal(serving, gate, version) {
  if (version.gate === null) return [el("p", {}, `${nameOf(version)} was not compared with ${nameOf(serving)}, which serves: nobody knows whether it is better.`)];
  if (gate === null || gate.passed) return [el("p", {}, "The gate refuses it by what another project measured; its card names the rules, as far as you may see them.")];
  const failed = gate.rules.filter(({ outcome }) => outcome === "failed");
  return [
    el("p", {}, `The gate refuses it by ${counted(failed.length, "rule")}:`),
    el("ul.refusals", {}, failed.map(({ name, sentence }) => el("li", {}, el("strong", {}, ruleName(name)), el("p.small", {}, sentence)))),
  ];
}

export function openRollBack({ store, server, say, refresh }) {
  const serving = servingOf(store.state);
  const back = backTo(store.state);
  const reason = createReason({ label: "Why (if you like)", isRequired: false });
  openDecision({
    title: `Roll back to ${nameOf(back)}?`,
    content: [el("p", {}, `${nameOf(back)} serves again in place of ${nameOf(serving)}, for every project, within seconds. What people did meanwhile stays.`), reason.element],
    label: "Roll back",
    async run() {
      const because = reason.read();
      await server.rollBack({ instead_of: serving.number, ...(because ? { because } : {}) });
      say(`${nameOf(back)} serves again.`, { kind: "good" });
      return true;
    },
    onClose: () => refresh(),
  });
}

export function openRetirement({ store, server, say, refresh }, number) {
  const version = versionOf(store.state, number);
  openDecision({
    title: `Retire ${nameOf(version)}?`,
    content: [el("p", {}, "It stays on record with its figures and its card, and can never be promoted again.")],
    label: "Retire",
    kind: "danger",
    async run() {
      await server.retire(number);
      say(`${nameOf(version)} is retired.`, { kind: "good" });
      return true;
    },
    onClose: () => refresh(),
  });
}
