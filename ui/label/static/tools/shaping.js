// The tools that shape a mask by hand: brush, eraser, polygon and the knife.
import { blank, grow, stamp } from "../masks/bitmap.js";
import { fromBitmap, toBitmap } from "../masks/rle.js";

const MARGIN = 64;
const CLOSE_PX = 10;

/** @param {{ value: 0|1 }} parts 1: brush, 0: eraser; Alt or the right button turns it round */
export function brushTool({ store, stage, actions, sketch, value }) {
  let work = null; // { draft, bitmap, last, value }

  function begin(at) {
    const draft = actions.draftToPaint();
    const { height, width } = store.state.image;
    const radius = store.state.radius;
    const bitmap = draft.mask
      ? toBitmap(draft.mask, MARGIN)
      : blank([height, width], windowAround(at, radius + MARGIN, width, height));
    work = { draft, bitmap, last: at, value: at.label === 1 ? value : 1 - value };
    stage.setDraft({ bitmap }, { kind: "draft" });
    dab(at);
  }

  function dab(at) {
    const radius = store.state.radius;
    const reach = [at.x - radius - 1, at.y - radius - 1, 2 * radius + 2, 2 * radius + 2];
    if (work.value === 1 && !covers(work.bitmap, reach)) {
      work.bitmap = grow(work.bitmap, roomy(work.bitmap, reach));
      stage.setDraft({ bitmap: work.bitmap }, { kind: "draft" });
    }
    const dirty = stamp(work.bitmap, work.last.x, work.last.y, at.x, at.y, radius, work.value);
    work.last = at;
    if (dirty) stage.draftChanged(dirty);
  }

  function end() {
    const { draft, bitmap } = work;
    work = null;
    const mask = fromBitmap(bitmap);
    if (mask !== null) return actions.painted(draft, mask);
    actions.painted(draft, null);
    return stage.setDraft(draft.mask ? { mask: draft.mask } : null, { kind: "draft" });
  }

  return {
    cursor: "none",
    drag(from, at) {
      begin(from);
      dab({ ...at, label: from.label });
      return true;
    },
    move(at) {
      dab(at);
      this.hover(at);
    },
    drop(at) {
      dab(at);
      end();
    },
    click(at) {
      begin(at);
      end();
    },
    hover: (at) => sketch.set(at && { kind: "brush", at: [at.x, at.y], radius: store.state.radius }),
    cancel() {
      if (work === null) return false;
      const { draft } = work;
      work = null;
      stage.setDraft(draft.mask ? { mask: draft.mask } : null, { kind: "draft" });
      return true;
    },
  };
}

const windowAround = ({ x, y }, reach, width, height) => {
  const left = Math.max(0, Math.floor(x - reach));
  const top = Math.max(0, Math.floor(y - reach));
  const right = Math.min(width, Math.ceil(x + reach));
  const bottom = Math.min(height, Math.ceil(y + reach));
  return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)];
};

function covers(bitmap, [x, y, width, height]) {
  const [h, w] = bitmap.size_hw;
  return (
    Math.max(0, x) >= bitmap.x && Math.max(0, y) >= bitmap.y &&
    Math.min(w, x + width) <= bitmap.x + bitmap.width && Math.min(h, y + height) <= bitmap.y + bitmap.height
  );
}

/** Twice as much as is needed, so that a long stroke does not grow the window at each step. */
function roomy(bitmap, [x, y, width, height]) {
  const spare = Math.max(256, bitmap.width / 2, bitmap.height / 2);
  const left = Math.floor(Math.min(bitmap.x, x < bitmap.x ? x - spare : x));
  const top = Math.floor(Math.min(bitmap.y, y < bitmap.y ? y - spare : y));
  const right = Math.max(bitmap.x + bitmap.width, x + width > bitmap.x + bitmap.width ? x + width + spare : 0);
  const bottom = Math.max(bitmap.y + bitmap.height, y + height > bitmap.y + bitmap.height ? y + height + spare : 0);
  return [left, top, Math.ceil(right) - left, Math.ceil(bottom) - top];
}

/** Corners by click, or drawn freely by drag; closed by Enter, a double click or the first corner. */
export function polygonTool({ stage, actions, sketch, inside, adds }) {
  let points = [];
  const show = (at) => sketch.set(points.length ? { kind: "polygon", points, to: at && [at.x, at.y], adds } : null);

  function close() {
    const drawn = points;
    points = [];
    sketch.set(null);
    if (drawn.length < 3) return false;
    actions.polygon(drawn, adds);
    return true;
  }

  const isFirst = (at) =>
    points.length > 2 && Math.hypot(points[0][0] - at.x, points[0][1] - at.y) * stage.camera.scale < CLOSE_PX;

  return {
    cursor: "crosshair",
    click(at) {
      if (isFirst(at)) return close();
      points = [...points, inside.clip(at.x, at.y)];
      return show(at);
    },
    double: () => points.length > 2 && close(),
    drag(from, at) {
      if (points.length === 0) points = [inside.clip(from.x, from.y)];
      this.move(at);
      return true;
    },
    move(at) {
      points = [...points, inside.clip(at.x, at.y)];
      show(at);
    },
    drop: () => points.length > 8 && close(),
    hover: (at) => points.length && show(at),
    /** Enter. */
    finish: close,
    /** Backspace. */
    back() {
      if (points.length === 0) return false;
      points = points.slice(0, -1);
      show(null);
      return true;
    },
    cancel() {
      const had = points.length > 0;
      points = [];
      sketch.set(null);
      return had;
    },
  };
}

export function knifeTool({ actions, sketch }) {
  let points = [];
  return {
    cursor: "crosshair",
    // Two clicks are a cut too.
    click(at) {
      points = [...points, [at.x, at.y]];
      sketch.set({ kind: "cut", points });
      if (points.length === 2) this.drop(at);
    },
    drag(from, at) {
      points = [[from.x, from.y]];
      this.move(at);
      return true;
    },
    move(at) {
      points = [...points, [at.x, at.y]];
      sketch.set({ kind: "cut", points });
    },
    hover: (at) => points.length && at && sketch.set({ kind: "cut", points: [...points, [at.x, at.y]] }),
    drop() {
      const drawn = points;
      this.cancel();
      if (drawn.length > 1) actions.split(drawn);
    },
    cancel() {
      const had = points.length > 0;
      points = [];
      sketch.set(null);
      return had;
    },
  };
}
