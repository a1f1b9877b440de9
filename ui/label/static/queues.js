// Queues of images that are one's own: which there are, and what is left in each.

const STALE_MS = 30_000;

/** Open ones that this person may take from. @param {object[]} queues @param {{ user: { name: string } }} session */
export const mine = (queues, session) =>
  queues.filter(({ subject, closed_at, people }) => subject === "images" && !closed_at && (people.length === 0 || people.includes(session.user.name)));

/** Others of them in which something is to do. @param {object} state */
export const othersThan = ({ queues, queue }) => queues.filter(({ id, left }) => id !== queue && left > 0);

export const nameIn = (queues, id) => queues.find((queue) => queue.id === id)?.name ?? null;

/** What a queue is called in a choice. @param {{ name: string, left: number }} queue */
export const labelOf = ({ name, left }) => `${name} · ${left.toLocaleString("en")} left`;

/** Asked for again while the page is looked at. @param {{ store: object, api: object }} parts */
export function createQueues({ store, api }) {
  const { state } = store;

  async function refresh() {
    const { data } = await api.get(`/projects/${state.project.id}/queues`);
    store.set({ queues: mine(data.items, state.session) });
  }

  /** What is left in a queue, without asking once more. */
  const tell = (id, left) => store.set({ queues: state.queues.map((queue) => (queue.id === id ? { ...queue, left } : queue)) });

  /** The next image of the chosen queue; `closed`: its name, where it is closed or no more this person's: then none is
   * chosen from now on. @param {number|null} after @param {number} ahead */
  async function next(after, ahead) {
    const queue_id = state.queue;
    try {
      const { data } = await api.post(`/projects/${state.project.id}/queue/next`, { queue_id, after, ahead });
      tell(queue_id, data.left);
      return { ...data, closed: null };
    } catch (error) {
      if (queue_id === null || (error.code !== "queue_closed" && error.status !== 404)) throw error;
      store.set({ queue: null });
      return { image: null, left: null, closed: error.fields?.queue ?? nameIn(state.queues, queue_id) ?? String(queue_id) };
    }
  }

  // What cannot be had now is asked for again; what is told meanwhile is as old.
  const timer = setInterval(() => !document.hidden && refresh().catch(() => {}), STALE_MS);
  return { refresh, next, destroy: () => clearInterval(timer) };
}
