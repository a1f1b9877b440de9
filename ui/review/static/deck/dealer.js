// Keeps cards in hand: asks for more before they run out, keeps their leases, gives back what is left.
import { Refused } from "../../label/journal/api.js";
import { DEALING } from "../state.js";
import { admit, changed, named, shortOf, without } from "./deck.js";
import { objectOf } from "./requests.js";

const AGAIN_MS = 4000; // nothing came: somebody may give something back
const SOON_MS = 500; // what came is judged here already: its answers are on the way
const BEAT_MS = 5000;

/** @param {object} parts
 * @param {object} parts.store @param {ReturnType<import("../server.js").createServer>} parts.server
 * @param {object} parts.outbox @param {Function} parts.say
 * @param {() => void} parts.onClosed   the queue is not there any more
 * @param {() => number} [parts.now] */
export function createDealer({ store, server, outbox, say, onClosed, now = Date.now }) {
  const { state } = store;
  const judged = new Set(state.said.flatMap(({ cards }) => cards.map(({ id }) => id)));
  let turn = 0; // answers of an earlier queue are none of this one's
  let isAsking = false;
  let timer = 0;
  let isDry = false; // nothing new came: not before the timer

  const isTaken = (id) => judged.has(id) || outbox.status().objects.has(objectOf(id));
  const dealt = (cards) => cards.map((card) => ({ ...card, lapses: now() + card.seconds * 1000 }));

  /** @param {number} [open]  cards of mine that must come, however many are there */
  async function refill(open = 0) {
    const { waiting } = outbox.status();
    const count = open || (isDry ? 0 : shortOf(state.cards, state.mode, waiting));
    if (isAsking || count === 0 || state.queues === null) return;
    const mine = turn;
    isAsking = true;
    clearTimeout(timer);
    if (state.cards.length === 0) store.set({ dealing: { ...state.dealing, waiting: true } });
    try {
      const { cards, left } = await server.next(state.queue, count);
      if (mine === turn) took(cards, left);
    } catch (error) {
      if (mine === turn) failed(error);
    } finally {
      isAsking = false;
      if (mine !== turn) refill();
    }
  }

  function took(fetched, left) {
    const before = state.cards.length;
    const cards = admit(state.cards, dealt(fetched), isTaken);
    store.set({ cards, left: Math.max(0, left - outbox.status().waiting), dealing: { waiting: false, empty: cards.length === 0, trouble: null } });
    if (cards.length === before) later(fetched.some(({ id }) => isTaken(id)) ? SOON_MS : AGAIN_MS);
    else queueMicrotask(refill);
  }

  function failed(error) {
    if (error instanceof Refused && (error.code === "queue_closed" || error.status === 404)) return onClosed(error);
    store.set({ dealing: { waiting: false, empty: false, trouble: error.message } });
    return later(Math.max(AGAIN_MS, (error.retryAfter ?? 0) * 1000));
  }

  function later(ms) {
    isDry = true;
    clearTimeout(timer);
    timer = setTimeout(again, ms);
  }

  function again() {
    isDry = false;
    return refill();
  }

  // --- leases -------------------------------------------------------------------------------------

  async function renew() {
    const due = state.cards.some(({ lapses, seconds }) => lapses - now() < (seconds * 1000) / 2);
    if (!due || document.hidden) return;
    try {
      const asked = state.cards.filter(({ stale }) => !stale).map(named);
      const { lost, seconds } = await server.renew(asked);
      const kept = new Set(asked.map(({ id }) => id));
      store.set({ cards: state.cards.map((card) => (kept.has(card.id) ? { ...card, seconds, lapses: now() + seconds * 1000 } : card)) });
      if (lost.length) takeAway(lost);
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return;
      store.set({ dealing: { ...state.dealing, trouble: error.message } });
    }
  }

  /** What somebody is drawing on stays: it is answered, refused, and kept as a conflict. */
  function takeAway(lost) {
    const [current] = state.cards;
    const gone = lost.filter(({ id }) => !(state.panel === "correct" && id === current?.id));
    const holders = [...new Set(gone.map(({ holder }) => holder).filter(Boolean))];
    const who = holders.length ? ` ${holders.join(", ")} judges ${gone.length === 1 ? "it" : "them"} now.` : "";
    store.set({ cards: without(state.cards, gone.map(({ id }) => id)) });
    if (gone.length) say(`${gone.length === 1 ? "A card was" : `${gone.length} cards were`} away too long and went to somebody else.${who}`, { kind: "warn", key: "lost" });
    refill();
  }

  const beat = setInterval(renew, BEAT_MS);
  store.on(["cards", "mode", "queue", "queues"], () => void refill());

  return {
    refill,
    /** Something has changed: at once, whatever came last. */
    again,
    isTaken,
    /** It is judged here: it must not come again. */
    judged: (ids) => ids.forEach((id) => judged.add(id)),
    /** It may come again. */
    open: (ids) => ids.forEach((id) => judged.delete(id)),
    /** A card as the server has it now. */
    renewed: (card) => store.set({ cards: changed(state.cards, card.id, { ...dealt([card])[0], stale: false }) }),
    dealt,
    /** From another queue from now on. Audits are finished first, so that no batch stays unchecked. */
    async change(queue) {
      const back = state.cards.filter(({ id, stale }) => !state.audits.has(id) && !stale);
      turn += 1;
      store.set({ queue, cards: state.cards.filter((card) => !back.includes(card)), left: null, dealing: DEALING });
      if (back.length) await server.giveBack(back.map(named)).catch((error) => say(error.message, { kind: "warn", key: "back" }));
      turn += 1;
      store.set({ cards: state.cards.filter(({ id }) => !back.some((one) => one.id === id)) });
      again();
    },
    /** The tab is left: others get what nobody has looked at. The first card stays for who comes back. */
    leave() {
      const [, ...rest] = state.cards.filter(({ id, stale }) => !state.audits.has(id) && !stale);
      if (rest.length) server.giveBack(rest.map(named), { keepalive: true }).catch(() => {}); // they lapse by themselves
    },
    stop() {
      clearInterval(beat);
      clearTimeout(timer);
    },
  };
}
