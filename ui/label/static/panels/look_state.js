// How the image and its masks are looked at: the choices, what is kept of them, what the keys change.

/** @typedef {object} Look
 * @property {number} opacity       of masks, 0 to 1
 * @property {number} brightness    of the picture, 1 as it is
 * @property {number} contrast      of the picture, 1 as it is
 * @property {"fill"|"outline"|"both"} mode
 * @property {"category"|"score"|"object"} colour
 * @property {boolean} masks        drawn at all
 * @property {boolean} others       objects beside the one in hand are drawn
 * @property {"system"|"light"|"dark"} theme */

const KEPT_AT = "maskloop.look";

/** @type {Readonly<Look>} */
export const DELIVERED = Object.freeze({
  opacity: 0.45, brightness: 1, contrast: 1, mode: "both", colour: "category", masks: true, others: true, theme: "system",
});

export const RANGES = {
  opacity: { least: 0, most: 1, step: 0.05 },
  brightness: { least: 0.25, most: 3, step: 0.05 },
  contrast: { least: 0.25, most: 3, step: 0.05 },
};
export const CHOICES = {
  mode: { fill: "Fill", outline: "Outline", both: "Both" },
  colour: { category: "Category", score: "Score", object: "Object" },
  theme: { system: "System", light: "Light", dark: "Dark" },
};

/** What was kept, with the delivered value for everything that is missing or out of range.
 * @param {Storage|null} [storage] @returns {Look} */
export function loadLook(storage = storageOf()) {
  let found = {};
  try {
    found = JSON.parse(storage?.getItem(KEPT_AT) ?? "{}") ?? {};
  } catch {
    return { ...DELIVERED }; // nothing but how it looks is lost
  }
  return Object.fromEntries(Object.entries(DELIVERED).map(([name, value]) => [name, isGood(name, found[name]) ? found[name] : value]));
}

function isGood(name, value) {
  if (name in RANGES) return typeof value === "number" && value >= RANGES[name].least && value <= RANGES[name].most;
  if (name in CHOICES) return Object.hasOwn(CHOICES[name], value ?? "");
  return typeof value === "boolean";
}

/** @param {Look} look @param {Storage|null} [storage] @returns {string|null} a sentence when the browser keeps nothing */
export function keepLook(look, storage = storageOf()) {
  try {
    storage?.setItem(KEPT_AT, JSON.stringify(look));
    return null;
  } catch (error) {
    return `How the page looks will not be remembered: the browser keeps nothing (${error.message}). Allow this site to store data.`;
  }
}

/** localStorage, or null where the browser refuses even to name it. */
export function storageOf() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

const after = (choices, value) => {
  const names = Object.keys(choices);
  return names[(names.indexOf(value) + 1) % names.length];
};

const BY_KEY = {
  "look.masks": (look) => ({ masks: !look.masks }),
  "look.others": (look) => ({ others: !look.others }),
  "look.mode": (look) => ({ mode: after(CHOICES.mode, look.mode) }),
  "look.colour": (look) => ({ colour: after(CHOICES.colour, look.colour) }),
};

/** The look after a command. @param {Look} look @param {string} id @returns {Look|null} null: no command of the look */
export const lookAfter = (look, id) => (Object.hasOwn(BY_KEY, id) ? { ...look, ...BY_KEY[id](look) } : null);

/** Sets light or dark on the page and follows the system while it is left to it.
 * @param {{ on: Function }} store @param {HTMLElement} root the `.maskloop` element @returns {() => void} the way to stop */
export function followTheme(store, root, dark = globalThis.matchMedia("(prefers-color-scheme: dark)")) {
  let theme = "system";
  const apply = () => (root.dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme);
  dark.addEventListener("change", apply);
  const stop = store.on(["look"], (state) => {
    theme = state.look.theme;
    apply();
  });
  return () => {
    stop();
    dark.removeEventListener("change", apply);
  };
}
