// Which part of the image is shown around a mask, and from which rendition. Pure.
import { MAX_SCALE, fitScale } from "../../label/render/camera.js";

/** @typedef {import("../../label/render/camera.js").Camera} Camera
 * @typedef {{ whole: boolean, zoom: number, dx: number, dy: number }} View  dx, dy: moved by hand, css pixels */

/** @type {Readonly<View>} */
export const PLAIN = Object.freeze({ whole: false, zoom: 1, dx: 0, dy: 0 });

/** Around the box of a mask, as a share of its sides: what is beside an object says what it is. */
const MARGIN = 0.4;
/** No mask is shown on less than this, in image pixels: a speck alone tells nothing. */
const LEAST = 48;
const SIDES = [1024, 2048, 4096];
/** A picture may be enlarged by this much before a finer one is asked for. */
const ENLARGED = 1.25;
const ZOOMS = { least: 0.1, most: 16 };

/** The window around a box, as x, y, width, height; it may reach outside of the image.
 * @param {[number, number, number, number]} box */
export function cropOf([x, y, width, height]) {
  const wide = Math.max(LEAST, width * (1 + 2 * MARGIN));
  const high = Math.max(LEAST, height * (1 + 2 * MARGIN));
  return [x + width / 2 - wide / 2, y + height / 2 - high / 2, wide, high];
}

/** The smallest box with these in it. @param {number[][]} boxes  x, y, width, height @returns {[number, number, number, number]} */
export function around(boxes) {
  const [x, y] = [0, 1].map((side) => Math.min(...boxes.map((box) => box[side])));
  const [right, bottom] = [0, 1].map((side) => Math.max(...boxes.map((box) => box[side] + box[side + 2])));
  return [x, y, right - x, bottom - y];
}

/** Not closer than this, whatever the view says, and no smaller than the whole image would be.
 * @param {{ bbox: number[], image: { width: number, height: number } }} card
 * @param {{ width: number, height: number }} viewport  css pixels
 * @param {View} view
 * @returns {Camera} */
export function cameraOf({ bbox, image }, viewport, view = PLAIN) {
  const all = fitScale(image, viewport);
  const [x, y, width, height] = view.whole ? [0, 0, image.width, image.height] : cropOf(bbox);
  const base = view.whole ? all : Math.max(all, Math.min(viewport.width / width, viewport.height / height));
  const scale = Math.min(MAX_SCALE, base * view.zoom);
  return {
    scale,
    x: x + width / 2 - (viewport.width / 2 + view.dx) / scale,
    y: y + height / 2 - (viewport.height / 2 + view.dy) / scale,
  };
}

/** Nearer or farther, around a point of the screen given from its middle. @param {View} view */
export function zoomed(view, factor, sx = 0, sy = 0) {
  const zoom = Math.min(ZOOMS.most, Math.max(ZOOMS.least, view.zoom * factor));
  const real = zoom / view.zoom;
  return { ...view, zoom, dx: sx - (sx - view.dx) * real, dy: sy - (sy - view.dy) * real };
}

/** @param {View} view */
export const moved = (view, dx, dy) => ({ ...view, dx: view.dx + dx, dy: view.dy + dy });

/** The long side of the rendition that is fine enough at a scale (device pixels per image pixel).
 * @param {{ width: number, height: number }} image */
export function sideFor(image, scale) {
  const long = Math.max(image.width, image.height);
  const needed = (Math.min(1, scale) * long) / ENLARGED;
  return SIDES.find((side) => side >= Math.min(needed, long)) ?? SIDES.at(-1);
}

/** Sides that tell nothing more than this one: the rendition is the whole image already. */
export const isWhole = (image, side) => side >= Math.max(image.width, image.height);
