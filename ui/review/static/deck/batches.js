// Crops of the wall that are accepted together, and the random sample of them that is judged one by one.
import { uuid } from "../../label/journal/ids.js";
import { counted } from "../../label/dom.js";
import { ask } from "../../label/panels/dialog.js";
import { nothing } from "../wall/selection.js";
import { named, onTop, without } from "./deck.js";

export const AUDIT_SHARE = 0.1;

/** @typedef {{ key: string, of: number, place: number, count: number }} Audit  the batch, its size, and which of its sample */

/** @param {object} parts  store, outbox, dealer, judging, say */
export function createBatches({ store, outbox, dealer, judging, say }) {
  const { state } = store;

  /** @returns {boolean} */
  function accept() {
    const cards = state.cards.filter(({ id, stale }) => state.selection.ids.has(id) && !stale && !state.audits.has(id));
    if (cards.length === 0) return say("Select crops first: Space, or Shift and an arrow.", { key: "batch" }) ?? true;
    const groups = Map.groupBy(cards, (card) => card.chosen ?? card.category_id ?? state.sticky);
    if (groups.has(null)) return judging.needsCategory();
    const seconds = judging.spent() / cards.length;
    for (const [category_id, some] of groups) acceptAs(category_id, some, seconds);
    return true;
  }

  /** One request has one category. */
  function acceptAs(category_id, cards, seconds) {
    const key = uuid();
    const ids = cards.map(({ id }) => id);
    dealer.judged(ids);
    store.set({
      cards: without(state.cards, ids), left: Math.max(0, state.left - ids.length), selection: { ...nothing(), at: state.selection.at }, batches: state.batches + 1,
      said: [...state.said, { key, verdict: "accepted", cards, seconds: seconds * cards.length, category_id }],
    });
    const body = { cards: cards.map(named), category_id, audit_share: AUDIT_SHARE };
    judging.inLine(() => outbox.add({ key, kind: "accept_many", project: state.project.id, image: cards[0].image.id, object: `batch/${key}`, base: null, body }));
  }

  /** The server has accepted it: the sample comes back to be judged, and what it refused is said. */
  function answered(operation, { accepted, audit, refused }) {
    const { key, body } = operation;
    const batch = state.said.find((one) => one.key === key);
    store.set({ batches: Math.max(0, state.batches - 1) });
    const isBack = new Set([...audit, ...refused.map(({ id }) => id)]);
    judging.forget([...isBack]);
    const sample = (batch?.cards ?? []).filter(({ id }) => audit.includes(id));
    const audits = new Map(state.audits);
    audit.forEach((id, place) => audits.set(id, { key, of: body.cards.length, place: place + 1, count: audit.length }));
    dealer.open(audit);
    store.set({ audits, cards: onTop(state.cards, sample), ...(audit.length ? { mode: "one" } : {}) });
    if (sample.length < audit.length) dealer.refill(audit.length); // the page was loaded anew meanwhile: they come as open cards
    if (audit.length) say(`${counted(accepted.length, "crop")} accepted. ${audit.length} drawn at random ${audit.length === 1 ? "is" : "are"} judged one by one now.`, { kind: "good", key: "batch" });
    else say(`${counted(accepted.length, "crop")} accepted.`, { kind: "good", key: "batch" });
    if (refused.length) say(`${counted(refused.length, "crop")} not accepted: ${refused[0].detail}`, { kind: "warn", key: "batch-refused" });
  }

  /** The sample has told something. */
  async function audited(card, verdict) {
    const audit = state.audits.get(card.id);
    if (audit === undefined) return;
    const audits = new Map(state.audits);
    audits.delete(card.id);
    store.set({ audits });
    const batch = state.said.find(({ key }) => key === audit.key);
    if (verdict === "accepted" || batch === undefined || batch.cards.length === 0) return;
    const wanted = await ask({
      title: "One of the sample was not right",
      content: `You have ${verdict} one of the ${audit.count} that were drawn from your batch of ${audit.of}. Where one is wrong, others may be: take back the ${batch.cards.length} that were accepted with it, and look at them one by one?`,
      actions: [
        { label: "Leave them accepted", value: "leave", kind: "bare", keys: ["N"] },
        { label: `Take back ${batch.cards.length}`, value: "back", kind: "primary", keys: ["U"] },
      ],
    });
    if (wanted === "back") await judging.takeBack(batch);
  }

  return { accept, answered, audited };
}
