// The tray at the bottom right: how far an upload is, and each file's outcome.

import { counted, el } from "../dom.js";
import { setChildren } from "./children.js";
import * as icons from "./icons.js";
import { bytesOf, durationOf } from "./words.js";

const MOST_ROWS = 100;
const SIGNS = { waiting: icons.clock, sending: icons.upload, added: icons.check, known: icons.same, refused: icons.warning, failed: icons.warning, cancelled: icons.cross };
const WORDS = { waiting: "waits", sending: "is sent", added: "added", known: "already there", refused: "refused", failed: "not sent", cancelled: "cancelled" };
/** What people need to see first. */
const RANKS = { failed: 0, refused: 1, sending: 2, added: 3, known: 3, cancelled: 4, waiting: 5 };

/**
 * @param {{uploads: ReturnType<import("./uploads.js").createUploads>, hrefOf: (image: {id: number}) => string}} options
 */
export function createTray({ uploads, hrefOf }) {
  const title = el("h2.tray-title");
  const fill = el("i");
  const bar = el("div.bar", { role: "progressbar", "aria-label": "Upload", "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
  const speed = el("span");
  const outcomes = el("span");
  const trouble = el("p.tray-trouble", { hidden: true });
  const list = el("ul.tray-files", { "aria-label": "Files" });
  const more = el("p.tray-more.soft.small", { hidden: true });
  const spoken = el("p.unseen", { role: "status" });
  const fold = el("button.button.bare.square", { type: "button", "aria-expanded": "true", "aria-label": "Show the files", title: "Show or hide the files", onclick: toggle }, icons.chevron());
  const close = el("button.button.bare.square", { type: "button", "aria-label": "Close", title: "Close", onclick: () => uploads.clear() }, icons.cross());
  const cancel = el("button.button", { type: "button", onclick: () => uploads.cancel() }, "Cancel");
  const retry = el("button.button.primary", { type: "button", onclick: () => uploads.retry() }, icons.again(), el("span"));
  const body = el("div.tray-body", {}, trouble, list, more);
  const element = el(
    "section.upload-tray",
    { "aria-label": "Upload", hidden: true },
    el("div.tray-head", {}, title, fold, close),
    bar,
    el("p.tray-line.soft.small", {}, speed, outcomes),
    body,
    el("div.tray-actions", {}, cancel, retry),
    spoken,
  );
  /** @type {Map<object, ReturnType<typeof rowOf>>} */
  let rows = new Map();

  function toggle() {
    body.hidden = !body.hidden;
    fold.setAttribute("aria-expanded", String(!body.hidden));
  }

  function draw() {
    const { entries, isBusy } = uploads;
    const status = uploads.status();
    element.hidden = entries.length === 0;
    element.classList.toggle("busy", isBusy);
    element.classList.toggle("trouble", status.failed + status.refused > 0);
    title.textContent = titleOf(status, isBusy);
    const part = status.bytes === 0 ? 1 : status.sent / status.bytes;
    fill.style.width = `${part * 100}%`;
    bar.setAttribute("aria-valuenow", String(Math.floor(part * 100)));
    speed.textContent = isBusy ? speedOf(status) : `${bytesOf(status.sent)} sent`;
    outcomes.textContent = outcomesOf(status);
    cancel.hidden = !isBusy;
    close.hidden = isBusy;
    retry.hidden = isBusy || status.failed === 0;
    retry.lastElementChild.textContent = `Send ${counted(status.failed, "file")} again`;
    const reasons = new Set(entries.filter(({ state }) => state === "failed").map(({ reason }) => reason));
    trouble.hidden = reasons.size === 0;
    trouble.textContent = [...reasons].join(" ");
    const sentence = isBusy || entries.length === 0 ? "" : `Upload ended: ${outcomesOf(status)}.`;
    if (spoken.textContent !== sentence) spoken.textContent = sentence;
    drawRows(entries);
  }

  function drawRows(entries) {
    const shown = entries
      .map((entry, at) => ({ entry, at }))
      .sort((a, b) => RANKS[a.entry.state] - RANKS[b.entry.state] || (RANKS[a.entry.state] === 3 ? b.at - a.at : a.at - b.at))
      .slice(0, MOST_ROWS)
      .map(({ entry }) => entry);
    rows = new Map(shown.map((entry) => [entry, rows.get(entry) ?? rowOf(entry, hrefOf)]));
    for (const row of rows.values()) row.draw();
    setChildren(list, [...rows.values()].map((row) => row.element));
    more.hidden = entries.length <= MOST_ROWS;
    more.textContent = `and ${counted(entries.length - shown.length, "more file")}`;
  }

  return { element, draw };
}

function rowOf(entry, hrefOf) {
  const sign = el("span.sign");
  const name = el("span.tray-name", { title: entry.file.name }, entry.file.name);
  const what = el("span.tray-what");
  const reason = el("p.tray-reason");
  const element = el("li", {}, sign, name, what, reason);
  let drawn = null;

  function draw() {
    if (entry.state === "sending") what.textContent = sendingOf(entry);
    if (drawn === entry.state) return;
    drawn = entry.state;
    element.dataset.state = entry.state;
    sign.replaceChildren(SIGNS[entry.state]());
    const isThere = entry.image_id !== null;
    if (entry.state !== "sending") what.replaceChildren(isThere ? linkTo(entry, hrefOf) : WORDS[entry.state]);
    reason.hidden = entry.state !== "refused"; // that of failed ones stands above all of them
    reason.textContent = entry.reason ?? "";
  }

  return { element, draw };
}

/** A new tab: leaving the page would end what is still sent. */
const linkTo = ({ image_id, state, file }, hrefOf) =>
  el("a", { href: hrefOf({ id: image_id }), target: "_blank", rel: "noopener", "aria-label": `${file.name}: ${WORDS[state]}. Opens the image in a new tab` }, WORDS[state]);

function sendingOf({ sent, file }) {
  if (file.size === 0 || sent >= file.size) return "is checked";
  return `${Math.floor((sent / file.size) * 100)} %`;
}

function titleOf(status, isBusy) {
  if (isBusy) {
    const ended = status.total - status.waiting - status.sending;
    return `Uploading ${(ended).toLocaleString("en")} of ${counted(status.total, "image")}`;
  }
  if (status.failed > 0) return `${counted(status.failed, "file")} could not be sent`;
  if (status.cancelled > 0) return "Upload cancelled";
  if (status.added + status.known === 0) return "No image was added";
  return "Upload finished";
}

function speedOf({ sent, bytes, rate, secondsLeft }) {
  const parts = [`${bytesOf(sent)} of ${bytesOf(bytes)}`];
  if (rate > 0 && sent < bytes) parts.push(`${bytesOf(rate)}/s`, `${durationOf(secondsLeft)} left`);
  else if (sent >= bytes) parts.push("the server checks the last ones");
  return parts.join(" · ");
}

function outcomesOf(status) {
  const parts = ["added", "known", "refused", "failed", "cancelled"].filter((state) => status[state] > 0);
  return parts.map((state) => `${status[state].toLocaleString("en")} ${WORDS[state]}`).join(", ");
}
