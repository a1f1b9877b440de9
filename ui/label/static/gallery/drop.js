// Files dropped on the image list, or pasted into it.

import { el } from "../dom.js";
import { dropped, pasted, sorted } from "./files.js";
import * as icons from "./icons.js";

/**
 * Listens on the whole page while `host` is shown, so that a file dropped beside the list is not opened by the browser.
 * @param {{host: HTMLElement, may: () => boolean, onFiles: (sorted: import("./files.js").Sorted) => void, onProblem: (sentence: string) => void}} options
 */
export function listenForFiles({ host, may, onFiles, onProblem }) {
  const stop = new AbortController();
  const overlay = el(
    "div.drop-overlay",
    { hidden: true, "aria-hidden": "true" },
    el("div", {}, icons.upload(), el("strong", {}, "Drop images here"), el("span.soft", {}, "Files and folders; what is no image is left out")),
  );
  let depth = 0; // elements entered and not left
  host.append(overlay);

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files") && host.checkVisibility();
  const on = (type, run) => document.addEventListener(type, run, { signal: stop.signal });
  const hide = () => {
    depth = 0;
    overlay.hidden = true;
  };

  on("dragenter", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth += 1;
    overlay.hidden = !may();
  });
  on("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = may() ? "copy" : "none";
  });
  on("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    if (depth <= 0) hide();
  });
  on("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    hide();
    if (!may()) return;
    dropped(event.dataTransfer).then(onFiles, (error) => onProblem(error.message));
  });
  on("paste", (event) => {
    const isField = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    const isOurs = event.clipboardData !== null && host.checkVisibility() && may() && !isField;
    if (!isOurs) return;
    const images = pasted(event.clipboardData, new Date());
    if (images.length === 0) return;
    event.preventDefault();
    onFiles(sorted(images));
  });

  return {
    destroy() {
      stop.abort();
      overlay.remove();
    },
  };
}
