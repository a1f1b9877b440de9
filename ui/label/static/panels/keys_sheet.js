// The sheet of keys: every command by group, searched, its keys changed on the spot; and what mouse, pen and fingers do.

import { chordsOf, refusal, shown } from "../chords.js";
import { GROUPS } from "../commands.js";
import { el, icon } from "../dom.js";
import { openDialog } from "./dialog.js";
import { plain } from "./category_choice.js";

const GESTURES = [
  ["Mouse", [
    ["Left click", "Include this point"],
    ["Right click, or Alt + click", "Exclude this point"],
    ["Drag with Box", "Draw a box; clicks refine it"],
    ["Wheel", "Zoom at the pointer"],
    ["Middle drag, or Space + drag", "Move the view"],
  ]],
  ["Pen and touch", [
    ["Pen", "As the left button; its side button excludes"],
    ["Finger", "Tap to include; two fingers move and zoom"],
  ]],
];

const RESET = ["M4 4v5h5", "M4.6 9A8 8 0 1 1 4 13"];
const PLUS = ["M12 5v14", "M5 12h14"];

/** @param {ReturnType<typeof import("../keys.js").createKeymap>} keymap
 * @param {{ groups?: string[], gestures?: [string, string[][]][] }} [of]  the labeling page's where left out
 * @returns {{ open: () => void, close: () => void, isOpen: () => boolean }} */
export function createKeysSheet(keymap, { groups = GROUPS, gestures = GESTURES } = {}) {
  let sheet = null;

  function open() {
    if (sheet) return;
    const view = sheetOf(keymap, groups, gestures);
    sheet = openDialog({
      title: "Keys", class: "keys-sheet", light: true, content: view.content,
      onClose: () => {
        view.destroy();
        sheet = null;
      },
    });
    view.field.focus();
  }

  return { open, close: () => sheet?.close(), isOpen: () => sheet !== null };
}

function sheetOf(keymap, groupNames, gesturesOfAll) {
  /** The key that is being changed: `chord` null for a further one, `taken` what was pressed but runs another command.
   * @type {{ id: string, chord: string|null, taken: string|null, problem: string }|null} */
  let recording = null;
  const field = el("input", {
    type: "search", placeholder: "Search commands and keys", "aria-label": "Search commands and keys",
    autocomplete: "off", spellcheck: false, oninput: show,
  });
  const columns = el("div.keys-columns", {});
  const none = el("p.soft", { role: "status" });
  const startOver = () => change(() => keymap.reset());
  const resetAll = el("button.button", { type: "button", onclick: startOver }, icon(...RESET), "Reset all keys");
  const spoken = el("p.unseen", { role: "status" });
  const content = [el("div.keys-top", {}, field, resetAll), none, columns, spoken];

  function show() {
    const wanted = plain(field.value);
    const groups = groupNames.map((name) => groupOf(name, wanted)).filter(Boolean);
    const gestures = gesturesOfAll.map(([name, rows]) => gesturesOf(name, rows, wanted)).filter(Boolean);
    columns.replaceChildren(...groups, ...gestures);
    none.textContent = groups.length + gestures.length ? "" : `No command or key matches “${field.value.trim()}”.`;
    resetAll.disabled = Object.keys(keymap.toJSON()).length === 0;
  }

  function groupOf(name, wanted) {
    const rows = rowsOf(keymap.commands.filter((command) => command.group === name)).filter((row) => row.some((command) => matches(command, wanted)));
    if (rows.length === 0) return null;
    const shownRows = rows.map((row) => {
      const changing = row.find((command) => command.id === recording?.id);
      return [rowOf(row), changing && panelOf(changing)];
    });
    return el("section.keys-group", { "aria-label": name }, el("h3", {}, name), el("ul", { role: "list" }, shownRows));
  }

  function matches(command, wanted) {
    if (wanted === "" || recording?.id === command.id) return true;
    const chords = shownOf(command.id);
    if (chords.some((chord) => chord.toLowerCase() === wanted)) return true;
    return plain([command.row, command.title, command.group, ...chords.filter((chord) => chord.length > 1)].join(" ")).includes(wanted);
  }

  const textOf = (chord) => (chord === null ? "none" : shown(chord, keymap.mac));
  const shownOf = (id) => keymap.chordsOf(id).map(textOf);

  /** @param {import("../commands.js").Command[]} row  one command, or several that share a line */
  function rowOf(row) {
    const [{ id, title, when, row: shared }] = row;
    const name = shared ?? title;
    const changed = row.filter((command) => keymap.isChanged(command.id));
    const reset = () => change(() => changed.forEach((command) => keymap.reset(command.id)), id);
    return el("li.keys-row", {},
      el("span.keys-title", {}, name, when && el("span.soft.small", {}, ` · ${when}`)),
      el("span.keys-chords", {},
        row.map(chordButtons),
        changed.length > 0 && small("keys-reset", `Reset ${name}`, RESET, reset),
        !shared && small("keys-add", `Another key for ${title}`, PLUS, () => record(id, null), id)));
  }

  /** A command that lost its only key keeps a place where it gets one. */
  function chordButtons(command) {
    const chords = keymap.chordsOf(command.id);
    const further = recording?.id === command.id && recording.chord === null;
    const empty = chords.length === 0 && Boolean(command.row);
    return [...chords, ...(further || empty ? [null] : [])].map((chord) => chordButton(command, chord));
  }

  function chordButton(command, chord) {
    const isRecording = recording?.id === command.id && recording.chord === chord;
    const text = isRecording && !recording.taken ? "press keys …" : textOf(isRecording ? recording.taken : chord);
    return el("button.keys-chord", {
      type: "button", class: isRecording ? "recording" : "", data: { command: command.id }, title: command.row ? command.title : undefined,
      "aria-label": isRecording ? `${command.title}: press the new keys, Escape leaves it as it is` : `${command.title}: ${text}. Change`,
      onclick: () => (isRecording ? stop() : record(command.id, chord)),
      onkeydown: isRecording ? onRecord : undefined,
      onfocusout: isRecording ? onLeave : undefined,
    }, text);
  }

  function panelOf(command) {
    const { chord, taken, problem } = recording;
    const others = taken ? keymap.conflicts(taken, command.id).map((id) => keymap.command(id).title) : [];
    const sentence = taken
      ? `${shown(taken, keymap.mac)} runs “${others.join("”, “")}”.`
      : problem || "Press the new keys. Esc leaves it as it is.";
    return el("li.keys-panel", { class: taken || problem ? "trouble" : "" },
      el("p.small", { role: taken || problem ? "alert" : undefined }, sentence),
      taken && el("button.button.primary", { type: "button", data: { act: "swap" }, onclick: swap }, chord ? "Swap" : "Take it"),
      !taken && chord && el("button.button", { type: "button", data: { act: "remove" }, onclick: remove }, "Remove"),
      el("button.button", { type: "button", data: { act: "cancel" }, onclick: stop }, "Cancel"));
  }

  function record(id, chord) {
    recording = { id, chord, taken: null, problem: "" };
    show();
    columns.querySelector(".keys-chord.recording").focus();
  }

  function onRecord(event) {
    event.preventDefault(); // Escape would close the dialog, Tab would leave the button
    event.stopPropagation();
    if (event.repeat) return;
    if (event.key === "Escape") return stop();
    const [chord] = chordsOf(event, keymap.mac);
    if (!chord) return;
    const problem = refusal(chord, keymap.mac);
    if (problem) return again({ taken: null, problem });
    if (keymap.conflicts(chord, recording.id).length) {
      again({ taken: chord, problem: "" });
      return columns.querySelector("[data-act=swap]").focus();
    }
    const { id } = recording;
    const chords = replaced(chord);
    change(() => keymap.rebind(id, chords), id);
  }

  function again(patch) {
    recording = { ...recording, ...patch };
    show();
    columns.querySelector(".keys-chord.recording").focus();
  }

  /** The command's chords with the new one in the place of the old. */
  function replaced(chord) {
    const chords = keymap.chordsOf(recording.id);
    return recording.chord === null ? [...chords, chord] : chords.map((one) => (one === recording.chord ? chord : one));
  }

  function remove() {
    const { id, chord } = recording;
    change(() => keymap.rebind(id, keymap.chordsOf(id).filter((one) => one !== chord)), id);
  }

  function swap() {
    const { id, chord, taken } = recording;
    const bindings = { [id]: replaced(taken) };
    for (const other of keymap.conflicts(taken, id)) {
      bindings[other] = keymap.chordsOf(other).flatMap((one) => (one === taken ? (chord ?? []) : one));
    }
    change(() => keymap.rebindAll(bindings), id);
  }

  /** Changes the keymap and puts the focus where the person was. */
  function change(run, id = null) {
    recording = null;
    run();
    show();
    if (id === null) return field.focus();
    spoken.textContent = `${keymap.command(id).title}: ${shownOf(id).join(", ") || "no key"}`;
    focusOn(id);
  }

  /** Its first key, or the “+” of a command that has none. */
  const focusOn = (id) => (columns.querySelector(`[data-command="${id}"]`) ?? field).focus();

  function stop() {
    const { id } = recording;
    recording = null;
    show();
    focusOn(id);
  }

  /** The person went on to something else. What is clicked within the columns must not be drawn anew under the pointer. */
  function onLeave({ relatedTarget: to }) {
    if (to === null || recording === null || columns.contains(to)) return;
    recording = null;
    queueMicrotask(show);
  }

  const unlisten = keymap.onChange(show);
  show();
  return { content, field, destroy: unlisten };
}

function small(name, label, paths, run, command) {
  const data = command ? { command } : undefined;
  return el("button.keys-small", { class: name, data, type: "button", title: label, "aria-label": label, onclick: run }, icon(...paths));
}

/** Commands that follow one another under one row title share a line. */
function rowsOf(commands) {
  const rows = new Map();
  for (const command of commands) {
    const name = command.row ?? command.id;
    rows.set(name, [...(rows.get(name) ?? []), command]);
  }
  return [...rows.values()];
}

function gesturesOf(name, rows, wanted) {
  const found = rows.filter((row) => wanted === "" || plain([name, ...row].join(" ")).includes(wanted));
  if (found.length === 0) return null;
  return el("section.keys-group", { "aria-label": name }, el("h3", {}, name),
    el("ul", { role: "list" }, found.map(([gesture, what]) =>
      el("li.keys-row.gesture", {}, el("span.keys-gesture", {}, gesture), el("span.keys-what", {}, what)))));
}
