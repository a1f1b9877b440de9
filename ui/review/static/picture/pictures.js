// Decoded pictures, there before their cards are: those of the next cards are loaded in the order of the deck.
import { createLoader } from "../../label/render/loader.js";
import { createLru } from "../../label/render/lru.js";
import { isWhole, sideFor } from "./crop.js";

const BUDGET = 384_000_000; // bytes of decoded pixels
/** Larger ones are loaded for the card in view only: a decoded picture of 4096 takes up to 64 MB. */
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
  const loader = createLoader({ onTrouble });

  const has = (image, side) => kept.has(nameOf(image.id, side));

  function receive(name, bitmap) {
    kept.set(name, bitmap, bytesOf(bitmap));
    onPicture();
  }

  /** @returns {{ bitmap: ImageBitmap, scale: number }|null} the finest one that is there; scale: its pixels per image pixel */
  function best(image) {
    for (const side of SIDES) {
      const bitmap = kept.get(nameOf(image.id, side));
      if (bitmap) return { bitmap, scale: bitmap.width / image.width };
    }
    return null;
  }

  /** @param {{ image: object, scale: number }[]} views  of the cards in order, the one in view first; scale: device pixels
   * per image pixel
   * @param {{ ahead?: number, most?: number }} [limits]  how many images, and their largest long side */
  function want(views, { ahead = AHEAD, most = AHEAD_MOST } = {}) {
    const wanted = new Map();
    const add = (image, side) => {
      if (!has(image, side)) wanted.set(nameOf(image.id, side), { name: nameOf(image.id, side), url: urlOf(image.id, side), what: "The picture" });
      else kept.get(nameOf(image.id, side)); // counts as used: what comes next must not leave
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
    if (first && most === AHEAD_MOST) {
      const fine = sideFor(first.image, first.scale);
      if (fine > most && !isWhole(first.image, most)) add(first.image, fine);
    }
    loader.want([...wanted.values()], receive);
  }

  return {
    want,
    best,
    clear() {
      loader.clear();
      kept.clear();
    },
  };
}
