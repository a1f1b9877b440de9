// Decoded pictures, there before their cards are: those of the next cards are loaded in the order of the deck.
import { createLoader } from "../../label/render/loader.js";
import { createLru } from "../../label/render/lru.js";
import { isWhole, sideFor } from "./crop.js";

const BUDGET = 384_000_000; // bytes of decoded pixels
const FINE_BUDGET = 160_000_000;
/** Larger ones are loaded for the card in view only, and kept apart: a decoded picture of 4096 takes up to 64 MB, and
 * would push out those of five cards to come. */
const AHEAD_MOST = 2048;
/** Pictures that are kept decoded for cards to come. */
const AHEAD = 10;

const bytesOf = ({ width, height }) => width * height * 4;
const nameOf = (image, side) => `${image}/${side}`;
const SIDES = [4096, 2048, 1024];

/** @param {object} options
 * @param {(image: number, side: number) => string} options.urlOf
 * @param {() => void} options.onPicture   there is something new to draw
 * @param {(sentence: string) => void} options.onTrouble */
export function createPictures({ urlOf, onPicture, onTrouble }) {
  const kept = createLru(BUDGET, (bitmap) => bitmap.close());
  const fine = createLru(FINE_BUDGET, (bitmap) => bitmap.close());
  const loader = createLoader({ onTrouble });

  const shelf = (side) => (side > AHEAD_MOST ? fine : kept);
  const has = (image, side) => shelf(side).has(nameOf(image.id, side));

  function receive(name, bitmap) {
    shelf(Number(name.split("/")[1])).set(name, bitmap, bytesOf(bitmap));
    onPicture();
  }

  /** @returns {{ bitmap: ImageBitmap, scale: number }|null} the finest one that is there; scale: its pixels per image pixel */
  function best(image) {
    for (const side of SIDES) {
      const bitmap = shelf(side).get(nameOf(image.id, side));
      if (bitmap) return { bitmap, scale: bitmap.width / image.width };
    }
    return null;
  }

  /** @param {{ image: object, scale: number }[]} views  of the cards in order, the one in view first; scale: device pixels
   * per image pixel
   * @param {{ ahead?: number, most?: number, isStill?: boolean }} [limits]  how many images, and their largest long side;
   * isStill: somebody looks at the first for longer, who may have it finer */
  function want(views, { ahead = AHEAD, most = AHEAD_MOST, isStill = false } = {}) {
    const wanted = new Map();
    const add = (image, side) => {
      if (!has(image, side)) wanted.set(nameOf(image.id, side), { name: nameOf(image.id, side), url: urlOf(image.id, side), what: "The picture" });
      else shelf(side).get(nameOf(image.id, side)); // counts as used: what comes next must not leave
    };
    const [first] = views;
    if (first && best(first.image) === null) add(first.image, Math.min(most, sideFor(first.image, first.scale)));
    const images = new Set();
    for (const { image, scale } of views) {
      images.add(image.id);
      if (images.size > ahead) break;
      const side = Math.min(most, sideFor(image, scale));
      if (!SIDES.some((finer) => finer > side && has(image, finer))) add(image, side);
    }
    if (first && isStill) {
      const finest = sideFor(first.image, first.scale);
      if (finest > most && !isWhole(first.image, most)) add(first.image, finest);
    }
    loader.want([...wanted.values()], receive);
  }

  return {
    want,
    best,
    clear() {
      loader.clear();
      kept.clear();
      fine.clear();
    },
  };
}
