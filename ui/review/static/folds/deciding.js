// Which dispute is in view, and what is done with it: the next one, a pass taken over.
import { uuid } from "../../label/journal/ids.js";
import { maskOf } from "../picture/painting.js";
import { standingsOf } from "./comparing.js";
import { WHOLE, isSkipped, letterOf } from "./state.js";

/** What somebody else did first, or what is gone: the dispute is none any more. */
const isOver = ({ status }) => status === 409 || status === 404;

/** @param {object} fold  as the server shows it @returns {object} also with `standings` of the objects of each pass */
function compared(fold) {
  const drawn = (pass) => pass.annotations.map(({ category_id, segmentation }) => ({ category_id, mask: maskOf(segmentation) }));
  const standings = standingsOf(fold.passes.map((pass) => (isSkipped(pass) ? null : drawn(pass))));
  return { ...fold, passes: fold.passes.map((pass, at) => ({ ...pass, standings: standings[at] })) };
}

/** @param {{ store: object, server: object, say: Function, toLabel: (image: number) => void }} parts */
export function createDeciding({ store, server, say, toLabel }) {
  const { state } = store;
  const nothingChosen = () => ({ chosen: null, taking: null, view: WHOLE });

  async function load() {
    store.set({ list: null, more: null, fold: null, trouble: null, ...nothingChosen() });
    try {
      const { items, next } = await server.disputed();
      store.set({ list: items, more: next });
      await show();
    } catch (error) {
      store.set({ trouble: error.message });
    }
  }

  /** The first of the list. */
  async function show() {
    const [first] = state.list;
    store.set({ fold: null, trouble: null, ...nothingChosen() });
    if (first === undefined) return state.more === null ? undefined : load();
    const isInView = () => state.list?.[0] === first;
    try {
      const fold = compared(await server.fold(first.image.id));
      if (isInView()) store.set({ fold });
    } catch (error) {
      if (!isInView()) return undefined; // somebody has gone on meanwhile
      if (!isOver(error)) return store.set({ trouble: error.message });
      say(error.message, { kind: "warn", key: "fold" });
      return without(first);
    }
    return undefined;
  }

  function without(gone) {
    store.set({ list: state.list.filter((one) => one !== gone) });
    return show();
  }

  /** The one in view comes last, after those that were not listed yet. */
  async function next() {
    if (state.taking?.sending || !state.list?.length) return false;
    const { list: [first, ...others], more } = state;
    if (others.length === 0 && more === null) {
      say("It is the only image in dispute.", { key: "fold" });
      return true;
    }
    store.set({ list: [...others, first], taking: null });
    try {
      if (more !== null && others.length < 2) await append(more);
    } catch (error) {
      say(`Further disputes cannot be had: ${error.message}`, { kind: "warn", key: "fold" });
    }
    await show();
    return true;
  }

  async function append(cursor) {
    const { items, next: more } = await server.disputed(cursor);
    const [last, ...before] = [...state.list].reverse();
    const known = new Set(state.list.map(({ image }) => image.id));
    store.set({ list: [...before.reverse(), ...items.filter(({ image }) => !known.has(image.id)), last], more });
  }

  function choose(at) {
    if (state.taking?.sending || !state.fold?.passes[at]) return false;
    store.set({ chosen: at, taking: null });
    return true;
  }

  /** Asks first; a second time, it is done. @param {"finish"|"correct"|null} kind  null: what was asked for */
  function take(kind) {
    const { fold, chosen, taking } = state;
    if (!fold || chosen === null || taking?.sending) return false;
    const wanted = kind ?? taking?.kind;
    if (wanted === "correct" && isSkipped(fold.passes[chosen])) {
      say(`${letterOf(chosen)} skipped the image: there is nothing to correct.`, { kind: "warn", key: "fold" });
      return true;
    }
    if (taking?.kind === wanted) settle(fold, chosen, taking);
    else store.set({ taking: { kind: wanted, key: uuid(), sending: false } });
    return true;
  }

  async function settle(fold, chosen, taking) {
    store.set({ taking: { ...taking, sending: true } });
    const { image, passes } = fold;
    try {
      await server.settle(image.id, { pass_id: passes[chosen].pass_id, finish: taking.kind === "finish" }, taking.key);
    } catch (error) {
      say(error.message, { kind: isOver(error) ? "warn" : "bad", key: "fold" });
      if (isOver(error)) return without(state.list[0]);
      return store.set({ taking }); // the same key, so that it is done once
    }
    store.set({ decided: state.decided + 1 });
    if (taking.kind === "correct") return toLabel(image.id);
    say(isSkipped(passes[chosen]) ? `${letterOf(chosen)} is taken: the image is skipped.` : `${letterOf(chosen)} is taken: the image is done.`, { kind: "good", key: "fold" });
    return without(state.list[0]);
  }

  function cancel() {
    if (state.taking?.sending) return false;
    if (state.taking) store.set({ taking: null });
    else if (state.chosen !== null) store.set({ chosen: null });
    else return false;
    return true;
  }

  return { load, again: () => (state.list === null ? load() : show()), next, choose, take, cancel };
}
