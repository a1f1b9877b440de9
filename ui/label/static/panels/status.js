// The bar at the top: where one is, what the model does, what is saved, and the session's figures.
import { counted, el } from "../dom.js";
import { elsewhere } from "../elsewhere.js";
import { nameOf } from "../gallery/words.js";
import { picture } from "./icons.js";

/** @param {object} parts  `queues`: the choice of a queue */
export function createTopBar({ store, run, queues, onConflicts, onRefused }) {
  const name = el("span.image-name");
  const left = el("span.soft.small");
  const holder = el("span.chip.warn", { role: "status" });
  const saving = el("button.chip.saving-state", { type: "button", "aria-live": "polite" });
  const figures = el("dl.figures", { "aria-label": "This session" });
  const signedIn = el("span.soft.small.signed-in");
  const submit = el("button.button.primary", { type: "button", onclick: () => run("submit") }, "Submit and next", el("kbd", {}, "N"));
  const skip = el("button.button.bare", { type: "button", onclick: () => run("skip"), title: "Skip with a reason (Shift+N)" }, picture("skip"), "Skip");
  const project = el("span.project-name");
  const others = el("nav.elsewhere", { "aria-label": "Other pages of the project" });
  const element = el("header.top", {},
    el("a.brand", { href: "/", "aria-label": "maskloop, all projects" }, picture("logo"), el("span", {}, "maskloop")),
    el("button.button.bare", { type: "button", onclick: () => run("images"), title: "All images (Q)" }, picture("images"), project),
    queues,
    el("div.where", {}, name, left, holder),
    figures, others, saving, skip, submit,
    el("button.button.bare", { type: "button", onclick: () => run("help"), "aria-label": "Keys and gestures", title: "Keys and gestures (?)" }, picture("keys")),
    signedIn,
  );

  saving.addEventListener("click", () => {
    const { conflicts = [], refused = [] } = store.state.saving;
    if (conflicts.length) onConflicts();
    else if (refused.length) onRefused();
    else run("save");
  });
  store.on(["session"], ({ session }) => (signedIn.textContent = session?.user.name ?? ""));
  store.on(["project"], ({ project: one }) => {
    project.textContent = one?.name ?? "";
    others.replaceChildren(...(one === null ? [] : elsewhere(one, "label")));
  });
  store.on(["image", "left", "lease"], ({ image, left: count, lease }) => {
    name.textContent = image ? nameOf(image.source_uri) : "";
    name.title = image ? `${image.source_uri}, ${image.width} × ${image.height}` : "";
    left.textContent = count === null || count === undefined ? "" : `${counted(count, "image")} to do`;
    holder.hidden = !lease?.holder && !lease?.readOnly;
    holder.textContent = lease?.holder ?? (lease?.readOnly ? "You may look, not annotate" : "");
    submit.disabled = skip.disabled = !image;
  });
  store.on(["saving"], ({ saving: status }) => paintSaving(saving, status));
  store.on(["figures"], ({ figures: one }) => figures.replaceChildren(...figureItems(one)));
  return element;
}

function paintSaving(chip, { waiting = 0, sending, offline, conflicts = [], refused = [], durable = true, paused }) {
  const [kind, text, title] = savingText({ waiting, sending, offline, conflicts, refused, durable, paused });
  chip.className = `chip saving-state ${kind}`;
  chip.replaceChildren(picture(kind === "good" ? "check" : kind === "info" ? "cloud" : "warn"), text);
  chip.title = title;
}

/** @returns {[string, string, string]} kind, text, title */
export function savingText({ waiting, offline, conflicts, refused, durable, paused }) {
  const kept = durable ? "Kept in this browser; sent when that is possible." : "This browser keeps nothing: do not close the page.";
  if (conflicts.length) return ["bad", counted(conflicts.length, "conflict"), "Somebody changed the same object. Click to decide."];
  if (refused.length) return ["bad", `${refused.length} not saved`, "The server refused it. Click to see why."];
  if (paused) return ["warn", `Signed out · ${waiting} waiting`, kept];
  if (offline) return ["warn", waiting ? `Offline · ${waiting} kept here` : "Offline", kept];
  if (waiting) return ["info", `Saving ${waiting} …`, kept];
  if (!durable) return ["warn", "Saved · no journal", kept];
  return ["good", "Saved", "Everything has reached the server."];
}

function figureItems({ objects, seconds, clicks, done }) {
  const number = (value, digits) => (value === null ? "–" : value.toFixed(digits));
  return [
    ["objects", String(objects)], ["s / mask", number(seconds, 1)], ["clicks / mask", number(clicks, 1)], ["images", String(done)],
  ].map(([title, value]) => el("div", {}, el("dd", {}, value), el("dt", {}, title)));
}
