// What dialogs that decide something have in common: a written reason, and what the server says against it.

import { openDialog } from "../../label/panels/dialog.js";
import { el } from "../parts/bits.js";

const LEAST = 10; // characters, as services/promotions.py asks for

/** A text field for the reason. @param {{ label: string, isRequired: boolean, about?: string }} options */
export function createReason({ label, isRequired, about }) {
  const problem = el("p.field-problem", { id: "reason-problem", role: "alert" });
  const input = el("textarea", { id: "reason", rows: 3, maxLength: 2000, required: isRequired, autofocus: true, "aria-describedby": "reason-problem", oninput: () => (problem.textContent = "") });
  return {
    element: el("div.field", {}, el("label", { for: "reason" }, label), about && el("p.field-about", {}, about), input, problem),
    /** The reason, or null where one has to be written first. */
    read() {
      const text = input.value.trim();
      if (isRequired && text.length < LEAST) {
        problem.textContent = `Write why, in ${LEAST} characters or more. It stays with the promotion for good.`;
        input.focus();
        return null;
      }
      return text;
    },
  };
}

/** A dialog whose primary action asks the server; it stays open, with the server's words, while that refuses.
 * @param {{ title: string, content: any, label: string, kind?: "primary"|"danger", class?: string, onClose?: () => void, keys?: string[],
 *   run: (refuse: (sentence: string|Node) => void) => Promise<boolean> }} options  `run`: whether it is done */
export function openDecision({ title, content, label, kind = "primary", class: classes = "", onClose = () => {}, keys = [], run }) {
  const problem = el("div.problem", { role: "alert" });
  const refuse = (sentence) => problem.replaceChildren(sentence);
  async function check() {
    problem.replaceChildren();
    try {
      return await run(refuse);
    } catch (error) {
      refuse(error.message);
      return false;
    }
  }
  return openDialog({
    title, class: classes, content: [content, problem].flat(), onClose,
    actions: [{ label: "Not now", value: "no", kind: "bare" }, { label, value: "yes", kind, keys, check }],
  });
}
