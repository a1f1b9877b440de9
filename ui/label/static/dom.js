// Elements made in one expression.

/**
 * @param {string} tag  may carry classes: "button.quiet.small"
 * @param {object} [properties]  `on…` are listeners, `data` is the dataset, `class`, `aria-…` and other names with a dash are attributes, the rest are properties
 * @param {...(Node|string|number|null|undefined|false|Array)} children
 */
export function el(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) apply(made, key, value);
  made.append(...flat(children));
  return made;
}

function apply(made, key, value) {
  if (value === undefined || value === null) return;
  if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
  else if (key === "data") Object.assign(made.dataset, value);
  else if (key === "class") made.classList.add(...value.split(" ").filter(Boolean));
  else if (key === "style") for (const [name, set] of Object.entries(value)) made.style.setProperty(name, set);
  else if (key.includes("-") || key === "role" || key === "for") made.setAttribute(key, value);
  else made[key] = value;
}

const flat = (children) =>
  children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** An icon of `icons.svg`-like strokes, hidden from assistive technology. @param {string} paths the `d` of each path */
export function icon(...paths) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  for (const d of paths) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
