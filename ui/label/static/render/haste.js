// Whether to draw coarsely for now: while the view moves on a machine that does not keep up.

/** A frame that takes longer than this, on average, is felt (milliseconds). */
const SLOW = 21;
/** A longer gap is a rest between two movements, not a slow frame. */
const REST = 250;
/** The view stands still when nobody moved it for so long. */
const STILL = 120;

/** @param {() => void} onStill   draw again, with care */
export function createHaste(onStill) {
  let average = 16;
  let before = null;
  let timer = null;
  let coarse = false;

  function still() {
    [timer, before] = [null, null];
    if (coarse) onStill();
    coarse = false;
  }

  return {
    moved() {
      clearTimeout(timer);
      timer = setTimeout(still, STILL);
    },
    /** @param {number} time   of the frame that is about to be drawn */
    frame(time) {
      const gap = before === null ? 0 : time - before;
      if (timer !== null && gap > 0 && gap < REST) average += (gap - average) / 8;
      before = timer === null ? null : time;
      coarse = timer !== null && (coarse || average > SLOW);
    },
    isOn: () => coarse,
    end: () => clearTimeout(timer),
  };
}
