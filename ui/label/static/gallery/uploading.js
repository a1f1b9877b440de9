// Uploads of a project with their tray; who lists the images may come and go meanwhile.

import { counted, el } from "../dom.js";
import { ACCEPT, sorted } from "./files.js";
import { createSender } from "./send.js";
import { createTray } from "./tray.js";
import { createUploads } from "./uploads.js";

const DRAWN_MS = 100;
const NO_IMAGE = "Neither its name nor its type is that of an image, so it was not sent.";

/**
 * @param {{store: object, api: object, projectId: number, hrefOf?: (image: {id: number}) => string,
 *   onProblem: (sentence: string) => void}} options
 */
export function createUploading({ store, api, projectId, hrefOf = ({ id }) => `?project=${projectId}&image=${id}`, onProblem }) {
  const stop = new AbortController();
  let listener = () => {};
  let planned;
  let addedBefore = 0;
  const uploads = createUploads({
    send: createSender({ api, projectId, csrfOf: () => store.state.session?.csrf_token ?? null }),
    wait,
    now: () => performance.now(),
    onChange: plan,
    onDone: done,
  });
  const tray = createTray({ uploads, hrefOf });
  const chooser = el("input", { type: "file", multiple: true, accept: ACCEPT, hidden: true, onchange: chosen });
  const folderChooser = el("input", { type: "file", multiple: true, webkitdirectory: true, hidden: true, onchange: chosen });
  tray.element.append(chooser, folderChooser);
  addEventListener("beforeunload", askBeforeLeaving, { signal: stop.signal });
  addEventListener("online", () => uploads.retry(), { signal: stop.signal });

  function plan() {
    planned ??= setTimeout(() => {
      planned = undefined;
      tray.draw();
    }, DRAWN_MS);
  }

  function done() {
    const { added } = uploads.status();
    if (added > addedBefore) listener();
    addedBefore = added;
  }

  function askBeforeLeaving(event) {
    if (uploads.isBusy) event.preventDefault();
  }

  function chosen(event) {
    const isFolder = event.target === folderChooser;
    add(sorted([...event.target.files], { fromFolder: isFolder }));
    event.target.value = ""; // the same files can be chosen again
  }

  /** @param {import("./files.js").Sorted} found */
  function add({ images, others, leftOut }) {
    if (uploads.entries.length === 0) addedBefore = 0;
    if (others.length > 0) uploads.refuse(others, NO_IMAGE);
    if (leftOut > 0) onProblem(`${counted(leftOut, "file")} that ${leftOut === 1 ? "is no image was" : "are no images were"} left out.`);
    if (images.length > 0) uploads.add(images);
    else if (others.length === 0 && leftOut === 0) onProblem("There is no image in what was given. Drop image files, or a folder that holds some.");
  }

  return {
    /** The tray, hidden while there is nothing to tell. */
    element: tray.element,
    add,
    choose: () => chooser.click(),
    chooseFolder: () => folderChooser.click(),
    projectId,
    /** There is something in the tray that people have not closed. */
    get hasNews() {
      return uploads.entries.length > 0;
    },
    /** After the last file, if any is new. @param {() => void} run */
    listen(run) {
      listener = run;
    },
    destroy() {
      uploads.cancel();
      clearTimeout(planned);
      stop.abort();
      tray.element.remove();
    },
  };
}

function wait(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
