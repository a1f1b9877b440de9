// Toasts: short sentences about what happened, read out by screen readers, with at most one thing to do.

import { el, icon } from "../dom.js";

const STAYS_MS = { info: 6000, good: 5000, warn: 12000, bad: Infinity };
const WITH_ACTION_MS = 10000;
const AT_MOST = 4;

const CROSS = ["M6 6 18 18", "M18 6 6 18"];
const ICONS = {
  info: ["M12 11v6", "M12 7.5v.01", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z"],
  good: ["M5 12.5 10 17.5 19.5 7"],
  warn: ["M12 4 2.5 20h19z", "M12 10v4.5", "M12 17.3v.01"],
  bad: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M9 9l6 6", "M15 9l-6 6"],
};

/** @typedef {object} SayOptions
 * @property {"info"|"good"|"warn"|"bad"} [kind]   bad ones stay until they are closed
 * @property {{ label: string, run: () => void }} [action]
 * @property {string} [key]                        a later one with the same key takes its place */

/** @param {HTMLElement} host
 * @returns {((sentence: string, options?: SayOptions) => () => void) & { dismiss: (key: string) => void }}
 *   say something; gives the way to take it back */
export function createToasts(host) {
  const shownOnes = new Map(); // key → { element, kind, stop }
  let counter = 0;
  const list = el("ul.toasts", { role: "list", "aria-label": "Notices" });
  // Live regions must be there before their text, and are read again when a toast is replaced.
  const polite = el("div.unseen", { role: "status", "aria-live": "polite" });
  const assertive = el("div.unseen", { role: "alert", "aria-live": "assertive" });
  host.append(list, polite, assertive);

  function dismiss(key) {
    const found = shownOnes.get(key);
    if (!found) return;
    found.stop();
    const focused = found.element.contains(document.activeElement);
    found.element.remove();
    shownOnes.delete(key);
    if (focused) list.querySelector("button")?.focus();
  }

  function say(sentence, { kind = "info", action = null, key = `toast-${(counter += 1)}` } = {}) {
    const place = shownOnes.get(key)?.element.nextSibling ?? null;
    dismiss(key);
    const element = toastOf(sentence, kind, action, () => dismiss(key));
    list.insertBefore(element, place);
    const stop = leaveLater(element, action ? Math.max(STAYS_MS[kind], WITH_ACTION_MS) : STAYS_MS[kind], () => dismiss(key));
    shownOnes.set(key, { element, kind, stop });
    makeRoom();
    announce(kind === "bad" || kind === "warn" ? assertive : polite, sentence);
    return () => dismiss(key);
  }

  /** The oldest leave first, but never one that someone has to read. */
  function makeRoom() {
    const passing = [...shownOnes].filter(([, { kind }]) => kind !== "bad");
    const surplus = Math.min(shownOnes.size - AT_MOST, passing.length - 1);
    for (const [key] of passing.slice(0, Math.max(0, surplus))) dismiss(key);
  }

  say.dismiss = dismiss;
  return say;
}

function toastOf(sentence, kind, action, close) {
  const act = () => {
    close();
    action.run();
  };
  return el("li.toast", { class: kind },
    icon(...ICONS[kind]),
    el("p", {}, sentence),
    action && el("button.button.toast-action", { type: "button", onclick: act }, action.label),
    el("button.button.bare.toast-close", { type: "button", "aria-label": `Close: ${sentence}`, onclick: close }, icon(...CROSS)));
}

/** Waits while someone points at it or has the focus in it. */
function leaveLater(element, stays, leave) {
  let timer = null;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    if (stays !== Infinity) timer = setTimeout(leave, stays);
  };
  for (const kind of ["pointerenter", "focusin"]) element.addEventListener(kind, stop);
  for (const kind of ["pointerleave", "focusout"]) element.addEventListener(kind, start);
  start();
  return stop;
}

/** The same sentence twice is read twice only when the region was empty in between. */
function announce(region, sentence) {
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = sentence));
}
