// An outbox with a clock that is turned by hand, before the model of the server.
import { createApi } from "../../../ui/label/static/journal/api.js";
import { openMemoryJournal } from "../../../ui/label/static/journal/memory_journal.js";
import { createOutbox } from "../../../ui/label/static/journal/outbox.js";
import { loneTab } from "../../../ui/label/static/journal/tabs.js";
import { body, modelServer } from "./model_server.js";

export function handClock(start = 1_000_000) {
  let time = start;
  const alarms = new Set();
  return {
    now: () => time,
    schedule(ms, run) {
      const alarm = { at: time + ms, run };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    /** Turns it, and rings what is due on the way. */
    async turn(ms) {
      await idle();
      const end = time + ms;
      for (;;) {
        const [first] = [...alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (first === undefined) break;
        alarms.delete(first);
        time = Math.max(time, first.at);
        await first.run();
        await idle();
      }
      time = end;
      await idle();
    },
  };
}

/** Lets everything happen that needs no clock: some rounds of the event loop. */
export async function idle() {
  for (let round = 0; round < 20; round += 1) await new Promise(setImmediate);
}

/** `parts`: what an earlier stage leaves behind, such as its journal and server. */
export async function stage(parts = {}) {
  const server = parts.server ?? modelServer();
  const journal = parts.journal ?? openMemoryJournal();
  const clock = parts.clock ?? handClock();
  const events = new EventTarget();
  const settled = [];
  const statuses = [];
  const api = createApi({ fetch: server.fetch });
  const outbox = createOutbox({
    ...{ journal, api, events },
    now: clock.now,
    schedule: clock.schedule,
    random: () => 1,
    tabs: parts.tabs ?? loneTab(),
    onChange: (status) => statuses.push(status),
  });
  outbox.onSettled((operation, data) => settled.push([operation.key, data]));
  await outbox.ready;
  const add = (kind, key, more = {}) =>
    outbox.add({ key, kind, project: 1, image: 4, object: "o", base: null, body: body(key), ...more });
  return { ...{ server, journal, clock, events, settled, statuses, outbox, api, add } };
}
