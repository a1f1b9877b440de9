// Which objects of several passes over one image are the same, and which only some drew, or drew or named otherwise. Pure.
import { iou } from "../../label/masks/rle.js";

/** As the server settles: from this IoU on, under the same category, two people drew the same. */
const AGREED = 0.8;
/** From this one on they meant the same object. */
const SAME = 0.5;

/** @typedef {"agreed"|"otherwise"|"alone"} Standing  agreed: every other pass has it so; otherwise: not every one has it,
 * or not so; alone: no other has it
 * @typedef {{ category_id: number, mask: import("../../label/masks/rle.js").Mask }} Drawn */

/** @param {(Drawn[]|null)[]} passes  null: skipped, which says nothing of objects
 * @returns {Standing[][]} of each pass, of each of its objects */
export function standingsOf(passes) {
  const found = passes.map((objects) => (objects ?? []).map(() => ({ agreed: 0, met: 0 })));
  const done = passes.flatMap((objects, at) => (objects === null ? [] : [at]));
  for (const [place, one] of done.entries()) {
    for (const other of done.slice(place + 1)) {
      for (const { ours, theirs, isAgreed } of pairsOf(passes[one], passes[other])) {
        for (const object of [found[one][ours], found[other][theirs]]) {
          object.met += 1;
          object.agreed += isAgreed;
        }
      }
    }
  }
  const others = done.length - 1;
  return found.map((objects) => objects.map(({ agreed, met }) => (met === 0 ? "alone" : agreed === others ? "agreed" : "otherwise")));
}

/** Each object in one pair at most: those that agree first, then the most alike. @param {Drawn[]} ours @param {Drawn[]} theirs */
function pairsOf(ours, theirs) {
  const likely = ours.flatMap((one, at) => theirs.map((other, there) => {
    const like = iou(one.mask, other.mask);
    return { ours: at, theirs: there, like, isAgreed: like >= AGREED && one.category_id === other.category_id };
  })).filter(({ like }) => like >= SAME);
  likely.sort((a, b) => b.isAgreed - a.isAgreed || b.like - a.like);
  const taken = { ours: new Set(), theirs: new Set() };
  return likely.filter((pair) => {
    if (taken.ours.has(pair.ours) || taken.theirs.has(pair.theirs)) return false;
    taken.ours.add(pair.ours);
    taken.theirs.add(pair.theirs);
    return true;
  });
}

/** How many of each standing. @param {Standing[]} standings */
export const countsOf = (standings) =>
  standings.reduce((sum, standing) => ({ ...sum, [standing]: sum[standing] + 1 }), { agreed: 0, otherwise: 0, alone: 0 });

/** Of each category that somebody used, in the order of the project, how many objects each pass has.
 * @param {{ category_id: number }[][]} passes @param {{ id: number, name: string }[]} categories
 * @returns {{ id: number, name: string, counts: number[] }[]} */
export const tallyOf = (passes, categories) =>
  categories
    .map(({ id, name }) => ({ id, name, counts: passes.map((objects) => objects.filter(({ category_id }) => category_id === id).length) }))
    .filter(({ counts }) => counts.some((count) => count > 0));

/** In how many columns several copies of an image are the largest.
 * @param {number} count @param {{ width: number, height: number }} image @param {{ width: number, height: number }} room
 * @param {number} head  height of what stands above each, css pixels */
export function columnsFor(count, image, room, head) {
  const scale = (columns) => Math.min(room.width / columns / image.width, (room.height / Math.ceil(count / columns) - head) / image.height);
  const choices = Array.from({ length: count }, (_, at) => at + 1);
  return choices.reduce((best, columns) => (scale(columns) > scale(best) ? columns : best), 1);
}
