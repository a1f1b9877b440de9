// A stage alone in a page, for tests: helpers that playwright calls by name.
/* global window, document, requestAnimationFrame */
import { fromBitmap, toBitmap } from "/ui/label/masks/rle.js";
import { createMinimap } from "/ui/label/render/minimap.js";
import { createStage } from "/ui/label/render/stage.js";

const host = document.querySelector("#host");
const size = JSON.parse(host.dataset.size);

window.troubles = [];
window.stage = createStage(host, {
  pictures: (kind, ...numbers) => `/pictures/${kind}/${numbers.join("/")}`,
  onTrouble: (sentence) => window.troubles.push(sentence),
});
window.minimap = createMinimap(host, window.stage);
window.open_ = () => window.stage.open(size);

/** Rectangles by key: [x0, y0, x1, y1] in the image. */
window.show = (boxes, look) => {
  window.stage.setObjects(Object.entries(boxes).map(([key, box]) => ({ key, kind: "annotation", mask: maskOf(box) })));
  if (look) window.stage.setLook(lookOf(look));
};

/** Colours by key as a plain object, hidden keys as a list. */
window.look = (look) => window.stage.setLook(lookOf(look));

window.draft = (box, colour) => {
  window.bitmap = toBitmap(maskOf(box), 200);
  window.stage.setDraft({ bitmap: window.bitmap }, { colour });
};

window.brush = ([x0, y0, x1, y1], value) => {
  const { x, y, width, data } = window.bitmap;
  for (let row = y0; row < y1; row++) data.fill(value, (row - y) * width + x0 - x, (row - y) * width + x1 - x);
  window.stage.draftChanged([x0, y0, x1 - x0, y1 - y0]);
};

/** Waits for a condition, frame by frame. */
window.until = async (condition) => {
  const deadline = performance.now() + 20000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never: ${condition}`);
    await new Promise(requestAnimationFrame);
  }
};

/** The composed colours along a line of the screen. */
window.line = (y, x0, x1) => Array.from({ length: x1 - x0 }, (_, i) => window.stage.snapshot(x0 + i, y));

function lookOf({ colours, hidden, ...rest }) {
  if (colours) rest.colours = new Map(Object.entries(colours));
  if (hidden) rest.hidden = new Set(hidden);
  return rest;
}

function maskOf([x0, y0, x1, y1]) {
  const [width, height] = [x1 - x0, y1 - y0];
  const data = new Uint8Array(width * height).fill(1);
  return fromBitmap({ size_hw: [size.height, size.width], x: x0, y: y0, width, height, data });
}
