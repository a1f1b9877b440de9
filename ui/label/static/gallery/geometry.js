// Where the cards of the image list lie, which of them the screen shows, and where arrow keys lead.

/**
 * @typedef {object} Grid
 * @property {number} columns
 * @property {number} width     of a card
 * @property {number} picture   height of its picture
 * @property {number} height    of a card
 */

export const GAP = 14;
const LEAST_WIDTH = 216;
const FOOT = 84; // the lines below a picture, as gallery.css sets them
const AHEAD = 2; // rows kept ready above and below the screen

/** @param {number} width  of the list @returns {Grid} */
export function gridOf(width) {
  const columns = Math.max(1, Math.floor((width + GAP) / (LEAST_WIDTH + GAP)));
  const card = Math.max(1, (width - GAP * (columns - 1)) / columns);
  const picture = Math.round(card * 0.75);
  return { columns, width: card, picture, height: picture + FOOT };
}

/** @param {Grid} grid @param {number} index */
export function positionOf(grid, index) {
  const column = index % grid.columns;
  const row = Math.floor(index / grid.columns);
  return { x: column * (grid.width + GAP), y: row * (grid.height + GAP) };
}

/** @param {Grid} grid @param {number} count */
export function heightOf(grid, count) {
  const rows = Math.ceil(count / grid.columns);
  return rows === 0 ? 0 : rows * (grid.height + GAP) - GAP;
}

/** The half-open range of cards on the screen and a little beyond.
 * @param {Grid} grid @param {number} count @param {number} top @param {number} height  of the screen, from the first card's top */
export function onScreen(grid, count, top, height) {
  const step = grid.height + GAP;
  const first = Math.max(0, Math.floor(top / step) - AHEAD) * grid.columns;
  const end = Math.max(0, Math.ceil((top + height) / step) + AHEAD) * grid.columns;
  return { first: Math.min(first, count), end: Math.min(end, count) };
}

/** The first card whose top edge the screen shows. @param {Grid} grid @param {number} count @param {number} top */
export function firstWhole(grid, count, top) {
  const row = Math.max(0, Math.ceil((top - GAP) / (grid.height + GAP)));
  return Math.max(0, Math.min(row * grid.columns, count - 1));
}

/** How far to scroll so that a card is on the screen whole. @param {Grid} grid */
export function topToShow(grid, index, top, height) {
  const { y } = positionOf(grid, index);
  if (y < top) return y;
  return y + grid.height > top + height ? y + grid.height - height : top;
}

/** Where a key leads from a card, or null for other keys. @param {Grid} grid @param {number} rows  a screen has */
export function led(key, grid, index, count, rows) {
  const last = count - 1;
  const down = (by) => {
    const to = index + by * grid.columns;
    if (to < 0) return index;
    const isLastRow = Math.floor(index / grid.columns) === Math.floor(last / grid.columns);
    return to <= last ? to : isLastRow ? index : last;
  };
  const page = Math.max(1, rows);
  switch (key) {
    case "ArrowRight": return Math.min(last, index + 1);
    case "ArrowLeft": return Math.max(0, index - 1);
    case "ArrowDown": return down(1);
    case "ArrowUp": return down(-1);
    case "PageDown": return down(page);
    case "PageUp": return index - page * grid.columns < 0 ? index % grid.columns : down(-page);
    case "Home": return 0;
    case "End": return last;
    default: return null;
  }
}
