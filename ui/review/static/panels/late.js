// Answers that did not arrive: somebody else was first, or the server refused them. What was drawn is kept until
// its author has decided: taken along as a file, added as an annotation of its own, or let go.
import { el } from "../../label/dom.js";
import { openDialog } from "../../label/panels/dialog.js";
import { uuid } from "../../label/journal/ids.js";

const WORDS = { accepted: "Accepted", corrected: "Corrected", rejected: "Rejected" };

/** @param {{ store: object, outbox: object, server: object, project: number, say: Function }} parts */
export function createLate({ store, outbox, server, project, say }) {
  const { state } = store;
  let dialog = null;

  const all = () => {
    const { conflicts = [], refused = [] } = state.saving;
    return [...conflicts.map((one) => ({ ...one, isLate: true })), ...refused.map((one) => ({ ...one, isLate: false, mine: one.operation.body?.mask ?? null }))];
  };

  function open() {
    if (dialog) return;
    const list = el("ul.late-list", {});
    dialog = openDialog({
      title: "Answers that did not arrive", class: "late", content: [list], light: true,
      onClose: () => {
        dialog = null;
        stop();
      },
    });
    const stop = store.on(["saving"], () => {
      const found = all();
      if (found.length === 0) return queueMicrotask(() => dialog?.close());
      return list.replaceChildren(...found.map(rowOf));
    });
  }

  function rowOf({ operation, message, mine, isLate }) {
    const { body = {}, image, kind } = operation;
    const title = kind === "answer" ? (WORDS[body.verdict] ?? body.verdict) : kind === "withdraw" ? "Taken back" : `${body.cards.length} accepted together`;
    const drop = () => outbox.discard(operation).catch(troubled);
    return el("li", { data: { key: operation.key } },
      el("strong", {}, `${title}${mine ? ", with a mask that you drew" : ""}`), el("p", {}, message),
      el("div.actions", {},
        mine && el("button.button", { type: "button", onclick: () => download(mine, image) }, "Save it as a file"),
        mine && el("button.button.primary", { type: "button", onclick: () => add(operation, mine, image) }, "Add it as an annotation"),
        !isLate && el("button.button", { type: "button", onclick: () => outbox.retry(operation).catch(troubled) }, "Try again"),
        el("button.button.bare", { type: "button", onclick: drop }, mine ? "Let it go" : "Understood")));
  }

  const troubled = (error) => say(error.message, { kind: "bad", key: "late" });

  async function add(operation, mine, image) {
    try {
      await server.annotate(image, mine, uuid());
      await outbox.discard(operation);
      say("Added as an annotation of its own.", { kind: "good", key: "late" });
    } catch (error) {
      troubled(error);
    }
  }

  function download(mine, image) {
    const text = JSON.stringify({ project_id: project, image_id: image, ...mine }, null, 2);
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    el("a", { href: address, download: `maskloop-image-${image}-mask.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  let known = 0;
  /** A new one is said once; the chip in the bar stays. */
  store.on(["saving"], () => {
    const found = all();
    if (found.length > known) {
      const { message, mine } = found.at(-1);
      say(`${message}${mine ? " What you drew is kept." : ""}`, { kind: "warn", key: "late", action: { label: mine ? "See it" : "Why?", run: open } });
    }
    known = found.length;
  });

  return { open: () => (all().length ? (open(), true) : false) };
}
