// How masks of an image lie to each other: inside, around, across. SAM's whole, part and sub-part.
import { intersectionArea } from "./masks/rle.js";

const INSIDE = 0.9;
const OVERLAP = 0.02;

/**
 * @param {object} object @param {Iterable<object>} others
 * @returns {{ inside: object[], contains: object[], overlaps: object[] }} smallest first
 */
export function relationsOf(object, others) {
  const found = { inside: [], contains: [], overlaps: [] };
  for (const other of others) {
    if (other.key === object.key || !boxesMeet(object.mask.bbox_xywh, other.mask.bbox_xywh)) continue;
    const shared = intersectionArea(object.mask, other.mask);
    if (shared >= INSIDE * object.mask.area && other.mask.area >= object.mask.area) found.inside.push(other);
    else if (shared >= INSIDE * other.mask.area) found.contains.push(other);
    else if (shared >= OVERLAP * Math.min(object.mask.area, other.mask.area)) found.overlaps.push(other);
  }
  for (const list of Object.values(found)) list.sort((a, b) => a.mask.area - b.mask.area);
  return found;
}

function boxesMeet([x1, y1, w1, h1], [x2, y2, w2, h2]) {
  return x1 < x2 + w2 && x2 < x1 + w1 && y1 < y2 + h2 && y2 < y1 + h1;
}
