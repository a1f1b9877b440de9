// Shares and spreads in words.

import { percent, plain } from "../models/words.js";

/** "88 – 95 %" */
export const bounds = ({ low, high }) => `${percent(low).replace(" %", "")} – ${percent(high)}`;

/** "0.88 – 0.95", of what is no share */
export const boundsOf = ({ low, high }, digits = 2) => `${plain(low, digits)} – ${plain(high, digits)}`;

/** "3.2 s" @param {{median: number}|null} spread */
export const medianWords = (spread, unit = "", digits = 1) => (spread === null ? "–" : `${plain(spread.median, digits)}${unit && ` ${unit}`}`);
export const quartileWords = ({ low, high }, digits = 1) => `${plain(low, digits)} – ${plain(high, digits)}`;
