// The hover preview: what a click here would give, ten times a second at most, dropped when stale.

const EVERY_MS = 100;
const LEAST_MOVE = 2;

/**
 * @param {object} parts
 * @param {(point: [number, number], signal: AbortSignal) => Promise<object|null>} parts.peek
 * @param {(preview: { point: [number, number], answer: object }|null) => void} parts.onPreview
 * @param {() => boolean} parts.isWanted
 */
export function createPreview({ peek, onPreview, isWanted, now = () => performance.now() }) {
  let wanted = null;
  let timer = 0;
  let flying = null;
  let last = -Infinity;
  let shown = null;

  function plan() {
    if (timer || flying || wanted === null) return;
    timer = setTimeout(look, Math.max(0, last + EVERY_MS - now()));
  }

  async function look() {
    timer = 0;
    if (wanted === null || !isWanted()) return;
    const point = wanted;
    wanted = null;
    last = now();
    const controller = (flying = new AbortController());
    try {
      const answer = await peek(point, controller.signal);
      if (!controller.signal.aborted && answer !== null && isWanted()) show({ point, answer });
    } catch (error) {
      // A preview that fails is no news: the click says why.
      if (error.name !== "AbortError") show(null);
    } finally {
      if (flying === controller) flying = null;
      plan();
    }
  }

  function show(preview) {
    if (shown === preview) return;
    shown = preview;
    onPreview(preview);
  }

  return {
    /** The pointer is over this pixel. @param {[number, number]} point */
    at(point) {
      if (!isWanted()) return this.clear();
      if (shown && Math.hypot(shown.point[0] - point[0], shown.point[1] - point[1]) < LEAST_MOVE) return;
      wanted = point;
      plan();
    },
    clear() {
      wanted = null;
      clearTimeout(timer);
      timer = 0;
      flying?.abort();
      flying = null;
      show(null);
    },
    get shown() {
      return shown;
    },
  };
}
