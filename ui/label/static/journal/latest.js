// Writes of which only the newest matters: at most one runs for each name, and one waits.

/** @template P, V
 * @param {(place: P, value: V) => Promise<void>} write
 * @returns {(name: string, place: P, value: V) => Promise<void>}
 *   resolves once this value or a newer one is written; rejects where that fails */
export function latestOnly(write) {
  const lines = new Map();

  async function drain(name, line) {
    while (line.next !== null) {
      const { place, value, waiters } = line.next;
      line.next = null;
      try {
        await write(place, value);
        waiters.forEach(({ resolve }) => resolve());
      } catch (error) {
        waiters.forEach(({ reject }) => reject(error));
      }
    }
    lines.delete(name);
  }

  return (name, place, value) =>
    new Promise((resolve, reject) => {
      const running = lines.get(name);
      const line = running ?? { next: null };
      const waiters = [...(line.next?.waiters ?? []), { resolve, reject }];
      line.next = { place, value, waiters };
      if (running === undefined) {
        lines.set(name, line);
        drain(name, line);
      }
    });
}
