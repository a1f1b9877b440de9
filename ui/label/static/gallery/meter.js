// How fast bytes go, of the last seconds.

const WINDOW_MS = 6000;
const LEAST_MS = 500; // below that a figure jumps about

/** @param {() => number} now  milliseconds */
export function createMeter(now) {
  /** @type {{at: number, bytes: number}[]} */
  let samples = [];
  const begun = now();

  function recent() {
    const since = now() - WINDOW_MS;
    samples = samples.filter((sample) => sample.at >= since);
    return samples;
  }

  return {
    /** @param {number} bytes */
    add(bytes) {
      recent().push({ at: now(), bytes });
    },
    /** Bytes a second; 0 until there is something to say. */
    rate() {
      const elapsed = Math.min(now() - begun, WINDOW_MS);
      if (elapsed < LEAST_MS) return 0;
      const bytes = recent().reduce((sum, sample) => sum + sample.bytes, 0);
      return Math.max(0, (bytes * 1000) / elapsed);
    },
  };
}
