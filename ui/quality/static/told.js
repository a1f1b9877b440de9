// Shares and spreads in words. An interval that says next to nothing is said to do so.

import { count, percent, plain } from "../models/words.js";

export const TOO_WIDE = 0.4;

/** Whether so few were asked that the interval says next to nothing. @param {{low: number, high: number}|null} share */
export const isTooFew = (share) => share === null || share.high - share.low > TOO_WIDE;

/** "88 – 95 %" */
export const bounds = ({ low, high }) => `${percent(low).replace(" %", "")} – ${percent(high)}`;

/** "92 %, 88 – 95 %" */
export const shareWords = (share) => (share === null ? "none yet" : `${percent(share.mean)}, ${bounds(share)}`);

/** "3.2 s" @param {{median: number}|null} spread */
export const medianWords = (spread, unit = "", digits = 1) => (spread === null ? "–" : `${plain(spread.median, digits)}${unit && ` ${unit}`}`);
export const quartileWords = ({ low, high }, digits = 1) => `${plain(low, digits)} – ${plain(high, digits)}`;

const ORIGINS = { accepted: "Accepted as proposed", corrected: "Corrected", prompted: "From prompts", drawn: "By hand" };
const DEFECTS = { all: "All of them", eroded: "Eroded", shifted: "Shifted", merged: "Merged with a neighbour", missing_part: "A part is missing", wrong_category: "Wrong category" };
export const originName = (name) => ORIGINS[name] ?? name;
export const defectName = (name) => DEFECTS[name] ?? name.replaceAll("_", " ");

/** Of versions that share a name the number tells them apart. @param {{id: number|null, name: string}} of */
export const versionName = ({ id, name }) => (id === null ? "By hand" : `${name} v${id}`);

export const sum = (rows, key) => rows.reduce((total, row) => total + row[key], 0);
export const few = (answers) => (answers === 0 ? "nobody was asked yet" : `too few to say: ${count(answers)} so far`);
