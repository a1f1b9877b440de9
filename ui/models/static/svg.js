// SVG elements in one expression; attributes only.

const SPACE = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, string|number>} attributes @param {...Node} children */
export function svg(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElementNS(SPACE, name);
  if (classes.length) made.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children.flat());
  return made;
}
