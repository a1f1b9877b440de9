// Dialogs on the platform's own <dialog>: it keeps the focus inside, closes on Escape and gives the focus back.

import { chordsOf, normal, shown } from "../chords.js";
import { el, icon } from "../dom.js";
import { takesText } from "../keys.js";

const CROSS = ["M6 6 18 18", "M18 6 6 18"];

let made = 0;

/** @typedef {object} Action
 * @property {string} label
 * @property {string} value             what closes the dialog
 * @property {"primary"|"danger"|"bare"} [kind]
 * @property {string[]} [keys]          chords that stand for it while the dialog is open
 * @property {() => boolean|Promise<boolean>} [check]   false keeps the dialog open */

/**
 * @param {object} options
 * @param {string} options.title
 * @param {Node|string|(Node|string)[]} options.content
 * @param {Action[]} [options.actions]
 * @param {string} [options.class]       further classes of the dialog
 * @param {boolean} [options.light]      a click beside it closes it: only where nothing is decided
 * @param {(value: string|null) => void} [options.onClose]  null when it was closed without an answer
 * @returns {{ element: HTMLDialogElement, close: (value?: string|null) => void }}
 */
export function openDialog({ title, content, actions = [], class: classes = "", light = false, onClose = () => {} }) {
  made += 1;
  const titleId = `maskloop-dialog-${made}`;
  let isOpen = true;

  /** At once: the platform's own event comes later, and the next key must not be lost to a dialog that is gone. */
  function close(value = null) {
    if (!isOpen) return;
    isOpen = false;
    element.close(); // gives the focus back
    element.remove();
    onClose(value);
  }

  const buttons = actions.map((action) => buttonOf(action, close));
  const element = el("dialog.dialog", { class: classes, "aria-labelledby": titleId },
    el("header.dialog-head", {},
      el("h2", { id: titleId }, title),
      el("button.button.bare.dialog-close", { type: "button", "aria-label": "Close", onclick: () => close() }, icon(...CROSS))),
    el("div.dialog-body", {}, [content].flat().map((part) => (typeof part === "string" ? el("p", {}, part) : part))),
    buttons.length ? el("footer.dialog-foot", {}, buttons) : null);

  element.addEventListener("close", () => close());
  element.addEventListener("keydown", (event) => {
    event.stopPropagation(); // commands of the page behind it are none of its business
    if (event.defaultPrevented || event.repeat || event.isComposing) return;
    if (event.key === "Escape") { // the platform would, but only after the next key may have come
      event.preventDefault();
      return close();
    }
    if (isWriting(event)) return;
    const pressed = chordsOf(event);
    const at = actions.findIndex(({ keys = [] }) => keys.map(normal).some((chord) => pressed.includes(chord)));
    if (at < 0 || (event.key === "Enter" && event.target.matches("button, a[href]"))) return;
    event.preventDefault();
    buttons[at].click();
  });
  if (light) element.addEventListener("pointerdown", (event) => beside(element, event) && close());

  (document.querySelector(".maskloop") ?? document.body).append(element);
  element.showModal();
  (element.querySelector("[autofocus]") ?? buttons.at(-1) ?? element.querySelector(".dialog-close")).focus();
  return { element, close };
}

function buttonOf({ label, value, kind = "", keys = [], check }, close) {
  const hints = keys.slice(0, 1).map((chord) => el("kbd", { "aria-hidden": "true" }, shown(normal(chord))));
  const button = el("button.button", { type: "button", class: kind }, label, hints);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (!check || (await check())) close(value);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

/** Enter ends a field of one line, and chords with Ctrl or ⌘ write nothing. */
const isWriting = ({ target, key, ctrlKey, metaKey }) =>
  takesText(target) && !(key === "Enter" && target.tagName === "INPUT") && !ctrlKey && !metaKey;

function beside(element, { target, clientX, clientY }) {
  if (target !== element) return false;
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

/** Asks and waits. @param {Omit<Parameters<typeof openDialog>[0], "onClose">} options
 * @returns {Promise<string|null>} the value of the action; null when it was closed without one */
export const ask = (options) => new Promise((resolve) => openDialog({ ...options, onClose: resolve }));
