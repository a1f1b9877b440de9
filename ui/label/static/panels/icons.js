// The icons of the page, as strokes on a 24 by 24 grid.
import { icon } from "../dom.js";

const PATHS = {
  point: ["M12 3v4M12 17v4M3 12h4M17 12h4", "M12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z"],
  box: ["M5 5h14v14H5z", "M3.5 5h3M5 3.5v3M17.5 19h3M19 17.5v3"],
  stroke: ["M4 17c3-9 6-9 7-4s4 5 9-6"],
  brush: ["M14 5l5 5-8.5 8.5a3 3 0 0 1-2 .9L5 19l-.4-3.5a3 3 0 0 1 .9-2Z"],
  eraser: ["M8 19h12", "M5.5 13.5l8-8a2 2 0 0 1 2.8 0l3.2 3.2a2 2 0 0 1 0 2.8L12 19H8.5L5.5 16.3a2 2 0 0 1 0-2.8Z", "M10 9l6 6"],
  polygon: ["M12 4l8 6-3 9H7l-3-9Z"],
  polygon_subtract: ["M12 4l8 6-3 9H7l-3-9Z", "M9 13h6"],
  split: ["M4 20L20 4", "M7 7a2.5 2.5 0 1 0 0-.01M17 17a2.5 2.5 0 1 0 0-.01"],
  pan: ["M12 3v18M3 12h18", "M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3"],
  undo: ["M8 5L4 9l4 4", "M4 9h10a5.5 5.5 0 0 1 0 11h-3"],
  redo: ["M16 5l4 4-4 4", "M20 9H10a5.5 5.5 0 0 0 0 11h3"],
  keys: ["M3 7h18v11H3z", "M7 11h.01M11 11h.01M15 11h.01M8 14.5h8"],
  images: ["M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z"],
  fit: ["M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"],
  plus: ["M12 5v14M5 12h14"],
  minus: ["M5 12h14"],
  close: ["M6 6l12 12M18 6L6 18"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cloud: ["M7 18a4 4 0 0 1 0-8 5.5 5.5 0 0 1 10.6 1.5A3.3 3.3 0 0 1 17 18Z"],
  warn: ["M12 4l9 16H3Z", "M12 10v4M12 17v.01"],
  skip: ["M5 5l8 7-8 7ZM16 5v14"],
  logo: ["M12 3c5 0 9 3 9 8s-3 10-9 10-9-4-9-9 4-9 9-9Z", "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z"],
};

/** @param {keyof typeof PATHS} name */
export const picture = (name) => icon(...PATHS[name]);
