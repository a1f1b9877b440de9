// What was done in the project by whom, a page at a time; for who manages it.

import { bones, doing, el, nothing, sheet, trouble } from "../../models/parts/bits.js";
import { moment, spaced } from "../../models/words.js";

const ABOUT = "Deeds that change who may what, what is asked of people, what serves and what is gone; newest first, of all days. They are written with the deed and never change.";
const ITSELF = "maskloop";

/** @param {{ audit: null|{ events: object[]|null, next: string|null, kinds: object|null, error: Error|null, waits: boolean, user: string|null, action: string|null } }} state */
export function audit({ audit: log, now }) {
  if (log === null) return [];
  const made = sheet("panel-audit", "Audit events", null, el("p.about.soft.small", {}, ABOUT), choices(log), ...content(log, now));
  made.classList.add("panel", "wide");
  return [made];
}

function choices({ kinds }) {
  if (kinds === null) return null;
  const choose = (name, label, all, options) => el("label.field-line", {}, label,
    el("select", { data: { audit: name } }, [["all", all], ...options.map(([value, text]) => [`is:${value}`, text])].map(([value, text]) =>
      el("option", { value, data: { key: value } }, text))));
  return el("div.audit-choices", { role: "group", "aria-label": "Which events" },
    choose("user", "By", "everybody", kinds.users.map((name) => [name ?? "", name ?? `${ITSELF} itself`])),
    choose("action", "What", "everything", kinds.actions.map((name) => [name, spaced(name)])));
}

function content({ events, next, error, waits, user, action }, now) {
  const failed = error !== null && trouble("The events cannot be had", error);
  if (events === null) return [failed || bones(5)];
  if (events.length === 0) return [failed || nothing(user !== null || action !== null ? "There is no such event." : "Nothing of this kind has been done yet.")];
  return [
    el("div.scrolls.audit-list", { tabIndex: 0, role: "region", "aria-label": "Audit events, newest first" }, el("table.small-table.wide", {},
      el("thead", {}, el("tr", {}, ["When", "Who", "What", "Of what", "More"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, events.map((event) => row(event, now))))),
    failed,
    next !== null && el("p", {}, doing("older", waits ? "Loading …" : "Older ones", { disabled: waits })),
  ].filter(Boolean);
}

const row = ({ id, user, action, subject, subject_id: of, detail, created_at: at }, now) =>
  el("tr", { data: { key: `event-${id}` } }, el("th", { scope: "row" }, el("time", { dateTime: at, title: at }, moment(at, now))), el("td", {}, user ?? el("span.soft", {}, ITSELF)), el("td", {}, spaced(action)),
    el("td.number", {}, `${spaced(subject)} ${of}`), el("td.detail.soft", {}, told(detail)));

const told = (detail) => Object.entries(detail).map(([name, value]) => `${spaced(name)}: ${worded(value)}`).join(" · ");
const worded = (value) => (Array.isArray(value) ? value.join(", ") : value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
