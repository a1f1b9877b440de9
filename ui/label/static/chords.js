// Chords: how they are written, which ones an event stands for, how a person reads them.

const MODIFIERS = ["Mod", "Ctrl", "Alt", "Shift", "Meta"];
const ALONE = new Set([
  "Control", "Shift", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "ScrollLock", "Fn", "Dead", "Unidentified", "Process",
]);
const ALIASES = { " ": "Space", Esc: "Escape", Del: "Delete", Spacebar: "Space" };

const SHOWN = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Delete: "Del", PageUp: "PgUp", PageDown: "PgDn",
};
const ON_A_MAC = { Enter: "↩", Tab: "⇥", Backspace: "⌫", Delete: "⌦" };
const SIGNS = { Ctrl: "⌃", Alt: "⌥", Shift: "⇧", Mod: "⌘", Meta: "❖" };

/** What browsers keep for themselves, or would do to a page full of work. */
const OF_THE_BROWSER = new Set([
  "Mod+W", "Mod+T", "Mod+N", "Mod+R", "Mod+Shift+R", "Mod+Shift+T", "Mod+Shift+N", "Mod+Shift+W",
  "Mod+L", "Mod+Q", "Mod+Tab", "Mod+Shift+Tab", "Alt+F4", "F5", "F11", "F12",
]);

export const isMac = (navigator = globalThis.navigator) =>
  /mac|iphone|ipad/i.test(navigator?.userAgentData?.platform ?? navigator?.platform ?? "");

const isLetter = (key) => key.length === 1 && key.toLowerCase() !== key.toUpperCase();
const isDigit = (key) => /^[0-9]$/.test(key);
const isSymbol = (key) => [...key].length === 1 && !isLetter(key) && !isDigit(key);

/** The one way to write a chord; throws an Error that says what is malformed. @param {string} chord */
export function normal(chord) {
  if (typeof chord !== "string" || chord === "") throw new Error("A chord must be text such as “Mod+Shift+Z”.");
  const parts = chord === "+" ? ["+"] : chord.endsWith("++") ? [...chord.slice(0, -2).split("+"), "+"] : chord.split("+");
  const key = parts.pop();
  const unknown = parts.find((part) => !MODIFIERS.includes(part));
  if (unknown !== undefined || key === "" || MODIFIERS.includes(key)) {
    throw new Error(`“${chord}” is no chord: it takes any of ${MODIFIERS.join(", ")} and then one key, such as “Mod+Shift+Z”.`);
  }
  return written(new Set(parts), key);
}

function written(modifiers, key) {
  const known = ALIASES[key] ?? key;
  const upper = known.toUpperCase();
  const named = known.length === 1 && upper.length === 1 ? upper : known; // “ß” has no capital of one letter
  return [...MODIFIERS.filter((modifier) => modifiers.has(modifier)), named].join("+");
}

/** The chords that a key press may stand for, the likeliest first: by what the key writes in this person's
 * layout, then by its place for digits (a French digit row writes “é”) and for alphabets without Latin letters.
 * @param {KeyboardEvent} event @returns {string[]} none for a modifier alone */
export function chordsOf(event, mac = isMac()) {
  const { key, code = "" } = event;
  if (!key || ALONE.has(key)) return [];
  const held = modifiersOf(event, mac);
  const digit = /^Digit[0-9]$/.test(code) ? code.slice(-1) : null;
  const chords = [];
  if (digit !== null && !held.has("Shift") && !typedThird(event, mac)) chords.push(written(held, digit));
  chords.push(written(without(held, ignoredFor(key, event, mac)), key));
  if (/^Key[A-Z]$/.test(code) && !/^[a-z]$/i.test(key)) chords.push(written(held, code.slice(-1)));
  return [...new Set(chords)];
}

function modifiersOf(event, mac) {
  const held = new Set();
  if (event.ctrlKey) held.add(mac ? "Ctrl" : "Mod");
  if (event.metaKey) held.add(mac ? "Mod" : "Meta");
  if (event.altKey) held.add("Alt");
  if (event.shiftKey) held.add("Shift");
  return held;
}

/** AltGr, or Option on a Mac: the third level of a key, by which many layouts write “[”. */
const typedThird = (event, mac) => Boolean(event.getModifierState?.("AltGraph")) || (mac && event.altKey && isSymbol(event.key));

/** A symbol or digit is what it is, whatever was held down to write it. */
function ignoredFor(key, event, mac) {
  if (isDigit(key)) return ["Shift"];
  if (!isSymbol(key) || key === " ") return [];
  if (typedThird(event, mac)) return mac ? ["Shift", "Alt"] : ["Shift", "Alt", "Mod"];
  return ["Shift"];
}

const without = (held, gone) => new Set([...held].filter((modifier) => !gone.includes(modifier)));

/** As a person reads it: “Ctrl+Shift+Z”, “⇧⌘Z” on a Mac. */
export function shown(chord, mac = isMac()) {
  const { modifiers, key } = parts(chord);
  const last = (mac && ON_A_MAC[key]) || SHOWN[key] || key;
  if (mac) return ["Ctrl", "Alt", "Shift", "Mod", "Meta"].filter((one) => modifiers.includes(one)).map((one) => SIGNS[one]).join("") + last;
  return [...modifiers.map((one) => (one === "Mod" ? "Ctrl" : one)), last].join("+");
}

/** As `aria-keyshortcuts` wants it. */
export function forAria(chord, mac = isMac()) {
  const { modifiers, key } = parts(chord);
  const names = { Mod: mac ? "Meta" : "Control", Ctrl: "Control" };
  return [...modifiers.map((one) => names[one] ?? one), key === "+" ? "Plus" : key].join("+");
}

function parts(chord) {
  const plus = chord === "+" || chord.endsWith("++");
  const all = plus ? chord.slice(0, -1).split("+").filter(Boolean) : chord.split("+");
  const key = plus ? "+" : all.pop();
  return { modifiers: all, key };
}

/** Why a chord can't be given to a command, or null. */
export function refusal(chord, mac = isMac()) {
  if (chord === "Space") return "Space held down moves the view and can't be given to anything else.";
  if (OF_THE_BROWSER.has(chord)) return `${shown(chord, mac)} belongs to the browser. Press another key.`;
  return null;
}
