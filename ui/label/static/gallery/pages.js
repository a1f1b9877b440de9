// The images that were loaded so far, a page at a time and in the server's order.

/**
 * @typedef {{items: {id: number}[], next: string|null}} Page
 * @typedef {object} Listing
 * @property {{id: number}[]} items
 * @property {boolean} isLoading
 * @property {boolean} isComplete   there is nothing behind the last item
 * @property {Error|null} problem   why the last page did not come; the items before it stay
 */

const MOST = 1000; // items a request may ask for
const FARTHEST = 10_000; // items that are loaded to find a place again

/**
 * `ask(cursor, limit, signal)` fetches a page; `onChange` follows every change of `listing`.
 * @param {{ask: (cursor: string|null, limit: number, signal: AbortSignal) => Promise<Page>, onChange: (listing: Listing) => void, size?: number}} options
 */
export function createPages({ ask, onChange, size = 100 }) {
  /** @type {Listing} */
  let listing = { items: [], isLoading: false, isComplete: false, problem: null };
  let cursor = null;
  let running = new AbortController();

  const change = (patch) => onChange((listing = { ...listing, ...patch }));

  /** Loads until `enough(items)`; what was asked before is not waited for, nor heard. `keeps` what is
   * shown until the answer has come, `keepsAnyway` also where none comes. */
  async function load({ items, from, limit, enough, keeps, keepsAnyway = keeps }) {
    running.abort();
    const { signal } = (running = new AbortController());
    if (!keeps) listing = { ...listing, items, isComplete: false };
    change({ isLoading: true, problem: null });
    try {
      let next = from;
      let found = items;
      do {
        const page = await ask(next, limit, signal);
        if (signal.aborted) return;
        found = [...found, ...page.items];
        next = page.next;
      } while (next !== null && !enough(found));
      cursor = next;
      change({ items: found, isLoading: false, isComplete: next === null });
    } catch (error) {
      if (signal.aborted) return;
      change({ items: keepsAnyway ? listing.items : [], isLoading: false, problem: error });
    }
  }

  return {
    get listing() {
      return listing;
    },
    /** From the first page, as far as the image `place` if it is not too far. @param {number|null} [place] */
    start: (place = null) =>
      load({
        items: [],
        from: null,
        limit: place === null ? size : MOST,
        enough: (found) => place === null || found.at(-1).id >= place || found.length >= FARTHEST,
        keeps: false,
      }),
    /** Other images, of changed filters; those before are shown until they have come. */
    replace: () => load({ items: [], from: null, limit: size, enough: () => true, keeps: true, keepsAnyway: false }),
    /** The next page; nothing while one is on its way. After a problem: that page again. */
    more() {
      if (listing.isLoading || listing.isComplete) return Promise.resolve();
      const behind = listing.items.length;
      return load({ items: listing.items, from: cursor, limit: size, enough: (found) => found.length > behind, keeps: true });
    },
    /** As much as there is, once more; what is shown stays until all of it has come. */
    refresh() {
      const count = Math.max(listing.items.length, size);
      return load({ items: [], from: null, limit: Math.min(count, MOST), enough: (found) => found.length >= count, keeps: true });
    },
    stop: () => running.abort(),
  };
}
