// The session's figures: objects, seconds and clicks per mask, as they were really spent.

export function createFigures(store) {
  const kept = [];
  const publish = (more) => store.set({ figures: { ...summary(kept), ...counts(store.state.figures), ...more } });
  return {
    /** An object was finished. */
    kept({ seconds, clicks }) {
      kept.push({ seconds: seconds ?? 0, clicks: clicks ?? 0 });
      publish({});
    },
    /** An image was submitted. */
    submitted(outcome) {
      publish({ [outcome]: store.state.figures[outcome] + 1 });
    },
    /** Of the objects that were finished since `from`. */
    since(from) {
      const part = kept.slice(from);
      return { objects: part.length, clicks: part.reduce((sum, { clicks }) => sum + clicks, 0) };
    },
    get mark() {
      return kept.length;
    },
  };
}

export const NO_FIGURES = { objects: 0, seconds: null, clicks: null, done: 0, skipped: 0 };

const counts = ({ done, skipped }) => ({ done, skipped });

function summary(kept) {
  return { objects: kept.length, seconds: median(kept.map((one) => one.seconds)), clicks: mean(kept.map((one) => one.clicks)) };
}

function median(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const mean = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);
