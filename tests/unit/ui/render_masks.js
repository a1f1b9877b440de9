// Masks to test with: made pixel by pixel, so that what is compared with is plain to see.
import { fromBitmap } from "../../../ui/label/static/masks/rle.js";
import { seeded } from "./drawing.js";

/** @param {[number, number]} size_hw
 * @param {(x: number, y: number) => boolean} inside */
export function maskWhere(size_hw, inside) {
  const [height, width] = size_hw;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = inside(x, y) ? 1 : 0;
  return fromBitmap({ size_hw, x: 0, y: 0, width, height, data });
}

export const box = (x0, y0, x1, y1) => (x, y) => x >= x0 && x < x1 && y >= y0 && y < y1;

/** A mask with ragged edges, holes and specks. */
export function ragged(size_hw, seed) {
  const next = seeded(seed);
  const [height, width] = size_hw;
  const noise = Float64Array.from({ length: width * height }, next);
  const [cx, cy, r] = [next() * width, next() * height, (0.2 + 0.5 * next()) * Math.min(width, height)];
  return maskWhere(size_hw, (x, y) => Math.hypot(x - cx, y - cy) < r * (0.6 + 0.6 * noise[y * width + x]));
}
