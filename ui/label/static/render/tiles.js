// Which tiles a view needs, and what to show for one that is not there yet. Pure.

/** A level k has one sample per 2^k image pixels; below 0 several samples per image pixel.
 * @typedef {{ level: number, column: number, row: number }} Place */

export const TILE = 512;

export const nameOf = ({ level, column, row }) => `${level}/${column}/${row}`;

/** The side of a tile in image pixels. */
export const span = (level) => TILE * 2 ** level;

/** The finest level that is not finer than the screen by more than a factor of two.
 * @param {number} deviceScale  device pixels per image pixel */
export const levelFor = (deviceScale) => Math.floor(Math.log2(1 / deviceScale) + 1e-9);

/** The part of the image that a tile shows, as [x0, y0, x1, y1]. */
export function areaOf({ level, column, row }, size) {
  const side = span(level);
  return [
    column * side,
    row * side,
    Math.min(size.width, (column + 1) * side),
    Math.min(size.height, (row + 1) * side),
  ];
}

/** Whether a box and an area come nearer than a margin. */
export function touches([x, y, width, height], [x0, y0, x1, y1], margin) {
  return x < x1 + margin && y < y1 + margin && x + width > x0 - margin && y + height > y0 - margin;
}

/** The tiles of a level that touch a rectangle of the image, those nearest to its middle first.
 * @param {number[]} rectangle  [x0, y0, x1, y1]
 * @returns {Place[]} */
export function tilesIn(rectangle, level, size, ring = 0) {
  const side = span(level);
  const [x0, y0, x1, y1] = rectangle;
  if (x1 <= 0 || y1 <= 0 || x0 >= size.width || y0 >= size.height) return [];
  const range = (from, to, length) => [
    Math.max(0, Math.floor(from / side) - ring),
    Math.min(Math.ceil(length / side), Math.ceil(to / side) + ring),
  ];
  const [left, right] = range(x0, x1, size.width);
  const [top, bottom] = range(y0, y1, size.height);
  const places = [];
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) places.push({ level, column, row });
  const [middleX, middleY] = [(x0 + x1) / 2 / side - 0.5, (y0 + y1) / 2 / side - 0.5];
  const distance = (place) => Math.hypot(place.column - middleX, place.row - middleY);
  return places.sort((a, b) => distance(a) - distance(b));
}

/** The tiles of a view and those that are wanted, by their urgency: also those around it, if a cache of
 * `most` holds them. A view of more than `most` is given one level coarser: a large screen, fine pixels. */
export function placesFor(view, level, size, most) {
  let visible = tilesIn(view.seen, level, size);
  while (visible.length > most) visible = tilesIn(view.seen, ++level, size);
  const names = new Set(visible.map(nameOf));
  const around = tilesIn(view.seen, level, size, 1).filter((place) => !names.has(nameOf(place)));
  return { level, visible, wanted: [...visible, ...around].slice(0, most) };
}

/** What to draw for the wanted places, from what `has` says is there: a missing tile is replaced by its
 * four children, or else by a part of the nearest ancestor. Pieces never overlap: they may be translucent.
 * @returns {{ place: Place, area: number[] }[]}  area: of the image, what to draw of that tile */
export function best(wanted, has, coarsest, size) {
  const pieces = [];
  for (const place of wanted) {
    if (has(place)) {
      pieces.push({ place, area: areaOf(place, size) });
      continue;
    }
    const children = childrenOf(place, size);
    const there = children.filter(has);
    const ancestor = there.length < children.length && ancestorOf(place, has, coarsest);
    if (ancestor) pieces.push({ place: ancestor, area: areaOf(place, size) });
    else for (const child of there) pieces.push({ place: child, area: areaOf(child, size) });
  }
  return pieces;
}

/** Draws pieces on whole device pixels: edges that two tiles share are drawn without a seam.
 * @param {CanvasRenderingContext2D} context  in device pixels
 * @param {{ scale: number, x: number, y: number }} camera  scale: device pixels per image pixel
 * @param {(place: Place) => CanvasImageSource} pictureOf */
export function drawPieces(context, pieces, camera, pictureOf) {
  const toX = (x) => Math.round((x - camera.x) * camera.scale);
  const toY = (y) => Math.round((y - camera.y) * camera.scale);
  for (const { place, area } of pieces) {
    const [x0, y0, x1, y1] = area;
    const [left, top] = [toX(x0), toY(y0)];
    const [width, height] = [toX(x1) - left, toY(y1) - top];
    if (width <= 0 || height <= 0) continue;
    const step = 2 ** place.level;
    const side = span(place.level);
    const [sourceX, sourceY] = [(x0 - place.column * side) / step, (y0 - place.row * side) / step];
    const [sourceWidth, sourceHeight] = [(x1 - x0) / step, (y1 - y0) / step];
    context.drawImage(pictureOf(place), sourceX, sourceY, sourceWidth, sourceHeight, left, top, width, height);
  }
}

function childrenOf({ level, column, row }, size) {
  const child = (dx, dy) => ({ level: level - 1, column: 2 * column + dx, row: 2 * row + dy });
  const inside = ({ column: x, row: y }) => x * span(level - 1) < size.width && y * span(level - 1) < size.height;
  return [child(0, 0), child(1, 0), child(0, 1), child(1, 1)].filter(inside);
}

function ancestorOf(place, has, coarsest) {
  let { level, column, row } = place;
  while (level < coarsest) {
    [level, column, row] = [level + 1, column >> 1, row >> 1];
    if (has({ level, column, row })) return { level, column, row };
  }
  return null;
}
