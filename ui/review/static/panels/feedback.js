// After a check: what was right, beside what was said. It waits in a corner and holds up nothing.
import { el } from "../../label/dom.js";
import { picture } from "../../label/panels/icons.js";
import { openDialog } from "../../label/panels/dialog.js";
import { colourOf, categoryName } from "../look.js";
import { cameraOf } from "../picture/crop.js";
import { maskOf, onDevice, paintMask, paintPicture, styleOf } from "../picture/painting.js";

const STAYS_MS = 12_000;
const TRUTH = [57, 217, 138];
const SIZE = { width: 420, height: 320 };

/** @param {{ store: object, keymap: object, pictures: object }} parts */
export function createFeedback({ store, keymap, pictures }) {
  const { state } = store;
  const element = el("aside.feedback", { role: "status", "aria-live": "polite", hidden: true });
  let timer = 0;
  let dialog = null;

  const close = () => store.set({ feedback: null });

  store.on(["feedback"], ({ feedback }) => {
    clearTimeout(timer);
    element.hidden = feedback === null;
    if (feedback === null) return element.replaceChildren();
    const { passed, iou, text } = feedback.data;
    element.className = `feedback ${passed ? "good" : "bad"}`;
    element.replaceChildren(
      picture(passed ? "check" : "warn"),
      el("div", {}, el("strong", {}, passed ? "That was a check: right" : "That was a check: not right"), el("p", {}, text || "", iou === null || iou === undefined ? "" : el("span.soft", {}, ` IoU ${iou.toFixed(2)}`))),
      el("button.button", { type: "button", onclick: open }, "Truth and yours", el("kbd", { "aria-hidden": "true" }, keymap.label("truth"))),
      el("button.button.bare.toast-close", { type: "button", "aria-label": "Close", onclick: close }, picture("close")));
    timer = setTimeout(close, STAYS_MS);
    return undefined;
  });

  function side(title, about, card, mask, colour) {
    const canvas = el("canvas", { role: "img", "aria-label": `${title}: ${about}` });
    canvas.width = SIZE.width * devicePixelRatio;
    canvas.height = SIZE.height * devicePixelRatio;
    const context = canvas.getContext("2d");
    const camera = onDevice(cameraOf(card, SIZE), devicePixelRatio);
    const found = pictures.best(card.image);
    if (found) paintPicture(context, found, camera);
    if (mask) paintMask(context, mask, camera, styleOf(colour, "both", 0.3, devicePixelRatio));
    return el("figure.side", {}, el("figcaption", {}, el("strong", {}, title), el("span.soft", {}, about)), canvas);
  }

  function open() {
    if (dialog) return dialog.close();
    const { feedback } = state;
    if (feedback === null) return undefined;
    clearTimeout(timer);
    const { card, said, data } = feedback;
    const truth = data.truth ? maskOf(data.truth) : null;
    const mine = said.verdict === "rejected" ? null : maskOf(said.mine?.segmentation ?? card.segmentation);
    const category = categoryName(state.project, said.category_id);
    const [what, word] = [said.verdict === "accepted" ? "accepted as it was shown" : said.verdict, category ? `, ${category}` : ""];
    dialog = openDialog({
      title: data.passed ? "Right" : "Not right", class: "conflict", light: true,
      content: [data.text || "", el("div.sides", {},
        side("Truth", categoryName(state.project, data.category_id) ?? "no object is here", card, truth, TRUTH),
        side("Yours", what + word, card, mine, colourOf(state, said.category_id))),
        figures(data)],
      actions: [{ label: "Go on", value: "on", kind: "primary", keys: ["G", "Enter", "A"] }],
      onClose: () => {
        dialog = null;
        close();
      },
    });
    return undefined;
  }

  const figures = ({ iou, boundary_f: boundary }) =>
    el("p.soft", {}, [["IoU", iou], ["boundary F", boundary]].filter(([, value]) => typeof value === "number").map(([name, value]) => `${name} ${value.toFixed(3)}`).join(" · "));

  return { element, open: () => (state.feedback === null && !dialog ? false : open() !== false) };
}
