// Asking the model for masks: one question at a time, stale answers dropped, waiting explained.
import { decode } from "./masks/rle.js";

const SLOW_MS = 350;
const RETRY_MS = [300, 800, 1500, 3000];

/**
 * @param {object} parts
 * @param {object} parts.api
 * @param {(phase: { waiting: boolean, text: string, failed?: boolean }) => void} parts.onPhase
 * @param {(ms: number) => Promise<void>} [parts.pause]
 */
export function createAsking({ api, onPhase, pause = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
  let newest = 0;
  let abort = null;
  let warming = null;
  const answered = new Set();

  const path = ({ project, image }) => `/projects/${project}/images/${image}/masks`;

  const reason = (image) =>
    answered.has(image)
      ? "Waiting for the model …"
      : "Encoding this picture … the first click waits for it, the next ones will not.";

  async function once(place, body, signal) {
    const { data, headers } = await api.post(path(place), body, { signal });
    answered.add(place.image);
    const masks = data.masks.map(({ segmentation, predicted_iou, reference }) => ({
      mask: decode(segmentation.counts, segmentation.size),
      predicted_iou,
      reference,
    }));
    return { masks, version: data.model_version.number, embedding: headers.get("X-Embedding-Cache") };
  }

  async function patiently(place, body, signal, isStale) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await once(place, body, signal);
      } catch (error) {
        if (!error.retryable || attempt >= RETRY_MS.length || isStale()) throw error;
        onPhase({ waiting: true, text: `${error.message} Asking again …` });
        await pause(Math.max(RETRY_MS[attempt], (error.retryAfter ?? 0) * 1000));
        if (isStale()) return null;
      }
    }
  }

  return {
    /** The answer, or null when something newer was asked meanwhile. Rejects with `Refused` or `Unreachable`.
     * @param {{ project: number, image: number }} place @param {object} body a MaskRequest */
    async ask(place, body) {
      abort?.abort();
      const mine = ++newest;
      const isStale = () => mine !== newest;
      const controller = (abort = new AbortController());
      const slow = setTimeout(() => onPhase({ waiting: true, text: reason(place.image) }), SLOW_MS);
      try {
        const answer = await patiently(place, body, controller.signal, isStale);
        return isStale() ? null : answer;
      } catch (error) {
        if (isStale() || error.name === "AbortError") return null;
        throw error;
      } finally {
        clearTimeout(slow);
        if (!isStale()) onPhase({ waiting: false, text: "" });
      }
    },
    /** For the hover preview: asked once, whatever happens, and never in the way of `ask`. */
    peek: (place, body, signal) => once(place, body, signal),
    /** Whether an answer does not have to wait for the encoder. */
    isWarm: (image) => answered.has(image),
    /** One question to an image that was opened: it brings the embedding to a decoder, so that the first
     * click finds it there, and from then on the preview may ask. Resolves in any case: one that fails is
     * no news, a click says why. */
    async warm(place, [x, y]) {
      warming?.abort();
      if (answered.has(place.image)) return;
      warming = new AbortController();
      await once(place, { points: [[x, y, 1]], multimask: false }, warming.signal).catch(() => {});
    },
    cancel() {
      newest += 1;
      abort?.abort();
      onPhase({ waiting: false, text: "" });
    },
  };
}
