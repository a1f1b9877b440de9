// The time that somebody really worked: pauses count up to a limit, so lunch is no seconds per mask.

const LONGEST_PAUSE_MS = 30_000;

/** @param {EventTarget} target whose keys and pointers tell of work */
export function createActivity(target, now = () => performance.now()) {
  let worked = 0;
  let last = now();

  function tick() {
    const at = now();
    worked += Math.min(at - last, LONGEST_PAUSE_MS);
    last = at;
  }

  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"]) {
    target.addEventListener(kind, tick, { passive: true, capture: true });
  }
  return {
    /** Seconds of work so far. */
    get seconds() {
      return (worked + Math.min(now() - last, LONGEST_PAUSE_MS)) / 1000;
    },
  };
}
