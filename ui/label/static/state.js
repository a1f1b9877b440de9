// The one store: a plain object, changed by patches, whose listeners run once a frame of work.

/**
 * @template {object} T
 * @param {T} initial
 */
export function createStore(initial) {
  const state = { ...initial };
  const listeners = new Set();
  let changed = new Set();
  let planned = false;

  function notify() {
    planned = false;
    const keys = changed;
    changed = new Set();
    for (const { of, run } of [...listeners]) {
      if (!of.some((key) => keys.has(key))) continue;
      try {
        run(state);
      } catch (error) {
        reportError(error); // what one part of the page gets wrong does not stop the others
      }
    }
  }

  return {
    /** Read it, never change it. @type {Readonly<T>} */
    state,
    /** Values are compared by identity: give new ones for what has changed. @param {Partial<T>} patch */
    set(patch) {
      for (const [key, value] of Object.entries(patch)) {
        if (state[key] === value) continue;
        state[key] = value;
        changed.add(key);
      }
      if (changed.size === 0 || planned) return;
      planned = true;
      queueMicrotask(notify);
    },
    /** Runs `run(state)` now and after each change of one of the keys; gives the way to stop.
     * @param {(keyof T)[]} keys @param {(state: T) => void} run */
    on(keys, run) {
      const listener = { of: keys, run };
      listeners.add(listener);
      run(state);
      return () => listeners.delete(listener);
    },
  };
}
