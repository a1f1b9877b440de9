// The tools on the left, and undo and redo.
import { el } from "../dom.js";
import { picture } from "./icons.js";

const TITLES = {
  point: "Point", box: "Box", stroke: "Stroke", brush: "Brush", eraser: "Eraser", polygon: "Polygon",
  polygon_subtract: "Subtract polygon", split: "Split", pan: "Move the view",
};

export function createRail({ store, run, keymap }) {
  const tools = Object.keys(TITLES).map((name) => toolButton(name, `tool.${name}`, TITLES[name]));
  const undo = action("undo", "Undo");
  const redo = action("redo", "Redo");
  const radius = el("output.rail-radius", { title: "Brush radius, pixels of the image" });
  const element = el("nav.rail", { "aria-label": "Tools" },
    el("div.rail-group", { role: "radiogroup", "aria-label": "Tool" }, tools.map(({ button }) => button)),
    radius,
    el("div.rail-group", {}, undo, redo),
  );

  function toolButton(name, command, title) {
    const button = el("button.rail-button", { type: "button", role: "radio", onclick: () => run(command) }, picture(name));
    return { button, name, command, title };
  }

  function action(name, title) {
    return el("button.rail-button", { type: "button", "aria-label": title, onclick: () => run(name), data: { title } }, picture(name));
  }

  function labels() {
    for (const { button, command, title } of tools) label(button, title, keymap, command);
    label(undo, "Undo", keymap, "undo");
    label(redo, "Redo", keymap, "redo");
  }

  store.on(["tool"], ({ tool }) => {
    for (const { button, name } of tools) {
      button.setAttribute("aria-checked", String(name === tool));
      button.tabIndex = name === tool ? 0 : -1;
    }
  });
  store.on(["tool", "radius"], ({ tool, radius: size }) => {
    radius.hidden = tool !== "brush" && tool !== "eraser";
    radius.textContent = `${size} px`;
  });
  store.on(["history"], ({ history }) => {
    undo.disabled = history.undo === 0;
    redo.disabled = history.redo === 0;
  });
  element.addEventListener("keydown", (event) => roam(event, tools.map(({ button }) => button)));
  keymap.onChange(labels);
  labels();
  return element;
}

function label(button, title, keymap, command) {
  const keys = keymap.label(command);
  button.title = keys ? `${title} (${keys})` : title;
  button.setAttribute("aria-label", title);
  button.setAttribute("aria-keyshortcuts", keymap.aria(command));
}

/** Arrow keys within a group of radios. */
function roam(event, buttons) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const at = buttons.indexOf(event.target);
  if (!step || at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  const next = buttons[(at + step + buttons.length) % buttons.length];
  next.focus();
  next.click();
}
