// Loads pictures by fetch: a few at a time, what is no longer wanted is stopped, failures are retried.

const AT_ONCE = 6;
const FIRST_PAUSE = 1000; // milliseconds; doubles with every failure in a row
const LONGEST_PAUSE = 30000;

/** @typedef {{ name: string, url: string, what: string }} Wanted  what: begins a sentence about a failure */

/** @param {{ onTrouble: (sentence: string) => void }} options */
export function createLoader({ onTrouble }) {
  const running = new Map(); // name → AbortController
  const givenUp = new Set(); // what the server says is not there
  let queue = [];
  let deliver = () => {};
  let failures = 0;
  let pause = null;

  function next() {
    while (pause === null && running.size < AT_ONCE && queue.length) load(queue.shift());
  }

  async function load(wanted) {
    const stop = new AbortController();
    const receive = deliver;
    running.set(wanted.name, stop);
    try {
      const bitmap = await fetchBitmap(wanted.url, stop.signal);
      failures = 0;
      if (stop.signal.aborted) bitmap.close();
      else await receive(wanted.name, bitmap);
    } catch (error) {
      if (!stop.signal.aborted) failed(wanted, error);
    } finally {
      if (running.get(wanted.name) === stop) running.delete(wanted.name);
      next();
    }
  }

  function failed(wanted, error) {
    if (error.final) {
      givenUp.add(wanted.name);
      onTrouble(`${wanted.what} cannot be shown: ${error.message}. Reload the page, or skip this image.`);
      return;
    }
    queue.push(wanted);
    if (pause !== null) return; // one failure of several that ran at once is enough to report
    const wait = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures++);
    onTrouble(`${wanted.what} could not be loaded: ${error.message}. Trying again in ${wait / 1000} s.`);
    pause = setTimeout(() => {
      pause = null;
      next();
    }, wait);
  }

  return {
    /** All that is wanted from now on, the most urgent first.
     * @param {Wanted[]} list
     * @param {(name: string, bitmap: ImageBitmap) => void | Promise<void>} receive */
    want(list, receive) {
      deliver = receive;
      const names = new Set(list.map(({ name }) => name));
      for (const [name, stop] of running) {
        if (names.has(name)) continue;
        running.delete(name);
        stop.abort();
      }
      queue = list.filter(({ name }) => !running.has(name) && !givenUp.has(name));
      next();
    },

    clear() {
      this.want([], () => {});
      givenUp.clear();
      failures = 0;
      clearTimeout(pause);
      pause = null;
    },
  };
}

async function fetchBitmap(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) {
    const refused = new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    // Too many requests and time-outs pass; the other refusals stay.
    refused.final = response.status < 500 && ![408, 425, 429].includes(response.status);
    throw refused;
  }
  const blob = await response.blob();
  try {
    return await createImageBitmap(blob);
  } catch {
    const broken = new Error("its bytes are not a picture that this browser reads");
    broken.final = true;
    throw broken;
  }
}
