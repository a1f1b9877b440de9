// What a person says of the card in view, and how it is taken back: shown at once, journaled, sent behind.
import { uuid } from "../../label/journal/ids.js";
import { categoryName } from "../look.js";
import { PLAIN } from "../picture/crop.js";
import { cardInView } from "../state.js";
import { named, onTop, toEnd, without } from "./deck.js";
import { objectOf } from "./requests.js";
import { unsaid } from "./verdicts.js";
import { answerOf, voteInView } from "./votes.js";

/** @typedef {import("./verdicts.js").Said} Said */

/** @param {object} parts  store, outbox, dealer, server, activity, say
 * @param {(card: object, verdict: string) => void} parts.onJudged */
export function createJudging({ store, outbox, dealer, server, activity, say, onJudged }) {
  const { state } = store;
  let since = activity.seconds; // when the card in view came
  let line = Promise.resolve();

  /** Taking back asks the outbox first and tells it then: what is said meanwhile waits behind it. */
  function inLine(work) {
    line = line.then(work).catch(lost);
    return line;
  }

  const lost = (error) => say(error.message, { kind: "bad", key: "journal" });

  /** Seconds of work since the last verdict, or since the card came. */
  function spent() {
    const seconds = Math.round((activity.seconds - since) * 10) / 10;
    since = activity.seconds;
    return Math.max(0, seconds);
  }

  /** Until the server says it anew. */
  const fewer = (count) => (state.left === null ? null : Math.max(0, state.left - count));
  const look = () => ({ view: PLAIN, masked: true, panel: null, vote: null });

  store.on(["cards", "mode", "selection"], () => {
    const card = cardInView(state);
    if (card?.id === state.shown) return;
    if (state.mode === "one") since = activity.seconds;
    store.set({ vote: null, shown: card?.id ?? null, category_id: card?.chosen ?? card?.category_id ?? state.sticky ?? null });
  });

  /** @param {object} body  of the answer @param {object|null} card */
  function judge(body, card = cardInView(state)) {
    if (card === null) return false;
    const seconds = spent();
    const key = uuid();
    const said = { key, verdict: body.verdict, cards: [card], seconds, mine: body.mask ?? null, category_id: body.category_id ?? body.mask?.category_id ?? null };
    dealer.judged([card.id]);
    store.set({ ...look(), cards: without(state.cards, [card.id]), said: [...state.said, said], left: fewer(1) });
    inLine(() => outbox.add(operation("answer", card, key, { body: { ...body, seconds } })));
    for (const notice of ["undo", "batch", "back"]) say.dismiss(notice); // of cards that are gone
    onJudged(card, body.verdict);
    return true;
  }

  const operation = (kind, card, key, more = {}) => ({
    key, kind, project: state.project.id, image: card.image?.id ?? 0, object: objectOf(card.id), card: card.id, token: card.token, base: null, ...more,
  });

  function accept() {
    if (state.cards.length === 0) return false;
    if (state.category_id === null) return needsCategory();
    return judge({ verdict: "accepted", category_id: state.category_id });
  }

  function needsCategory() {
    say("Choose what it is first: 1 to 9, or / to search. The last one stays chosen.", { kind: "warn", key: "category" });
    return true;
  }

  function reject(reason, card) {
    if (reason !== null) store.set({ lastReason: reason });
    return judge({ verdict: "rejected", ...(reason === null ? {} : { reason }) }, card);
  }

  /** What is shown of a dispute settles it. */
  function take() {
    const vote = voteInView(state);
    return vote === null ? false : judge(answerOf(vote));
  }

  // --- taking back --------------------------------------------------------------------------------

  function undo() {
    const last = state.said.at(-1);
    if (last === undefined) say("There is nothing left to take back in this session.", { key: "undo" });
    else takeBack(last);
  }

  /** @param {Said} said */
  function takeBack(said) {
    const { key, cards } = said;
    const known = cards.filter(({ segmentation }) => segmentation !== undefined);
    dealer.open(cards.map(({ id }) => id));
    const stale = known.map((card) => ({ ...card, stale: true }));
    store.set({ ...look(), said: state.said.filter((one) => one.key !== key), cards: onTop(state.cards, stale), left: fewer(-cards.length) });
    const what = cards.length > 1 ? `${cards.length} verdicts are` : `“${wordOf(said)}” is`;
    say(`${what} taken back.`, { key: "undo" });
    return inLine(async () => {
      if (await outbox.withdraw(key)) return fresh(known);
      for (const card of cards) await outbox.add(operation("withdraw", card, uuid()));
      return undefined;
    });
  }

  /** The server never heard of it: the card is as it was. */
  const fresh = (cards) => {
    const ids = new Set(cards.map(({ id }) => id));
    store.set({ cards: state.cards.map((card) => (ids.has(card.id) ? { ...card, stale: false } : card)) });
  };

  /** The server has taken a verdict back: the card is open again under another token. */
  function withdrawn(card) {
    if (dealer.isTaken(card.id)) return; // judged anew already
    if (state.cards.some(({ id }) => id === card.id)) return card.isKnown ? fresh([card]) : dealer.renewed(card);
    if (card.isKnown) return dealer.refill(1);
    store.set({ cards: onTop(state.cards, dealer.dealt([card])) });
  }

  /** A verdict stands: somebody has changed what came of it. */
  function stands(card, message) {
    dealer.judged([card]);
    store.set({ cards: without(state.cards, [card]) });
    say(`It could not be taken back: ${message}`, { kind: "warn", key: `stands-${card}` });
  }

  const wordOf = ({ verdict, category_id }) =>
    verdict === "accepted" && category_id !== null && category_id !== undefined ? `accepted as ${categoryName(state.project, category_id) ?? "?"}` : verdict;

  return {
    inLine, judge, accept, take, reject, needsCategory, undo, takeBack, withdrawn, stands,
    spent,
    later() {
      const [card] = state.cards;
      if (state.cards.length < 2) return say("There is no other card yet.", { key: "later" });
      return store.set({ ...look(), cards: toEnd(state.cards, card.id) });
    },
    giveBack() {
      const card = cardInView(state);
      if (card === null) return false;
      if (state.audits.has(card.id)) return say("An audit of your own batch is yours to judge.", { kind: "warn", key: "back" });
      dealer.judged([card.id]);
      store.set({ ...look(), cards: without(state.cards, [card.id]) });
      server.giveBack([named(card)]).then(
        () => say("Given back, for somebody else.", { key: "back" }),
        (error) => say(`It was not given back: ${error.message} It lapses by itself.`, { kind: "warn", key: "back" }));
      return true;
    },
    /** For the card in view; what the card came without sticks for the next ones. */
    categorize(category_id) {
      say.dismiss("category");
      const card = cardInView(state);
      if (card !== null && card.category_id !== null) {
        store.set({ category_id, cards: state.cards.map((one) => (one === card ? { ...one, chosen: category_id } : one)) });
      } else store.set({ category_id, sticky: category_id });
    },
    forget: (ids) => store.set({ said: unsaid(state.said, ids) }),
  };
}
