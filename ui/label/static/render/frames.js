// What frames cost: how many there are a second, and how long the script of one runs.

const KEPT = 2000;

export function createFrames() {
  let times = [];
  let scripts = [];
  return {
    add(time, scriptMs) {
      times.push(time);
      scripts.push(scriptMs);
      if (times.length > KEPT) [times, scripts] = [times.slice(-KEPT / 2), scripts.slice(-KEPT / 2)];
    },
    reset: () => ([times, scripts] = [[], []]),
    report() {
      const sorted = scripts.toSorted((a, b) => a - b);
      const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
      const seconds = (times.at(-1) - times[0]) / 1000;
      const fps = seconds > 0 ? (times.length - 1) / seconds : 0;
      return { fps, scriptMs: { median: at(0.5), p95: at(0.95) }, frames: times.length };
    },
  };
}
