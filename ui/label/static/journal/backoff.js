// How long to wait after failures: longer each time, never the same as everybody else, at most half
// a minute, and as long as the server asks.

const FIRST_MS = 1_000;
const MOST_MS = 30_000;

/** Waits of everything, and of single operations that the server breaks on.
 * @param {{now: () => number, random: () => number}} clock */
export function createPatience({ now, random }) {
  let all = { failures: 0, at: null };
  const single = new Map();

  function later({ failures }, retryAfter) {
    const most = Math.min(MOST_MS, FIRST_MS * 2 ** failures);
    const wait = Math.max(most * (0.5 + random() / 2), (retryAfter ?? 0) * 1000);
    return { failures: failures + 1, at: now() + wait };
  }

  return {
    /** @param {{retryAfter?: number|null}} error
     * @param {string} [key]  of the operation that alone shall wait */
    after({ retryAfter }, key) {
      if (key === undefined) all = later(all, retryAfter);
      else single.set(key, later(single.get(key) ?? { failures: 0 }, retryAfter));
    },
    /** The server answers again; with a key: this operation got its answer. */
    forget(key) {
      all = { failures: 0, at: null };
      single.delete(key);
    },
    isWaiting: () => all.at !== null && all.at > now(),
    retryAt: () => all.at,
    startOf: (key) => single.get(key)?.at ?? 0,
    failures: (key) => single.get(key)?.failures ?? 0,
  };
}
