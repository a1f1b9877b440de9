// What the image list says about an image, and of bytes and time.

import { counted } from "../dom.js";

export const STATES = { todo: "To do", done: "Done", skipped: "Skipped" };

/** The last part of where an image came from. @param {string} source */
export function nameOf(source) {
  const isWeb = /^https?:/.test(source);
  const path = isWeb ? source.replace(/[?#].*$/, "") : source.replace(/^upload:/, "");
  return path.split(/[/\\]/).filter(Boolean).at(-1) ?? source;
}

/** Who works on an image now, or null. @param {{lease?: {user: string}|null}} image @param {string|undefined} me */
export function workerOf(image, me) {
  if (!image.lease) return null;
  return image.lease.user === me ? "You are working on it" : `${image.lease.user} is working on it`;
}

/** @param {{annotations: number, pending_proposals: number}} image */
export const contentsOf = (image) =>
  `${counted(image.annotations, "annotation")} · ${counted(image.pending_proposals, "proposal")}`;

/** All of a card in a sentence, for those who hear it. */
export function spokenOf(image, me) {
  const parts = [nameOf(image.source_uri), `${image.width} by ${image.height} pixels`];
  if (image.state) parts.push(STATES[image.state]);
  parts.push(counted(image.annotations, "annotation"), counted(image.pending_proposals, "proposal"));
  const worker = workerOf(image, me);
  if (worker) parts.push(worker);
  return parts.join(", ");
}

/** How many images were found, as a sentence. @param {{count: number, isComplete: boolean, total: number|null}} found */
export function foundSentence({ count, isComplete, total }) {
  if (!isComplete && total === null) return `More than ${counted(count, "image")} found.`;
  const all = isComplete ? count : Math.max(total, count);
  return all === 0 ? "No images found." : `${counted(all, "image")} found.`;
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Decimal, as file managers show it. @param {number} bytes */
export function bytesOf(bytes) {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** @param {number} seconds */
export function durationOf(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
