// From image to image: the queue, leases and their heartbeat, what is fetched ahead, submit and skip.
import { nameOf } from "./gallery/words.js";
import { uuid } from "./journal/ids.js";
import { asObjects, fetchObjects, newsOf, withPending } from "./document/loading.js";
import { isShown } from "./document/objects.js";
import { counted } from "./dom.js";
import { filledIn } from "./filling.js";
import { encode } from "./masks/rle.js";

const AHEAD = 2;
const REFRESH_MS = 30_000;
const STALE_MS = 10_000; // of what was asked for ahead
const SENDING_MS = 1000; // what a submission gets before the next image is asked for

/**
 * @param {object} parts
 * @param {object} parts.store @param {object} parts.api @param {object} parts.journal @param {object} parts.outbox
 * @param {object} parts.doc @param {object} parts.asking @param {object} parts.activity @param {object} parts.figures
 * @param {object} parts.queues   asks which ones there are
 * @param {(sentence: string, options?: object) => void} parts.say
 * @param {(image: object) => void} parts.onOpen   shows its picture
 */
export function createFlow({ store, api, journal, outbox, doc, asking, activity, figures, queues, say, onOpen }) {
  const { state } = store;
  const fetched = new Map(); // image id → { loaded: promise of `load`, at }, asked for ahead
  let began = { seconds: 0, mark: 0 };
  let heartbeat = 0;
  let refreshing = false;

  const base = () => `/projects/${state.project.id}`;
  const leasePath = (image) => `${base()}/images/${image.id}/lease`;

  // --- opening ------------------------------------------------------------------------------------

  async function show(image, lease) {
    store.set({ loading: { text: `Opening ${nameOf(image.source_uri)} …` }, trouble: null, hovered: null, selected: new Set() });
    asking.cancel();
    onOpen(image);
    const ahead = fetched.get(image.id);
    fetched.delete(image.id);
    const { objects, operations } = await loadWhole(image.id, ahead?.loaded ?? load(image.id));
    const draft = await journal.draft(state.project.id, image.id);
    await identify(objects, image.id);
    const shown = withPending(objects, operations);
    const inHand = draft && fitting(draft, image) && !isKept(draft, shown) ? { ...draft, began: activity.seconds } : null;
    store.set({ image, lease, loading: null });
    doc.open({ project: state.project.id, image: image.id, objects: shown, draft: inHand, decided: new Set() });
    if (inHand) say("What was in hand here is back.", { key: "restored" });
    else fillIn(shown, lease);
    began = { seconds: activity.seconds, mark: figures.mark };
    beat();
    warmUp(image);
    if (ahead && Date.now() - ahead.at > STALE_MS) refresh(); // it may have changed since
  }

  /** An image's objects, and what was waiting for the server before they were asked for. */
  async function load(id) {
    const waiting = await ofImage(id);
    return { waiting, found: await fetchObjects(api, state.project.id, id) };
  }

  /** What reached the server while it was asked may be missing in its answer: then it is asked again.
   * @returns {Promise<{ objects: Map<string, object>, operations: object[] }>} operations: that still wait */
  async function loadWhole(id, loading) {
    for (;;) {
      const { waiting, found } = await loading;
      const operations = await ofImage(id);
      const still = new Set(operations.map(({ key }) => key));
      if (waiting.every(({ key }) => still.has(key))) {
        return { objects: await asObjects(found, journal, state.project.id), operations };
      }
      loading = load(id);
    }
  }

  /** Semi-automatic: what the model is sure of is selected, so that one key keeps all of it. */
  function fillIn(objects, lease) {
    const keys = lease.token ? filledIn(objects, state.mode) : [];
    if (!keys.length) return;
    store.set({ selected: new Set(keys) });
    say(`${counted(keys.length, "confident mask")} filled in: Enter keeps, Escape leaves them as proposals.`, { key: "filled" });
  }

  function warmUp(image) {
    const asks = mayAnnotate() && !asking.isWarm(image.id);
    store.set({ warm: !asks });
    if (!asks) return;
    const place = { project: state.project.id, image: image.id };
    asking.warm(place, [image.width / 2, image.height / 2]).then(() => state.image === image && store.set({ warm: true }));
  }

  const mayAnnotate = () => state.project.permissions.includes("annotations.write");

  /** The page ended while keeping it was undone. */
  function isKept({ object, mask, category_id }, objects) {
    const known = objects.get(object);
    return Boolean(known && mask && known.category_id === category_id && encode(known.mask) === encode(mask));
  }

  const fitting = (draft, image) => !draft.mask || (draft.mask.size_hw[0] === image.height && draft.mask.size_hw[1] === image.width);

  const ofImage = async (id) =>
    (await journal.operations()).filter(({ project, image }) => project === state.project.id && image === id);

  /** Which annotation each object is, and the revision that is seen of it. */
  const identify = (objects, image) =>
    journal.identifyAll(
      [...objects.values()]
        .filter(({ kind }) => kind === "annotation")
        .map(({ key, id, revision }) => ({ object: key, project: state.project.id, image, id, revision })),
    );

  /** One that somebody chose, from the list or by address. */
  async function open(id) {
    await guarded(async () => {
      store.set({ loading: { text: "Opening …" } });
      fetchAhead(id);
      const [lease, { data }] = await Promise.all([takeLease({ id }), api.post(`${base()}/images/${id}/open`, { next: AHEAD })]);
      await show(data.image, lease);
    }, () => open(id));
  }

  async function takeLease(image) {
    if (!mayAnnotate()) return { token: null, readOnly: true };
    try {
      const { data } = await api.put(leasePath(image), {}, {});
      return data;
    } catch (error) {
      if (error.code !== "image_leased") throw error;
      return { token: null, holder: error.message };
    }
  }

  /** The next one of the queue. @param {number|null} after the image that was just left */
  async function next(after = null) {
    await guarded(async () => {
      store.set({ loading: { text: "Taking the next image of the queue …" } });
      const { closed, ...data } = await queues.next(after, AHEAD);
      store.set({ left: data.left });
      if (data.image === null) return empty({ closed });
      await show(data.image, data.lease);
      prefetch(data.ahead);
    }, () => next(after));
  }

  /** From another queue from now on. @param {number|null} queue  null: all that are mine */
  async function toQueue(queue) {
    if (state.draft?.mask) {
      return say("An object is in hand: Enter keeps it, Escape drops it. Then the queue can be changed.", { kind: "warn", key: "hand" });
    }
    await doc.settled();
    await release();
    store.set({ queue });
    return next();
  }

  /** @param {{ closed: string|null }} why  the queue that is closed, or that nothing is left */
  async function empty(why) {
    clearTimeout(heartbeat);
    if (state.queues.length || why.closed !== null) await queues.refresh();
    store.set({ image: null, lease: null, loading: null, queueEmpty: why });
    doc.open({ project: state.project.id, image: 0, objects: new Map(), draft: null, decided: new Set() });
  }

  async function guarded(work, again) {
    try {
      store.set({ queueEmpty: null });
      await work();
    } catch (error) {
      if (error.name === "AbortError") return;
      store.set({ loading: null, trouble: { text: error.message ?? String(error), again } });
    }
  }

  /** A failure is told of when it is opened; until then it is asked for again. */
  function fetchAhead(id) {
    if (fetched.has(id)) return;
    const loaded = load(id);
    loaded.catch(() => fetched.delete(id));
    fetched.set(id, { loaded, at: Date.now() });
  }

  /** Pixels and objects of what will probably be next; its embedding is made ready by the server. */
  function prefetch(images) {
    for (const image of images) {
      fetchAhead(image.id);
      const picture = new Image();
      picture.src = pictureOf(state.project.id, image.id);
    }
  }

  // --- the lease ----------------------------------------------------------------------------------

  function beat() {
    clearTimeout(heartbeat);
    const { lease, image } = state;
    if (!lease?.token) return;
    const wait = Math.max(5, lease.seconds / 3) * 1000;
    heartbeat = setTimeout(async () => {
      try {
        const { data } = await api.post(`${leasePath(image)}/renew`, { token: lease.token });
        if (state.image === image) store.set({ lease: data });
      } catch (error) {
        if (error.code === "lease_lost") await takeAgain(image);
      }
      beat();
    }, wait);
  }

  /** Of somebody else's it is told; one that is free again is ours again. */
  async function takeAgain(image) {
    const lease = await takeLease(image).catch(() => null); // the next beat asks again
    if (lease && state.image === image) store.set({ lease });
  }

  /** Gives back what is not worked on any more; a lease that stays lapses by itself. */
  async function release(extras = {}) {
    clearTimeout(heartbeat);
    const { lease, image } = state;
    if (!lease?.token || !image) return;
    store.set({ lease: null });
    await api.delete(`${leasePath(image)}?token=${lease.token}`, extras).catch(() => {}); // it lapses in any case
  }

  // --- finishing ----------------------------------------------------------------------------------

  async function finish(outcome, reason = null) {
    const { image, lease, draft } = state;
    if (!image) return next();
    if (draft?.mask) {
      return say("An object is in hand: Enter keeps it, Escape drops it. Then the image can be left.", { kind: "warn", key: "hand" });
    }
    if (!lease?.token) {
      return say(lease?.holder ?? "You hold no lease of this image, so it cannot be submitted.", { kind: "warn", key: "lease" });
    }
    clearTimeout(heartbeat);
    store.set({ loading: { text: "Taking the next image of the queue …" }, lease: null }); // a second N finds nothing to do
    const body = { lease: lease.token, outcome, reason, seconds: Math.round(activity.seconds - began.seconds), ...figures.since(began.mark) };
    try {
      await doc.settled();
      await outbox.add({ key: uuid(), kind: "submit", project: state.project.id, image: image.id, object: null, base: null, body });
    } catch (error) {
      store.set({ loading: null, lease });
      return say(error.message, { kind: "bad", key: "submit" });
    }
    figures.submitted(outcome);
    // An image of which the server knows nothing yet would still be to do, and could come again.
    await Promise.race([outbox.flush(), pause(SENDING_MS)]);
    return next(image.id);
  }

  // --- what others do -----------------------------------------------------------------------------

  /** Of what the server tells, only what nothing of ours is under way with may be believed: what it
   * tells is as old as the question. */
  async function refresh() {
    const { image, project } = state;
    if (!image || refreshing || document.hidden) return;
    refreshing = true;
    try {
      const before = state.objects;
      const waited = await underWay(image.id);
      const objects = await asObjects(await fetchObjects(api, project.id, image.id), journal, project.id);
      await doc.settled();
      const waits = await underWay(image.id);
      if (state.image !== image) return;
      const busy = new Set([...waited, ...waits, ...changedSince(before), state.draft?.source.key]);
      doc.merge(newsOf(state.objects, objects, busy));
      await identify(new Map([...objects].filter(([key]) => !busy.has(key))), image.id);
    } catch (error) {
      if (error.name !== "Unreachable") say(error.message, { kind: "warn", key: "refresh" });
    } finally {
      refreshing = false;
    }
  }

  const underWay = async (id) => (await ofImage(id)).flatMap(({ object, proposal }) => [object, `p${proposal}`]);

  const changedSince = (before) =>
    [...new Set([...before.keys(), ...state.objects.keys()])].filter((key) => before.get(key) !== state.objects.get(key));

  const timer = setInterval(refresh, REFRESH_MS);
  addEventListener("focus", refresh);

  return {
    open,
    next,
    toQueue,
    submit: () => finish("done"),
    skip: (reason) => finish("skipped", reason),
    release,
    refresh,
    /** The neighbours by id, without saying anything about this one. */
    async step(direction) {
      const { image } = state;
      if (!image) return;
      await guarded(async () => {
        store.set({ trouble: null });
        const { data } = await api.get(`${base()}/images/${image.id}/neighbours`);
        const id = direction > 0 ? data.next : data.previous;
        if (id === null) return say(direction > 0 ? "This is the last image." : "This is the first image.", { key: "step" });
        release();
        return open(id);
      }, () => this.step(direction));
    },
    get shownObjects() {
      return [...state.objects.values()].filter(isShown);
    },
    destroy() {
      asking.cancel();
      release();
      clearInterval(timer);
      removeEventListener("focus", refresh);
    },
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const pictureOf = (project, image) => `/api/v1/projects/${project}/images/${image}/rendition?side=2048`;
