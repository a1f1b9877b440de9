// The photograph: a rendition of the whole at once, then tiles for what is zoomed into.
import { createLru } from "./lru.js";
import { createLoader } from "./loader.js";
import { TILE, best, drawPieces, levelFor, nameOf, placesFor } from "./tiles.js";

/** More tiles than this on one screen are taken one level coarser. */
const MOST = 48;
const TILES_BUDGET = 64 * TILE * TILE * 4; // with the rendition, some 80 MB of decoded pixels
const SIDES = [1024, 2048];
/** A rendition may be enlarged by this much before tiles are worth asking for. */
const ENLARGED = 1.1;
const bytesOf = (bitmap) => bitmap.width * bitmap.height * 4;

/** @typedef {{ rendition: (side: number) => string, tile: (level: number, column: number, row: number) => string }} Urls */

/** @param {{ onPicture: () => void, onTrouble: (sentence: string) => void }} options
 * onPicture: there is something new to draw */
export function createPhoto({ onPicture, onTrouble }) {
  const tiles = createLru(TILES_BUDGET, (bitmap) => bitmap.close());
  const loader = createLoader({ onTrouble });
  let picture = null; // { width, height, levels, urls }
  let whole = []; // the rendition and its halves, the largest first
  let opened = 0;

  function open(next, devicePixels) {
    close();
    picture = next;
    const turn = opened;
    const side = SIDES.find((known) => known >= devicePixels) ?? SIDES.at(-1);
    loader.want([{ name: "rendition", url: next.urls.rendition(side), what: "The picture" }], async (_, bitmap) => {
      const halves = await withHalves(bitmap);
      if (turn !== opened) return halves.forEach((half) => half.close());
      whole = halves;
      onPicture();
    });
  }

  function close() {
    opened += 1;
    loader.clear();
    tiles.clear();
    whole.forEach((bitmap) => bitmap.close());
    [picture, whole] = [null, []];
  }

  /** The tiles to draw for a view; asks for those that are missing. None where the rendition is fine enough. */
  function visibleTiles(view) {
    const enough = view.scale <= (whole[0].width / picture.width) * ENLARGED;
    if (enough || whole[0].width === picture.width) {
      loader.want([], () => {});
      return [];
    }
    const finest = Math.min(picture.levels - 1, Math.max(0, levelFor(view.scale)));
    const { visible, wanted } = placesFor(view, finest, picture, MOST);
    const missing = wanted.filter((place) => !tiles.has(nameOf(place)));
    loader.want(
      missing.map((place) => ({
        name: nameOf(place),
        url: picture.urls.tile(place.level, place.column, place.row),
        what: "A part of the picture",
      })),
      (name, bitmap) => {
        tiles.set(name, bitmap, bytesOf(bitmap));
        onPicture();
      },
    );
    return visible;
  }

  function drawWhole(context, view) {
    const needed = picture.width * view.scale;
    const bitmap = whole.findLast((half) => half.width >= needed) ?? whole[0];
    const [left, top] = [Math.round(-view.x * view.scale), Math.round(-view.y * view.scale)];
    const right = Math.round((picture.width - view.x) * view.scale);
    const bottom = Math.round((picture.height - view.y) * view.scale);
    context.drawImage(bitmap, left, top, right - left, bottom - top);
  }

  return {
    open,
    close,
    get isThere() {
      return whole.length > 0;
    },

    /** The smallest picture of the whole that is at least so wide, for the minimap. */
    small: (width) => whole.findLast((half) => half.width >= width) ?? whole[0] ?? null,

    /** @param {{ scale: number, x: number, y: number, seen: number[], smooth: boolean }} view
     * scale in device pixels; smooth: averaged, which costs half as much again */
    draw(context, view) {
      context.clearRect(0, 0, context.canvas.width, context.canvas.height);
      if (!picture || whole.length === 0) return;
      const visible = visibleTiles(view);
      // Above four times the size the pixels themselves are of interest.
      context.imageSmoothingEnabled = view.smooth && view.scale < 4;
      const has = (place) => tiles.has(nameOf(place));
      if (!visible.length || !visible.every(has)) drawWhole(context, view);
      const pieces = best(visible, has, picture.levels - 1, picture);
      drawPieces(context, pieces, view, (place) => tiles.get(nameOf(place)));
    },
  };
}

/** Halves made with care once make every smaller view smooth, at the cost of one cheap draw. */
async function withHalves(bitmap) {
  const halves = [bitmap];
  while (halves.at(-1).width >= 512) {
    const { width, height } = halves.at(-1);
    const size = { resizeWidth: Math.ceil(width / 2), resizeHeight: Math.ceil(height / 2) };
    halves.push(await createImageBitmap(halves.at(-1), { ...size, resizeQuality: "high" }));
  }
  return halves;
}
