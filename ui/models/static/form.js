// Forms of fields (fields.js): built once, then the person's; errors stand beside the field that they are about.

import { el } from "../label/dom.js";
import { readValue, shownValue, textOf } from "./fields.js";

let made = 0;

/** @typedef {import("./fields.js").Field} Field */

/** @param {object} options
 * @param {Field[]} options.fields
 * @param {Record<string, any>} options.values
 * @param {boolean} [options.readOnly]
 * @param {() => void} [options.onChange]
 * @param {Field[]} [options.open]
 * @returns {{ element: HTMLElement, read: () => Record<string, any>|null, say: (name: string, problem: string) => boolean, clear: () => void }} */
export function createFields({ fields, values, readOnly = false, onChange = () => {} }) {
  const parts = new Map(fields.map((field) => [field.name, partOf(field, values[field.name], readOnly, () => changed(field.name))]));

  function changed(name) {
    parts.get(name).say("");
    onChange();
  }

  return {
    element: el("div.fields", {}, [...parts.values()].map(({ element }) => element)),
    /** The values of what is shown, or null where one cannot be read; then it says why beside it. */
    read() {
      const found = {};
      let first = null;
      for (const [name, part] of parts) {
        if (part.isHidden()) continue;
        const { value, problem } = part.read();
        part.say(problem ?? "");
        if (problem !== null) first ??= part;
        found[name] = value;
      }
      first?.focus();
      return first === null ? found : null;
    },
    /** What the server says about a field; false where there is no such field. */
    say(name, problem) {
      const part = parts.get(name);
      if (!part) return false;
      part.say(problem);
      return true;
    },
    clear: () => parts.forEach((part) => part.say("")),
    focus: (name) => parts.get(name)?.focus(),
    /** @param {(name: string) => boolean} isWanted */
    show: (isWanted) => parts.forEach((part, name) => part.show(isWanted(name))),
    value: (name) => parts.get(name)?.read().value,
    put: (name, value) => parts.get(name)?.put(value),
  };
}

/** Puts each of the server's complaints beside its field; gives what belongs to none.
 * @param {Error & {errors?: {where: string[], what: string}[]}} error @param {(path: string[]) => ((problem: string) => boolean)|null} place */
export function placeErrors(error, place) {
  const left = (error.errors ?? []).filter(({ where, what }) => {
    const say = place(where.filter((part) => part !== "body"));
    return !say || !say(sentence(what));
  });
  if (error.errors?.length) return left.map(({ where, what }) => `${where.slice(1).join(" ")}: ${what}`).join(" ") || null;
  return error.message;
}

const sentence = (text) => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
};

function partOf(field, value, readOnly, onChange) {
  made += 1;
  const id = `field-${made}-${field.name}`;
  const problem = el("p.field-problem", { id: `${id}-problem`, role: "alert" });
  const about = el("p.field-about", { id: `${id}-about` }, [field.about, usualOf(field)].filter(Boolean).join(" "));
  const control = controlOf(field, value, { id, readOnly, describedby: `${id}-about ${id}-problem`, onChange });
  const label = control.isGroup ? el("legend", {}, field.label) : el("label", { for: id }, field.label);
  const frame = el(control.isGroup ? "fieldset.field" : "div.field", { class: `of-${field.kind}` }, label, control.element, about, problem);
  return {
    element: frame,
    read: control.read,
    say(text) {
      problem.textContent = text;
      frame.classList.toggle("wrong", text !== "");
      if (!control.isGroup) control.input.setAttribute("aria-invalid", String(text !== ""));
    },
    focus: () => control.input?.focus(),
    show: (isWanted) => (frame.hidden = !isWanted),
    isHidden: () => frame.hidden,
    put: (newer) => (control.input.value = textOf(field, newer)),
  };
}

function usualOf(field) {
  if (field.varies || ["several", "lines", "day", "text"].includes(field.kind)) return "";
  return `Default: ${shownValue(field)}.`;
}

function controlOf(field, value, { id, readOnly, describedby, onChange }) {
  const shared = { id, disabled: readOnly, "aria-describedby": describedby, onchange: onChange, oninput: onChange };
  if (field.kind === "several") return several(field, value, readOnly, onChange);
  if (field.kind === "switch") {
    const input = el("input", { ...shared, type: "checkbox", checked: value ?? field.usual });
    return { input, element: el("span.switch", {}, input), read: () => ({ value: input.checked, problem: null }) };
  }
  const input = inputOf(field, textOf(field, value), shared);
  const element = field.unit ? el("span.with-unit", {}, input, el("span.unit", {}, field.unit)) : input;
  return { input, element, read: () => readValue(field, input.value) };
}

function inputOf({ kind, choices = [], least, most }, text, shared) {
  if (kind === "choice") {
    const select = el("select", shared, choices.map(([value, label]) => el("option", { value }, label)));
    select.value = text;
    return select;
  }
  if (kind === "lines") return el("textarea", { ...shared, rows: 2, spellcheck: false, value: text });
  if (kind === "day") return el("input", { ...shared, type: "date", value: text });
  const inputMode = kind === "text" ? "text" : "decimal";
  const input = el("input", { ...shared, type: "text", inputMode, autocomplete: "off", value: text });
  if (least !== undefined) input.dataset.least = String(least);
  if (most !== undefined) input.dataset.most = String(most);
  return input;
}

function several({ choices, usual, name }, value, readOnly, onChange) {
  const ticked = new Set(value ?? usual);
  // A rule may name what is no choice any more: it stays until somebody unticks it.
  const all = [...choices, ...[...ticked].filter((one) => !choices.some(([known]) => known === one)).map((one) => [one, one])];
  const boxes = all.map(([one, label]) => ({ one, label, box: el("input", { type: "checkbox", name, checked: ticked.has(one), disabled: readOnly, onchange: onChange }) }));
  const element = el("div.ticks", {}, boxes.map(({ label, box }) => el("label.tick-choice", {}, box, el("span", {}, label))));
  return { isGroup: true, input: boxes[0]?.box ?? null, element, read: () => ({ value: boxes.filter(({ box }) => box.checked).map(({ one }) => one), problem: null }) };
}
