// The masks that are in hand: highlighted, proposed under the cursor, being edited. Drawn from their own runs.
import { rgba } from "./raster.js";
import { linesOfMask, paintShape } from "./silhouettes.js";

const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];
const DARK_EDGE = { width: 1, colour: rgba(BLACK, 0.7) }; // outlines are seen on any ground

/** What a shape looks like, by its role; widths in css pixels. */
const STYLES = {
  hovered: () => ({ fill: rgba(WHITE, 0.18), bands: [DARK_EDGE, { width: 2, colour: rgba(WHITE, 1) }] }),
  selected: (colour) => ({
    fill: 0,
    bands: [DARK_EDGE, { width: 2, colour: rgba(WHITE, 1) }, { width: 2, colour: rgba(colour, 1) }],
  }),
  draft: (colour) => ({ fill: rgba(colour, 0.45), bands: [DARK_EDGE, { width: 2, colour: rgba(colour, 1) }] }),
  preview: (colour) => ({ fill: rgba(colour, 0.25), bands: [{ width: 1, colour: rgba(colour, 0.8) }] }),
};

/** @typedef {object} Shape
 * @property {keyof STYLES} role
 * @property {import("./silhouettes.js").Lines} lines
 * @property {number[]} box      [x, y, width, height] in the image
 * @property {number[]} colour   [r, g, b] */

/** What is drawn by itself now, the lowest first.
 * @returns {Shape[]} */
export function inHand({ objects, colourOf, highlight, draft, preview }) {
  const ofMask = (role, mask, colour) => ({ role, lines: linesOfMask(mask), box: mask.bbox_xywh, colour });
  const ofKeys = (role, keys) =>
    keys.filter((key) => objects.has(key)).map((key) => ofMask(role, objects.get(key).mask, colourOf(key)));
  const { hovered, selected } = highlight;
  const shapes = [
    ...ofKeys("hovered", selected.has(hovered) ? [] : [hovered]),
    ...ofKeys("selected", [...selected]),
    ...(draft ? [draft] : []),
    ...(preview ? [ofMask("preview", preview, WHITE)] : []),
  ];
  return shapes.filter(({ box }) => box[2] > 0 && box[3] > 0);
}

export function createShapeLayer(context) {
  let shapes = []; // { lines, style }, the lowest first
  let image = null; // of the canvas's size
  let pixels = null;
  let painted = null; // the part of the canvas that is not empty
  let drawn = null; // the view of the last time

  function makeRoom({ width, height }) {
    if (image?.width === width && image.height === height) return;
    image = new ImageData(width, height);
    pixels = new Uint32Array(image.data.buffer);
    painted = null;
  }

  function clear({ x0, y0, x1, y1 }) {
    for (let y = y0; y < y1; y++) pixels.fill(0, y * image.width + x0, y * image.width + x1);
  }

  function repaint(view, clip) {
    for (const { lines, style } of shapes) paintShape({ pixels, width: image.width }, lines, view, style, clip);
  }

  const put = ({ x0, y0, x1, y1 }) => context.putImageData(image, 0, 0, x0, y0, x1 - x0, y1 - y0);

  return {
    /** @param {Shape[]} next   the lowest first */
    set(next, ratio) {
      shapes = next.map(({ role, lines, box, colour }) => ({ lines, box, style: scaled(STYLES[role](colour), ratio) }));
      drawn = null;
    },

    isEmpty: () => shapes.length === 0,

    /** Draws all shapes, or only what `changed` says when the view is that of the last time.
     * @param {{ scale: number, x: number, y: number }} view  scale in device pixels
     * @param {number[] | null} changed  [x, y, width, height] in the image */
    draw(view, changed) {
      if (!shapes.length && !painted) return;
      makeRoom(context.canvas);
      const same = drawn && drawn.scale === view.scale && drawn.x === view.x && drawn.y === view.y;
      const extent = joined(shapes.map(({ box }) => onScreen(box, view, image)).filter(Boolean));
      if (same && changed && painted) {
        const part = onScreen(changed, view, image);
        if (part) {
          clear(part);
          repaint(view, part);
          put(part);
        }
        painted = joined([painted, extent].filter(Boolean));
      } else {
        const part = joined([painted, extent].filter(Boolean));
        if (part) {
          clear(part);
          if (extent) repaint(view, extent);
          put(part);
        }
        painted = extent;
      }
      drawn = { ...view };
    },
  };
}




const scaled = (style, ratio) => ({
  fill: style.fill,
  bands: style.bands.map(({ width, colour }) => ({ width: Math.max(1, Math.round(width * ratio)), colour })),
});

/** A box of the image in device pixels, with room for outlines; null when it is not on the screen. */
function onScreen([x, y, width, height], view, screen) {
  const room = 12;
  const clip = {
    x0: Math.max(0, Math.floor((x - view.x) * view.scale) - room),
    y0: Math.max(0, Math.floor((y - view.y) * view.scale) - room),
    x1: Math.min(screen.width, Math.ceil((x + width - view.x) * view.scale) + room),
    y1: Math.min(screen.height, Math.ceil((y + height - view.y) * view.scale) + room),
  };
  return clip.x0 < clip.x1 && clip.y0 < clip.y1 ? clip : null;
}

function joined(clips) {
  if (!clips.length) return null;
  return {
    x0: Math.min(...clips.map((clip) => clip.x0)),
    y0: Math.min(...clips.map((clip) => clip.y0)),
    x1: Math.max(...clips.map((clip) => clip.x1)),
    y1: Math.max(...clips.map((clip) => clip.y1)),
  };
}
