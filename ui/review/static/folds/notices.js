// What stands where no dispute is: waiting, none left, or why none comes.
import { counted, el } from "../../label/dom.js";
import { picture } from "../../label/panels/icons.js";
import { morph } from "../../models/morph.js";
import { may } from "../state.js";
import { DECIDE } from "./state.js";

/** @param {{ store: object, onAgain: () => void, onNext: () => void }} parts */
export function createNotices({ store, onAgain, onNext }) {
  const element = el("div.stage-notices.empty-review");
  element.addEventListener("click", ({ target }) => {
    const { act } = target.closest("[data-act]")?.dataset ?? {};
    if (act === "again") onAgain();
    if (act === "next") onNext();
  });
  store.on(["list", "fold", "trouble", "decided", "project"], (state) => {
    element.hidden = state.fold !== null;
    morph(element, element.hidden ? [] : [noticeOf(state)]);
  });
  return element;
}

function noticeOf(state) {
  const { list, trouble, decided, project } = state;
  const toCards = el("a.button", { href: `?project=${project.id}` }, "Cards to review");
  if (!may(state, DECIDE)) return notice("warn", "You may look, not decide", `Deciding disputes in ${project.name} needs the role reviewer. Ask an admin or the manager of the project for it.`, [toCards]);
  if (trouble) {
    const title = list === null ? "The disputes cannot be had" : "This dispute cannot be had";
    return notice("warn", title, trouble, [button("again", "Try again", "primary"), list?.length > 1 && button("next", "The next one")], "alert");
  }
  if (list?.length === 0) return notice("check", "No image is in dispute", `${decided ? `You decided ${counted(decided, "image")}. ` : ""}Where people labeled the same image and do not agree, it comes here.`, [button("again", "Look again"), toCards]);
  return el("section.notice-card.busy", { role: "status", data: { key: "busy" } }, el("span.spinner", { "aria-hidden": "true" }), el("span", {}, list === null ? "Looking for disputes …" : "Fetching what they drew …"));
}

const notice = (icon, title, text, actions, role = "status") =>
  el("section.notice-card", { role, data: { key: title } }, picture(icon), el("h2", {}, title), el("p.soft", {}, text), el("div.notice-actions", {}, actions));

const button = (act, text, kind = "") => el("button.button", { type: "button", class: kind, data: { act } }, text);
