// The camera: which part of the image the screen shows, and how large. Pure functions on a plain object.

/** Screen (css pixels) = (image − (x, y)) × scale.
 * @typedef {object} Camera
 * @property {number} scale  css pixels per image pixel
 * @property {number} x  @property {number} y   the image point at the top left of the screen */

/** @typedef {{ width: number, height: number }} Size */

export const MAX_SCALE = 40;
/** How much of the image stays on the screen, in css pixels, however far one pans. */
const KEPT = 64;
/** Free space around an image that is fitted, in css pixels. */
const MARGIN = 16;

export const toImage = (camera, sx, sy) => [sx / camera.scale + camera.x, sy / camera.scale + camera.y];

export const toScreen = (camera, x, y) => [(x - camera.x) * camera.scale, (y - camera.y) * camera.scale];

/** The image point under (sx, sy) stays there. */
export function zoomAt(camera, sx, sy, factor) {
  const [x, y] = toImage(camera, sx, sy);
  const scale = camera.scale * factor;
  return { scale, x: x - sx / scale, y: y - sy / scale };
}

/** The picture follows the hand: dx, dy in css pixels. */
export function panBy(camera, dx, dy) {
  return { scale: camera.scale, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale };
}

/** The scale at which the whole image is seen. */
export function fitScale(size, viewport) {
  const room = (side) => Math.max(1, side - 2 * Math.min(MARGIN, side / 8));
  return Math.min(room(viewport.width) / size.width, room(viewport.height) / size.height, MAX_SCALE);
}

export function fit(size, viewport) {
  return centred([size.width / 2, size.height / 2], fitScale(size, viewport), viewport);
}

/** One image pixel per device pixel, around what is in the middle now.
 * @param {Size & { ratio: number }} viewport   ratio: device pixels per css pixel */
export function actual(camera, viewport) {
  const middle = toImage(camera, viewport.width / 2, viewport.height / 2);
  return centred(middle, 1 / viewport.ratio, viewport);
}

/** The nearest camera that is allowed: neither too small nor too large, some of the image in sight.
 * A scale that must change keeps the middle of the screen in place; see `zoomWithin` for the cursor. */
export function clamp(camera, size, viewport) {
  const scale = allowedScale(camera.scale, size, viewport);
  const middle = toImage(camera, viewport.width / 2, viewport.height / 2);
  const kept = scale === camera.scale ? camera : centred(middle, scale, viewport);
  return {
    scale,
    x: within(kept.x, size.width, viewport.width, scale),
    y: within(kept.y, size.height, viewport.height, scale),
  };
}

/** Zooms at a point of the screen and stops at the limits without drifting. */
export function zoomWithin(camera, sx, sy, factor, size, viewport) {
  const scale = allowedScale(camera.scale * factor, size, viewport);
  return clamp(zoomAt(camera, sx, sy, scale / camera.scale), size, viewport);
}

/** The rectangle of the image that is seen, as [x0, y0, x1, y1]; it may reach outside the image. */
export function seen(camera, viewport) {
  return [...toImage(camera, 0, 0), ...toImage(camera, viewport.width, viewport.height)];
}

function centred([x, y], scale, viewport) {
  return { scale, x: x - viewport.width / 2 / scale, y: y - viewport.height / 2 / scale };
}

function allowedScale(scale, size, viewport) {
  return Math.min(MAX_SCALE, Math.max(fitScale(size, viewport) / 2, scale));
}

function within(start, side, screen, scale) {
  const kept = Math.min(KEPT, screen / 2, side * scale) / scale;
  return Math.min(side - kept, Math.max(kept - screen / scale, start));
}
