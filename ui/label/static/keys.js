// The keymap: which keys run which command, changed by the person, kept by the browser; and the one listener for it.

import { chordsOf, forAria, isMac, normal, shown } from "./chords.js";

const KEPT_AT = "maskloop.keys"; // of the labeling page; another page names a place of its own

/**
 * @param {object} options
 * @param {import("./commands.js").Command[]} options.commands
 * @param {Storage|null} [options.storage]         localStorage, or null where the browser allows none
 * @param {string} [options.keptAt]                where in it
 * @param {(sentence: string) => void} [options.onProblem]
 */
export function createKeymap({ commands, storage = null, keptAt = KEPT_AT, mac = isMac(), onProblem = () => {} }) {
  const byId = new Map(commands.map((command) => [command.id, command]));
  const changed = read(storage, keptAt, byId, onProblem);
  const chordsOfCommand = (id) => changed.get(id) ?? command(id).keys.map(normal);
  const listeners = new Set();
  let index = indexed();

  /** What a person chose comes before what was delivered, so that a new default never takes a key away. */
  function indexed() {
    const found = new Map();
    const ordered = [...commands].sort((a, b) => changed.has(b.id) - changed.has(a.id));
    for (const { id } of ordered) for (const chord of chordsOfCommand(id)) if (!found.has(chord)) found.set(chord, id);
    return found;
  }

  function command(id) {
    const found = byId.get(id);
    if (!found) throw new Error(`There is no command “${id}”. commands.js lists them.`);
    return found;
  }

  function put(id, chords) {
    const delivered = command(id).keys.map(normal);
    if (sameList(chords, delivered)) changed.delete(id);
    else changed.set(id, chords);
  }

  function settle() {
    index = indexed();
    write(storage, keptAt, Object.fromEntries(changed), onProblem);
    for (const listener of [...listeners]) listener();
  }

  return {
    commands,
    mac,
    command,
    /** @param {KeyboardEvent} event @returns {string|null} */
    commandOf: (event) => chordsOf(event, mac).map((chord) => index.get(chord)).find(Boolean) ?? null,
    chordsOf: (id) => [...chordsOfCommand(id)],
    /** The first of its chords as a person reads it, "" when it has none. */
    label: (id) => (chordsOfCommand(id).length ? shown(chordsOfCommand(id)[0], mac) : ""),
    /** For `aria-keyshortcuts` of the button that does the same. */
    aria: (id) => chordsOfCommand(id).map((chord) => forAria(chord, mac)).join(" "),
    isChanged: (id) => changed.has(id),
    /** Other commands that this chord would run. @returns {string[]} */
    conflicts: (chord, id) => {
      const wanted = normal(chord);
      return commands.filter((other) => other.id !== id && chordsOfCommand(other.id).includes(wanted)).map((other) => other.id);
    },
    /** @param {string} id @param {string[]} chords  none: reachable by the mouse only */
    rebind(id, chords) {
      put(id, [...new Set(chords.map(normal))]);
      settle();
    },
    /** Several at once, so that a swap is one change. @param {Record<string, string[]>} bindings */
    rebindAll(bindings) {
      const wanted = Object.entries(bindings).map(([id, chords]) => [command(id).id, [...new Set(chords.map(normal))]]);
      for (const [id, chords] of wanted) put(id, chords);
      settle();
    },
    /** One command, or all of them, as delivered. @param {string} [id] */
    reset(id) {
      if (id === undefined) changed.clear();
      else changed.delete(command(id).id);
      settle();
    },
    /** @returns {() => void} the way to stop */
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** What differs from what was delivered. */
    toJSON: () => Object.fromEntries(changed),
  };
}

const sameList = (a, b) => a.length === b.length && a.every((value, place) => value === b[place]);

function read(storage, keptAt, byId, onProblem) {
  const kept = new Map();
  const unread = [];
  for (const [id, chords] of Object.entries(stored(storage, keptAt, onProblem))) {
    if (!byId.has(id)) continue; // of another version of the page
    try {
      kept.set(id, [...new Set(chords.map(normal))]);
    } catch {
      unread.push(byId.get(id).title);
    }
  }
  if (unread.length) onProblem(`The keys you chose for ${unread.join(", ")} could not be read; the delivered ones are used.`);
  return kept;
}

function stored(storage, keptAt, onProblem) {
  try {
    const found = JSON.parse(storage?.getItem(keptAt) || "{}");
    if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error("what is kept is no list of commands");
    return found;
  } catch (error) {
    const reason = `The keys you chose could not be read (${error.message}).`;
    onProblem(`${reason} The delivered keys are used; choose yours again on the sheet of keys.`);
    return {};
  }
}

function write(storage, keptAt, bindings, onProblem) {
  if (!storage) return;
  try {
    if (Object.keys(bindings).length) storage.setItem(keptAt, JSON.stringify(bindings));
    else storage.removeItem(keptAt);
  } catch (error) {
    const reason = `the browser could not keep them (${error.message})`;
    onProblem(`Your keys hold until this page is closed: ${reason}. Allow this site to store data.`);
  }
}

const TEXT_INPUTS = new Set([
  "text", "search", "number", "email", "password", "url", "tel", "date", "datetime-local", "month", "time", "week", "color", "file",
]);

/** Whether keys go into this element as text. @param {Element} element */
export function takesText(element) {
  const tag = element?.tagName;
  if (tag === "INPUT") return TEXT_INPUTS.has(element.type);
  return tag === "TEXTAREA" || tag === "SELECT" || Boolean(element?.isContentEditable);
}

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
const OWN_KEYS = [
  ["button, a[href], summary, [role=button], [role=listbox], [role=option], [role=menuitem], [role=grid]", ["Enter"]],
  ["input[type=range], [role=slider]", [...ARROWS, "PageUp", "PageDown"]],
  ["input[type=radio], [role=radio], [role=listbox], [role=option], [role=tab], [role=menuitem], [role=grid]", ARROWS],
  ["button, a[href], summary, input, [tabindex]:not([tabindex='-1'])", ["Tab"]],
];

/** Whether a focused control needs this key itself. The stage takes all keys: it is marked `data-keys="all"`.
 * @param {KeyboardEvent} event */
function needsItself(event) {
  const at = event.target;
  if (!at?.matches || at.matches("[data-keys='all']") || event.ctrlKey || event.metaKey || event.altKey) return false;
  return OWN_KEYS.some(([selector, keys]) => keys.includes(event.key) && at.matches(selector));
}

const underDialog = () => Boolean(globalThis.document?.querySelector("dialog[open]"));

/** Runs commands by keys. Nothing runs while someone types or a dialog is open; Escape leaves a field.
 * @param {EventTarget} target @param {ReturnType<typeof createKeymap>} keymap
 * @param {(id: string, event: KeyboardEvent) => boolean} run  true when it did something: the browser's own use of the key is then held back
 * @param {{ isTyping?: (element: Element) => boolean, isBlocked?: () => boolean }} [options]
 * @returns {() => void} the way to stop */
export function bindKeys(target, keymap, run, { isTyping = takesText, isBlocked = underDialog } = {}) {
  let heldCode = null; // of the press that ran something: its repeats must not reach the browser or a field it opened

  function onKeydown(event) {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return; // 229: a composition in older Safari
    const id = keymap.commandOf(event);
    const again = id !== null && Boolean(keymap.command(id).repeats);
    if (event.repeat && !again) return holdBack(event);
    if (!event.repeat) heldCode = null;
    if (isBlocked()) return;
    if (isTyping(event.target)) return leave(event);
    if (id !== null && !needsItself(event)) use(id, event);
  }

  function use(id, event) {
    if (run(id, event) !== true) return;
    event.preventDefault();
    if (!event.repeat) heldCode = event.code;
  }

  function holdBack(event) {
    if (heldCode === event.code) event.preventDefault();
  }

  const onKeyup = (event) => {
    if (event.code === heldCode) heldCode = null;
  };

  target.addEventListener("keydown", onKeydown);
  target.addEventListener("keyup", onKeyup);
  return () => {
    target.removeEventListener("keydown", onKeydown);
    target.removeEventListener("keyup", onKeyup);
  };
}

function leave(event) {
  if (event.key !== "Escape") return;
  event.target.blur();
  event.preventDefault();
}
