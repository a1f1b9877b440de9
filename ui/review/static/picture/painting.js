// A card on a canvas: the photograph, and the mask over it as fill, outline or both.
import { decode } from "../../label/masks/rle.js";
import { linesOfMask, paintShape } from "../../label/render/silhouettes.js";

const masks = new WeakMap();

/** The mask of run lengths, decoded once. @param {{ counts: string, size: [number, number] }} segmentation
 * @returns {import("../../label/masks/rle.js").Mask} */
export function maskOf(segmentation) {
  if (!masks.has(segmentation)) masks.set(segmentation, decode(segmentation.counts, segmentation.size));
  return masks.get(segmentation);
}

/** @typedef {import("../../label/render/camera.js").Camera} Camera */

/** @param {CanvasRenderingContext2D} context
 * @param {{ bitmap: ImageBitmap, scale: number }} picture
 * @param {Camera} camera  in device pixels */
export function paintPicture(context, { bitmap, scale }, camera) {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = camera.scale / scale < 4; // beyond, the pixels themselves are of interest
  context.imageSmoothingQuality = "high";
  const to = camera.scale / scale;
  // Only what is seen: a large picture far away costs as much as a small one.
  const x0 = Math.max(0, Math.floor(camera.x * scale));
  const y0 = Math.max(0, Math.floor(camera.y * scale));
  const x1 = Math.min(bitmap.width, Math.ceil(camera.x * scale + width / to));
  const y1 = Math.min(bitmap.height, Math.ceil(camera.y * scale + height / to));
  if (x1 <= x0 || y1 <= y0) return;
  context.drawImage(bitmap, x0, y0, x1 - x0, y1 - y0, x0 * to - camera.x * camera.scale, y0 * to - camera.y * camera.scale, (x1 - x0) * to, (y1 - y0) * to);
}

const little = ([red, green, blue], alpha) => ((Math.round(alpha * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** Bands from the border inwards: dark outside, so that the outline is seen on any ground.
 * @param {number[]} colour @param {"fill"|"outline"|"both"} mode @param {number} opacity @param {number} ratio device pixels per css pixel */
export function styleOf(colour, mode, opacity, ratio) {
  const fill = mode === "outline" ? 0 : little(colour, opacity);
  const wide = Math.max(2, Math.round(2 * ratio));
  const bands = mode === "fill" ? [] : [{ width: Math.max(1, Math.round(ratio)), colour: little([0, 0, 0], 0.75) }, { width: wide, colour: little(colour, 1) }];
  return { fill, bands };
}

/** As `styleOf`, with an outline that stands out among others, also in another colour vision: thick, and white on its outside.
 * @param {number[]} colour @param {"fill"|"outline"|"both"} mode @param {number} opacity @param {number} ratio */
export function raisedStyleOf(colour, mode, opacity, ratio) {
  const wide = (css) => Math.max(css, Math.round(css * ratio));
  const bands = [{ width: wide(1), colour: little([0, 0, 0], 0.75) }, { width: wide(2), colour: little([255, 255, 255], 1) }, { width: wide(4), colour: little(colour, 1) }];
  return { fill: styleOf(colour, mode, opacity, ratio).fill, bands };
}

/** @param {CanvasRenderingContext2D} context
 * @param {import("../../label/masks/rle.js").Mask} mask
 * @param {Camera} camera  in device pixels
 * @param {ReturnType<typeof styleOf>} style */
export function paintMask(context, mask, camera, style) {
  const window = windowOf(mask, camera, context.canvas);
  if (window === null) return;
  const { x0, y0, width, height } = window;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const view = { scale: camera.scale, x: camera.x + x0 / camera.scale, y: camera.y + y0 / camera.scale };
  paintShape({ pixels, width }, linesOfMask(mask), view, style, { x0: 0, y0: 0, x1: width, y1: height });
  const layer = new OffscreenCanvas(width, height);
  layer.getContext("2d").putImageData(image, 0, 0); // over the photograph it would replace, not blend
  context.drawImage(layer, x0, y0);
}

/** The part of the screen that the mask touches, in device pixels; null where it lies outside. */
function windowOf({ bbox_xywh: [x, y, width, height] }, { scale, x: left, y: top }, canvas) {
  const x0 = Math.max(0, Math.floor((x - left) * scale) - 1);
  const y0 = Math.max(0, Math.floor((y - top) * scale) - 1);
  const x1 = Math.min(canvas.width, Math.ceil((x + width - left) * scale) + 1);
  const y1 = Math.min(canvas.height, Math.ceil((y + height - top) * scale) + 1);
  return x1 > x0 && y1 > y0 ? { x0, y0, width: x1 - x0, height: y1 - y0 } : null;
}

/** In device pixels what is given in css pixels. @param {Camera} camera @param {number} ratio */
export const onDevice = ({ scale, x, y }, ratio) => ({ scale: scale * ratio, x, y });
