// The keymap: what a key press stands for in different layouts, what a person changes, when nothing runs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chordsOf, forAria, normal, refusal, shown } from "../../../ui/label/static/chords.js";
import { commands, GROUPS } from "../../../ui/label/static/commands.js";
import { bindKeys, createKeymap } from "../../../ui/label/static/keys.js";

const press = (key, more = {}) => ({
  key, code: more.code ?? "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, repeat: false, ...more,
});

function memory(initial = {}) {
  const kept = new Map(Object.entries(initial));
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
}

const keymapOf = (options = {}) => createKeymap({ commands, mac: false, ...options });

test("every command has a group and keys, and no two share a chord", () => {
  const seen = new Map();
  for (const command of commands) {
    assert.ok(GROUPS.includes(command.group), command.id);
    for (const chord of command.keys.map(normal)) {
      assert.equal(seen.get(chord), undefined, `${chord}: ${seen.get(chord)} and ${command.id}`);
      seen.set(chord, command.id);
    }
  }
  assert.equal(new Set(commands.map(({ id }) => id)).size, commands.length);
});

test("only what one holds down repeats", () => {
  const repeating = commands.filter(({ repeats }) => repeats).map(({ id }) => id);
  assert.deepEqual(repeating.sort(), [
    "brush.larger", "brush.smaller", "candidate.cycle", "candidate.next", "candidate.previous",
    "cursor.down", "cursor.down_far", "cursor.left", "cursor.left_far", "cursor.right", "cursor.right_far", "cursor.up", "cursor.up_far",
    "redo", "undo", "zoom.in", "zoom.out",
  ]);
});

for (const [what, event, id] of [
  ["a letter", press("p"), "tool.point"],
  ["a letter under caps lock", press("P"), "tool.point"],
  ["a letter with Shift", press("G", { shiftKey: true }), "tool.polygon_subtract"],
  ["a letter with Shift under caps lock", press("g", { shiftKey: true }), "tool.polygon_subtract"],
  ["Z where a German keyboard has it", press("z", { code: "KeyY", ctrlKey: true }), "undo"],
  ["a Cyrillic letter by its place", press("з", { code: "KeyP" }), "tool.point"],
  ["a digit", press("3", { code: "Digit3" }), "category.3"],
  ["a digit of the number pad", press("3", { code: "Numpad3" }), "category.3"],
  ["a French digit row", press("é", { code: "Digit2" }), "category.2"],
  ["a French digit with Shift", press("2", { code: "Digit2", shiftKey: true }), "category.2"],
  ["the question mark", press("?", { code: "Slash", shiftKey: true }), "help"],
  ["the slash on a German 7", press("/", { code: "Digit7", shiftKey: true }), "category.search"],
  ["the plus with Shift", press("+", { code: "Equal", shiftKey: true }), "zoom.in"],
  ["the plus of the number pad", press("+", { code: "NumpadAdd" }), "zoom.in"],
  ["a bracket by AltGr", press("[", { code: "Digit8", ctrlKey: true, altKey: true, getModifierState: (name) => name === "AltGraph" }), "brush.smaller"],
  ["an arrow with Shift", press("ArrowLeft", { shiftKey: true }), "cursor.left_far"],
  ["the other chord of a command", press("y", { ctrlKey: true }), "redo"],
  ["a letter with a modifier it was not given", press("p", { ctrlKey: true }), null],
  ["the Windows key", press("p", { metaKey: true }), null],
  ["a modifier alone", press("Shift", { shiftKey: true }), null],
]) {
  test(`${what} runs ${id ?? "nothing"}`, () => assert.equal(keymapOf().commandOf(event), id));
}

test("Mod is ⌘ on a Mac, and Option writes brackets there", () => {
  const keymap = keymapOf({ mac: true });
  assert.equal(keymap.commandOf(press("z", { metaKey: true, shiftKey: true })), "redo");
  assert.equal(keymap.commandOf(press("z", { ctrlKey: true })), null);
  assert.equal(keymap.commandOf(press("[", { code: "Digit5", altKey: true })), "brush.smaller");
});

test("chords are shown as the platform writes them", () => {
  assert.equal(shown("Mod+Shift+Z", false), "Ctrl+Shift+Z");
  assert.equal(shown("Mod+Shift+Z", true), "⇧⌘Z");
  assert.equal(shown("Mod++", false), "Ctrl++");
  assert.equal(shown("Shift+ArrowLeft", false), "Shift+←");
  assert.equal(forAria("Mod++", false), "Control+Plus");
  assert.equal(keymapOf().aria("redo"), "Control+Shift+Z Control+Y");
  assert.equal(keymapOf({ mac: true }).aria("redo"), "Meta+Shift+Z Meta+Y");
  assert.equal(keymapOf({ mac: true }).label("redo"), "⇧⌘Z");
});

test("a chord has one way of writing, and nonsense is refused by name", () => {
  assert.equal(normal("Shift+Mod+z"), "Mod+Shift+Z");
  assert.equal(normal("Mod++"), "Mod++");
  for (const bad of ["", "Mod", "Hyper+Z", "Mod+", null]) assert.throws(() => normal(bad), /chord/i);
});

test("the browser's own keys and Space are refused with the reason", () => {
  assert.match(refusal("Mod+W", false), /Ctrl\+W belongs to the browser/);
  assert.match(refusal("Space", false), /moves the view/);
  assert.equal(refusal("Mod+S", false), null);
});

test("a changed key is kept and found again, and reset brings back the delivered one", () => {
  const storage = memory();
  const keymap = keymapOf({ storage });
  let heard = 0;
  keymap.onChange(() => (heard += 1));
  keymap.rebind("tool.box", ["Shift+r", "Shift+R"]);
  assert.deepEqual(keymap.chordsOf("tool.box"), ["Shift+R"]);
  const again = keymapOf({ storage });
  assert.equal(again.commandOf(press("R", { shiftKey: true })), "tool.box");
  assert.equal(again.commandOf(press("b")), null);
  assert.deepEqual(again.toJSON(), { "tool.box": ["Shift+R"] });
  keymap.reset("tool.box");
  assert.equal(heard, 2);
  assert.equal(storage.getItem("maskloop.keys"), null);
  assert.equal(keymapOf({ storage }).commandOf(press("b")), "tool.box");
});

test("a swap changes two commands at once", () => {
  const keymap = keymapOf();
  assert.deepEqual(keymap.conflicts("B", "tool.point"), ["tool.box"]);
  keymap.rebindAll({ "tool.point": ["B"], "tool.box": ["P"] });
  assert.equal(keymap.commandOf(press("b")), "tool.point");
  assert.equal(keymap.commandOf(press("p")), "tool.box");
  assert.deepEqual(keymap.conflicts("B", "tool.point"), []);
});

test("what a person chose comes before what was delivered", () => {
  const keymap = keymapOf();
  keymap.rebind("submit", ["A"]);
  assert.equal(keymap.commandOf(press("a")), "submit");
});

test("a command may have no key; an unknown one is refused by name", () => {
  const keymap = keymapOf();
  keymap.rebind("delete", []);
  assert.equal(keymap.label("delete"), "");
  assert.equal(keymap.commandOf(press("Delete")), null);
  assert.throws(() => keymap.rebind("tool.hammer", ["R"]), /tool\.hammer/);
});

test("unreadable keys are said and the delivered ones used", () => {
  for (const kept of ["{", "[]", "null", '"x"']) {
    const said = [];
    const keymap = keymapOf({ storage: memory({ "maskloop.keys": kept }), onProblem: (sentence) => said.push(sentence) });
    assert.equal(keymap.commandOf(press("b")), "tool.box");
    assert.equal(said.length, 1, kept);
  }
});

test("one unreadable key does not take the others away", () => {
  const said = [];
  const kept = JSON.stringify({ "tool.box": ["R"], "tool.point": "P", submit: [7], "of.another.version": ["U"] });
  const keymap = keymapOf({ storage: memory({ "maskloop.keys": kept }), onProblem: (sentence) => said.push(sentence) });
  assert.deepEqual(keymap.toJSON(), { "tool.box": ["R"] });
  assert.match(said[0], /Point, Submit and next image/);
});

test("a full or closed storage is said, and the keys hold meanwhile", () => {
  const said = [];
  const storage = { ...memory(), setItem: () => { throw new Error("quota exceeded"); } };
  const keymap = keymapOf({ storage, onProblem: (sentence) => said.push(sentence) });
  keymap.rebind("tool.box", ["R"]);
  assert.equal(keymap.commandOf(press("r")), "tool.box");
  assert.match(said[0], /quota exceeded/);
});

function board(options = {}) {
  const listeners = {};
  const ran = [];
  const target = { addEventListener: (kind, run) => (listeners[kind] = run), removeEventListener: (kind) => delete listeners[kind] };
  const stop = bindKeys(target, keymapOf(), options.run ?? ((id) => ran.push(id) > 0), { isBlocked: () => false, ...options });
  const fire = (event) => {
    let prevented = false;
    listeners.keydown({ target: element("DIV"), ...event, defaultPrevented: false, preventDefault: () => (prevented = true) });
    return prevented;
  };
  return { ran, fire, stop, listeners };
}

/** Enough of an element: its tag, and the selectors it answers to. */
function element(tagName, selectors = [], more = {}) {
  return { tagName, matches: (list) => list.split(", ").some((one) => selectors.includes(one)), blur() { this.blurred = true; }, ...more };
}

test("a key is held back from the browser only when a command did something", () => {
  assert.equal(board().fire(press("Tab")), true);
  assert.equal(board({ run: () => false }).fire(press("Tab")), false);
  assert.equal(board().fire(press("j")), false);
});

test("nothing runs while someone types, and Escape leaves the field", () => {
  const { fire, ran } = board();
  const field = element("INPUT", [], { type: "search" });
  assert.equal(fire({ ...press("n"), target: field }), false);
  assert.equal(field.blurred, undefined);
  assert.equal(fire({ ...press("Escape"), target: field }), true);
  assert.equal(field.blurred, true);
  for (const other of [element("TEXTAREA"), element("SELECT"), element("DIV", [], { isContentEditable: true })]) fire({ ...press("n"), target: other });
  assert.deepEqual(ran, []);
});

test("letters work from a checkbox or a slider, whose own keys stay theirs", () => {
  const { fire, ran } = board();
  const slider = element("INPUT", ["input", "input[type=range]"], { type: "range" });
  fire({ ...press("n"), target: slider });
  assert.equal(fire({ ...press("ArrowLeft"), target: slider }), false);
  assert.equal(fire({ ...press("Tab"), target: slider }), false);
  const button = element("BUTTON", ["button"]);
  assert.equal(fire({ ...press("Enter"), target: button }), false);
  assert.deepEqual(ran, ["submit"]);
});

test("the stage takes every key", () => {
  const { fire, ran } = board();
  const stage = element("DIV", ["[data-keys='all']", "[tabindex]:not([tabindex='-1'])"]);
  fire({ ...press("Tab"), target: stage });
  fire({ ...press("Enter"), target: stage });
  assert.deepEqual(ran, ["candidate.next", "accept"]);
});

test("nothing runs under a dialog, in a composition, or where another has taken the key", () => {
  const blocked = board({ isBlocked: () => true });
  blocked.fire(press("n"));
  const { fire, ran, listeners } = board();
  fire({ ...press("n"), isComposing: true });
  listeners.keydown({ ...press("n"), target: element("DIV"), defaultPrevented: true });
  assert.deepEqual([...blocked.ran, ...ran], []);
});

test("holding a key repeats undo but submits once, and types nothing into the field it opened", () => {
  const { fire, ran } = board();
  fire({ ...press("z", { code: "KeyZ", ctrlKey: true }) });
  fire({ ...press("z", { code: "KeyZ", ctrlKey: true, repeat: true }) });
  fire({ ...press("n", { code: "KeyN" }) });
  assert.equal(fire({ ...press("n", { code: "KeyN", repeat: true }) }), true);
  fire({ ...press("/", { code: "Slash" }) });
  assert.equal(fire({ ...press("/", { code: "Slash", repeat: true }), target: element("INPUT", [], { type: "search" }) }), true);
  assert.deepEqual(ran, ["undo", "undo", "submit", "category.search"]);
});

test("a binding that is stopped listens no more", () => {
  const { stop, listeners } = board();
  stop();
  assert.deepEqual(Object.keys(listeners), []);
});

test("a press gives its chords, likeliest first", () => {
  assert.deepEqual(chordsOf(press("é", { code: "Digit2" }), false), ["2", "É"]);
  assert.deepEqual(chordsOf(press(" "), false), ["Space"]);
});
