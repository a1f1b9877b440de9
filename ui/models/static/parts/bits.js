// Small pieces that every part of the page is made of.

import { counted, el, icon } from "../../label/dom.js";

const ICONS = {
  logo: ["M12 3c5 0 9 3 9 8s-3 10-9 10-9-4-9-9 4-9 9-9Z", "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M6 6l12 12M18 6L6 18"],
  few: ["M6 12h12"],
  warn: ["M12 4l9 16H3Z", "M12 10v4M12 17v.01"],
  back: ["M9 6L4 11l5 5", "M4 11h10a6 6 0 0 1 6 6v1"],
  play: ["M7 5l12 7-12 7Z"],
  download: ["M12 4v11", "M7 11l5 5 5-5", "M5 20h14"],
  shadow: ["M9 4a7 7 0 1 0 7 12A8 8 0 0 1 9 4Z"],
  set: ["M5 6c0-1.6 3.1-2.5 7-2.5s7 .9 7 2.5-3.1 2.5-7 2.5S5 7.6 5 6Z", "M5 6v12c0 1.6 3.1 2.5 7 2.5s7-.9 7-2.5V6", "M5 12c0 1.6 3.1 2.5 7 2.5s7-.9 7-2.5"],
  down: ["M6 9l6 6 6-6"],
  up: ["M6 15l6-6 6 6"],
};

/** @param {keyof typeof ICONS} name */
export const picture = (name) => icon(...ICONS[name]);

/** A button whose click runs the deed of that name (deeds.js). */
export const doing = (name, label, { kind = "", data = {}, sign = null, ...more } = {}) =>
  el("button.button", { type: "button", class: kind, data: { do: name, ...data }, ...more }, sign && picture(sign), label);

export const chip = (text, tone = "", sign = null) => el("span.chip", { class: tone }, sign && picture(sign), text);

/** A part of the page under a heading. */
export const sheet = (name, title, head, ...content) =>
  el("section.sheet", { class: name, data: { key: name }, "aria-labelledby": `${name}-title` },
    el("header.sheet-head", {}, el("h2", { id: `${name}-title` }, title), head), ...content);

export const bones = (lines = 3) =>
  el("div.bones", { role: "status" }, el("span.unseen", {}, "Loading"), Array.from({ length: lines }, () => el("i.bone")));

/** What could not be loaded, and the way to try again. */
export const trouble = (what, error) =>
  el("div.trouble", { role: "alert" }, picture("warn"),
    el("div", {}, el("strong", {}, what), el("p", {}, error.message)),
    doing("refresh", "Try again"));

/** Loaded: drawn; failed: said, above what is known from before; else bones. */
export function drawn({ data, error }, what, draw, lines = 3) {
  if (data === null) return [error ? trouble(what, error) : bones(lines)];
  return [error && trouble(`${what}. What stands here may be old`, error), draw(data)].flat(Infinity).filter(Boolean);
}

export const nothing = (title, ...content) => el("div.nothing", {}, el("h3", {}, title), ...content);

/** A bar that fills. @param {{ value: number, most: number, label: string, tone?: string }} options */
export const meter = ({ value, most, label, tone = "" }) =>
  el("div.meter", { class: tone, role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": most, "aria-valuenow": Math.min(value, most) },
    el("i", { style: { width: `${Math.min(100, (100 * value) / Math.max(most, 1e-9))}%` } }));

/** Terms and what belongs to them; what is null is left out. @param {[string, any][]} pairs */
export const facts = (pairs) =>
  el("dl.facts", {}, pairs.filter(([, value]) => value !== null && value !== undefined).map(([term, value]) =>
    el("div", {}, el("dt", {}, term), el("dd", {}, value))));

export const link = (address, ...content) => el("a", { href: address }, ...content);
export { counted, el };
