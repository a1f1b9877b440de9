// The look panel: how strong masks are drawn, by which colour, how bright the picture is, light or dark.

import { el } from "../dom.js";
import { SCORE_RANGE, css, scoreColour } from "../palette.js";
import { CHOICES, DELIVERED, RANGES, keepLook, storageOf } from "./look_state.js";

export { followTheme, loadLook, lookAfter } from "./look_state.js";

let made = 0;

/**
 * @param {object} options
 * @param {ReturnType<typeof import("../state.js").createStore>} options.store   with `look`, see look_state.js
 * @param {ReturnType<typeof import("../keys.js").createKeymap>} [options.keymap] whose keys are shown beside what they change
 * @param {Storage|null} [options.storage]
 * @param {(sentence: string) => void} [options.onProblem]
 * @returns {{ element: HTMLElement, destroy: () => void }}
 */
export function createLook({ store, keymap = null, storage = storageOf(), onProblem = () => {} }) {
  made += 1;
  const name = `maskloop-look-${made}`;
  const change = (patch) => store.set({ look: { ...store.state.look, ...patch } });
  const key = (id) => keymap && el("kbd", { "aria-hidden": "true", data: { command: id } }, keymap.label(id));

  const opacity = slider(`${name}-opacity`, "Opacity of masks", "opacity", change);
  const brightness = slider(`${name}-brightness`, "Brightness", "brightness", change);
  const contrast = slider(`${name}-contrast`, "Contrast", "contrast", change);
  const mode = choice(`${name}-mode`, "Draw masks as", "mode", change, key("look.mode"));
  const theme = choice(`${name}-theme`, "Page", "theme", change);
  const colour = colourBy(`${name}-colour`, change, key("look.colour"));
  const masks = tick("Masks", (checked) => change({ masks: checked }), key("look.masks"));
  const alone = tick("Only the object in hand", (checked) => change({ others: !checked }), key("look.others"));
  const reset = el("button.button.look-reset", {
    type: "button",
    onclick: () => change({ opacity: DELIVERED.opacity, brightness: DELIVERED.brightness, contrast: DELIVERED.contrast }),
  }, "Reset sliders");

  const element = el("section.look", { "aria-label": "Look" },
    el("div.look-ticks", {}, masks.element, alone.element),
    mode.element, colour.element, opacity.element, brightness.element, contrast.element, reset, theme.element);

  let kept = store.state.look;
  const parts = [opacity, brightness, contrast, mode, theme, colour];
  const stopLook = store.on(["look"], ({ look }) => {
    for (const part of parts) part.show(look);
    masks.show(look.masks);
    alone.show(!look.others);
    reset.disabled = ["opacity", "brightness", "contrast"].every((part) => look[part] === DELIVERED[part]);
    if (look === kept) return;
    kept = look;
    const problem = keepLook(look, storage);
    if (problem) onProblem(problem);
  });
  const stopKeys = keymap?.onChange(() => {
    for (const shown of element.querySelectorAll("kbd[data-command]")) shown.textContent = keymap.label(shown.dataset.command);
  });
  return { element, destroy: () => { stopLook(); stopKeys?.(); element.remove(); } };
}

/** Values are shown in percent; a double click puts one back. */
function slider(id, label, part, change) {
  const { least, most, step } = RANGES[part];
  const value = el("output", { for: id });
  const input = el("input", {
    type: "range", id, min: least, max: most, step,
    oninput: () => change({ [part]: Number(input.value) }),
    ondblclick: () => change({ [part]: DELIVERED[part] }),
  });
  return {
    element: el("div.look-slider", {}, el("label", { for: id }, label), value, input),
    show(look) {
      const percent = `${Math.round(look[part] * 100)} %`;
      if (Number(input.value) !== look[part]) input.value = look[part];
      input.setAttribute("aria-valuetext", percent);
      value.textContent = percent;
    },
  };
}

function choice(name, label, part, change, key = null) {
  const inputs = Object.keys(CHOICES[part]).map((value) =>
    el("input", { type: "radio", name, value, onchange: () => change({ [part]: value }) }));
  const shown = inputs.map((input) => el("label.segment", {}, input, el("span", {}, CHOICES[part][input.value])));
  return {
    element: el("fieldset.look-choice", {}, el("legend", {}, label, key), el("div.segments", {}, shown)),
    show: (look) => inputs.forEach((input) => (input.checked = input.value === look[part])),
  };
}

function colourBy(id, change, key) {
  const select = el("select", { id, onchange: () => change({ colour: select.value }) },
    Object.entries(CHOICES.colour).map(([value, label]) => el("option", { value }, label)));
  const [least, most] = SCORE_RANGE;
  const steps = Array.from({ length: 10 }, (_, place) => css(scoreColour(least + ((most - least) * place) / 9)));
  const background = `linear-gradient(to right, ${steps.join(", ")})`;
  const legend = el("p.look-legend.small.soft", {},
    el("span", {}, `${least} or less`),
    el("span.look-ramp", { "aria-hidden": "true", style: { background } }),
    el("span", {}, most.toFixed(1)));
  return {
    element: el("div.look-colour", {}, el("label", { for: id }, "Colour by", key), select, legend),
    show(look) {
      select.value = look.colour;
      legend.hidden = look.colour !== "score";
    },
  };
}

function tick(label, change, key) {
  const input = el("input", { type: "checkbox", onchange: () => change(input.checked) });
  return {
    element: el("label.look-tick", {}, input, el("span", {}, label), key),
    show: (checked) => (input.checked = checked),
  };
}
