// The review of one project: its parts made, and bound to the state.
import { createActivity } from "../label/activity.js";
import { commands as labelCommands } from "../label/commands.js";
import { el } from "../label/dom.js";
import { bindKeys, createKeymap } from "../label/keys.js";
import { createCategories } from "../label/panels/categories.js";
import { createKeysSheet } from "../label/panels/keys_sheet.js";
import { keepLook, storageOf } from "../label/panels/look_state.js";
import { GESTURES, GROUPS, commands } from "./commands.js";
import { createCorrecting } from "./correcting.js";
import { createBatches } from "./deck/batches.js";
import { createDealer } from "./deck/dealer.js";
import { createJudging } from "./deck/judging.js";
import { cardOf } from "./deck/requests.js";
import { answerOf, maskVoted, voteInView } from "./deck/votes.js";
import { createBar } from "./panels/bar.js";
import { createCardPanel } from "./panels/card.js";
import { createEmpty } from "./panels/empty.js";
import { createFeedback } from "./panels/feedback.js";
import { createLate } from "./panels/late.js";
import { openQueueForm } from "./panels/queue_form.js";
import { createVerdictBar } from "./panels/verdict_bar.js";
import { createLegend } from "./panels/votes.js";
import { createCardView } from "./picture/card_view.js";
import { maskOf } from "./picture/painting.js";
import { createPictures } from "./picture/pictures.js";
import { DECIDE, countIn } from "./folds/state.js";
import { createRun } from "./run.js";
import { keepSession, readSession } from "./session.js";
import { REVIEW, may } from "./state.js";
import { nothing } from "./wall/selection.js";
import { createWall } from "./wall/wall.js";

/** @param {{ root: HTMLElement, store: object, api: object, server: object, journal: object, outbox: object, say: Function }} parts */
export function createReview({ root, store, api, server, journal, outbox, say }) {
  const { state } = store;
  const onProblem = (sentence) => say(sentence, { kind: "warn", key: "browser" });
  const keymap = createKeymap({ commands, storage: storageOf(), keptAt: "maskloop.review.keys", onProblem });
  const labelKeymap = createKeymap({ commands: labelCommands, storage: storageOf(), onProblem });
  const activity = createActivity(root);
  store.set({ ...readSession(state) });
  keepSession(store);

  const pictures = createPictures({
    urlOf: server.picture,
    onPicture: () => (state.mode === "wall" ? wall.arrived() : view.arrived()),
    onTrouble: (sentence) => say(sentence, { kind: "bad", key: "picture" }),
  });
  const view = createCardView({ store, pictures, run: (id) => run(id) });
  const dealer = createDealer({ store, server, outbox, say, onClosed });
  const categories = createCategories({
    store, api, keymap: { label: (id) => keymap.label(id === "category.search" ? "search" : id.replace("category", "digit")), onChange: keymap.onChange },
    onProblem: (sentence) => say(sentence, { kind: "bad", key: "category" }),
    onChoose: ({ id }) => {
      judging.categorize(id);
      focus();
    },
  });
  store.set({ sticky: state.category_id });
  const judging = createJudging({ store, outbox, dealer, server, activity, say, onJudged: (card, verdict) => batches.audited(card, verdict) });
  const batches = createBatches({ store, outbox, dealer, judging, say });
  const wall = createWall({ store, pictures, onOpen: (card) => run.alone(card) });
  const feedback = createFeedback({ store, keymap, pictures });
  const late = createLate({ store, outbox, server, project: state.project.id, say });
  const sheet = createKeysSheet(keymap, { groups: GROUPS, gestures: GESTURES });
  let editor = null;

  const run = createRun({ store, judging, batches, categories, wall, feedback, correct, focus, openSheet: sheet.open, chooseQueue: () => bar.chooseQueue() });
  const bar = createBar({ store, run, onQueue: toQueue, onNew: newQueue, onSaving: () => late.open() || outbox.flush() });
  const verdicts = createVerdictBar({ store, keymap, run, onReason: run.reject });
  const hold = el("div.stage-hold", {}, view.element, view.buttons, createLegend({ store, keymap }), wall.element, createEmpty({ store, onQueue: toQueue, onNew: newQueue, onAgain: again }), feedback.element);
  const frame = el("main.stage-frame", { "aria-label": "Cards" }, hold, verdicts);
  root.append(bar.element, el("div.review-body", {}, frame,
    el("aside.sidebar", { "aria-label": "Card and categories" }, createCardPanel({ store, keymap }), el("div.panel", {}, categories.element))));

  function focus() {
    queueMicrotask(() => { // what is hidden until the store has gone round cannot have it
      if (editor) editor.focus();
      else (state.mode === "wall" ? wall.element : view.element).focus({ preventScroll: true });
    });
  }

  // --- correcting ---------------------------------------------------------------------------------

  /** @param {"one"|"wall"} from  where one goes on afterwards */
  async function correct(card, draft = null, from = "one") {
    if (editor) return;
    const vote = voteInView(state); // what is in view is what is corrected
    const segmentation = (vote && maskVoted(card, vote)) ?? card.segmentation;
    const isVoted = segmentation !== card.segmentation;
    const asItWas = () => answerOf({ verdict: "accepted", segmentation: isVoted ? segmentation : null, category_id: state.category_id, reason: null });
    store.set({ panel: "correct", vote: null, ...(isVoted ? { category_id: vote.category_id } : {}) });
    editor = createCorrecting({
      store, api, journal, keymap: labelKeymap, activity, categories, say, draft, card: isVoted ? { ...card, segmentation, bbox: maskOf(segmentation).bbox_xywh } : card,
      openSheet: createKeysSheet(labelKeymap).open,
      onKeep: (mask) => closed(from, () => judging.judge(mask ? { verdict: "corrected", mask } : asItWas(), card)),
      onClose: () => closed(from, () => {}),
    });
    frame.append(editor.element);
    await editor.open();
  }

  function closed(from, then) {
    editor = null;
    store.set({ panel: null });
    then();
    if (from === "wall") store.set({ mode: from, selection: nothing() });
    focus();
  }

  /** A correction that a reload interrupted goes on. */
  async function comeBack() {
    const [card] = state.cards;
    if (card === undefined) return;
    stopComing();
    const draft = await journal.draft(state.project.id, card.image.id).catch(() => null);
    if (draft?.source?.key === `card/${card.id}` && state.cards[0]?.id === card.id) await correct(card, draft);
  }

  // --- queues -------------------------------------------------------------------------------------

  async function again() {
    try {
      const { queues, disputed } = await queuesNow();
      const known = queues.some(({ id, closed_at }) => id === state.queue && !closed_at);
      store.set({ queues, disputed, trouble: null, queue: known ? state.queue : null });
      dealer.again();
    } catch (error) {
      store.set({ trouble: error.message });
    }
  }

  /** The disputes about images are on a page of their own; here is said how many there are. */
  async function queuesNow() {
    const { queues, isFolded } = await server.queues();
    if (!isFolded || !may(state, DECIDE)) return { queues, disputed: null };
    const { items, next } = await server.disputed();
    return { queues, disputed: items.length ? countIn({ list: items, more: next }) : null };
  }

  function toQueue(queue) {
    const query = new URLSearchParams({ project: String(state.project.id), ...(queue === null ? {} : { queue: String(queue) }) });
    history.replaceState(null, "", `?${query}`);
    focus();
    return dealer.change(queue);
  }

  function newQueue() {
    return openQueueForm({
      server, project: state.project, say,
      async onMade({ id, name, subject }) {
        if (subject === "images") return toldOfImages(id, name);
        await again();
        say(`The queue “${name}” is open.`, { kind: "good", key: "queue" });
        return toQueue(id);
      },
    });
  }

  function toldOfImages(id, name) {
    const label = () => location.assign(`/label/?project=${state.project.id}&queue=${id}`);
    say(`The queue “${name}” is open. Its images are had on the label page.`, { kind: "good", key: "queue", action: { label: "Label them", run: label } });
  }

  function onClosed(error) {
    say(error.message, { kind: "warn", key: "closed" });
    store.set({ queue: null });
    again();
  }

  // --- what the server did ------------------------------------------------------------------------

  outbox.onSettled((operation, data) => {
    dealer.refill();
    if (operation.project !== state.project.id || data === null) return;
    if (operation.kind === "accept_many") batches.answered(operation, data);
    if (operation.kind === "withdraw") judging.withdrawn(data);
    if (operation.kind === "answer" && data.feedback) told(operation, data.feedback);
  });

  function told({ key, object }, data) {
    const said = state.said.find((one) => one.key === key);
    if (said?.cards[0]?.segmentation) store.set({ feedback: { card: said.cards[0], said, data, object } });
  }

  const onLost = (error) => say(error.message, { kind: "bad", key: "journal" });
  store.on(["saving"], ({ saving: { refused = [] } }) => {
    for (const { operation, message } of refused) {
      if (operation.kind !== "withdraw" || state.project.id !== operation.project) continue;
      outbox.discard(operation).catch(onLost);
      judging.stands(cardOf(operation.object), message);
    }
  });
  store.on(["look"], ({ look }) => keepLook(look));
  store.on(["mode", "cards"], ({ mode, cards }) => {
    view.element.hidden = view.buttons.hidden = mode !== "one" || cards.length === 0;
    wall.element.hidden = mode !== "wall";
    frame.dataset.mode = mode;
  });
  store.on(["panel"], ({ panel }) => (frame.dataset.panel = panel ?? ""));
  const stopComing = store.on(["cards"], () => queueMicrotask(comeBack));

  // --- keys ---------------------------------------------------------------------------------------

  const underDialog = () => document.querySelector("dialog[open]") !== null;
  bindKeys(document, keymap, run, { isBlocked: () => editor !== null || underDialog() });
  bindKeys(document, labelKeymap, (id, event) => editor?.run(id, event) ?? false, { isBlocked: () => editor === null || underDialog() });
  document.addEventListener("keyup", ({ code }) => code === "Space" && store.set({ peeking: false }));
  addEventListener("blur", () => store.set({ peeking: false }));

  const queueTimer = setInterval(() => !document.hidden && state.queues && queuesNow().then((now) => store.set(now), () => {}), 30_000);
  if (may(state, REVIEW)) again();
  focus();

  return {
    run, dealer, view,
    /** Resolves when all that was said is journaled. */
    settled: () => judging.inLine(() => {}),
    get editor() {
      return editor;
    },
    leave() {
      if (editor === null) dealer.leave();
      clearInterval(queueTimer);
    },
  };
}
