// Asks again: often while something runs, now and then otherwise, never while nobody looks.

export const BUSY_MS = 2_000;
export const CALM_MS = 15_000;

/** @param {object} options
 * @param {() => Promise<boolean>} options.quick   whether something has ended
 * @param {() => Promise<void>} options.slow
 * @param {() => boolean} options.isBusy
 * @param {(now: number) => void} [options.onTime]  before each time
 * @param {Document} [options.page] */
export function createPolling({ quick, slow, isBusy, onTime = () => {}, page = document, setTimer = setTimeout, clearTimer = clearTimeout, clock = Date.now }) {
  let timer = null;
  let slowAt = -Infinity;
  let running = null;

  async function once(all) {
    onTime(clock());
    const hasEnded = await quick();
    if (all || hasEnded || clock() - slowAt >= CALM_MS) {
      slowAt = clock();
      await slow();
    }
  }

  function plan() {
    clearTimer(timer);
    timer = page.hidden ? null : setTimer(() => refresh(false), isBusy() ? BUSY_MS : CALM_MS);
  }

  /** Now; with `all` also what changes seldom. While it is under way, a second call waits and goes again. */
  async function refresh(all = true) {
    clearTimer(timer);
    while (running !== null) await running;
    running = once(all).finally(() => (running = null));
    try {
      await running;
    } finally {
      plan();
    }
  }

  page.addEventListener("visibilitychange", () => (page.hidden ? clearTimer(timer) : refresh(false)));
  return { refresh };
}
