// The page of disputes about images: several people labeled one without knowing of each other, and one pass is taken.
import { el } from "../../label/dom.js";
import { bindKeys, createKeymap } from "../../label/keys.js";
import { createKeysSheet } from "../../label/panels/keys_sheet.js";
import { keepLook, lookAfter, storageOf } from "../../label/panels/look_state.js";
import { zoomed } from "../picture/crop.js";
import { createPictures } from "../picture/pictures.js";
import { may } from "../state.js";
import { createDecisionBar, createTop } from "./bars.js";
import { createBeside } from "./beside.js";
import { GESTURES, GROUPS, commands } from "./commands.js";
import { createDeciding } from "./deciding.js";
import { createNotices } from "./notices.js";
import { createPasses } from "./passes.js";
import { DECIDE, WHOLE } from "./state.js";

const ZOOM_STEP = 1.3;

/** @param {{ root: HTMLElement, store: object, server: object, say: Function }} parts */
export function createFolds({ root, store, server, say }) {
  const { state } = store;
  const keymap = createKeymap({ commands, storage: storageOf(), keptAt: "maskloop.folds.keys", onProblem: (sentence) => say(sentence, { kind: "warn", key: "browser" }) });
  const sheet = createKeysSheet(keymap, { groups: GROUPS, gestures: GESTURES });
  const toLabel = (image) => location.assign(`/label/?project=${state.project.id}&image=${image}`);
  const deciding = createDeciding({ store, server, say, toLabel });
  const pictures = createPictures({
    urlOf: server.picture, onPicture: () => passes.arrived(), onTrouble: (sentence) => say(sentence, { kind: "bad", key: "picture" }),
  });
  const passes = createPasses({ store, pictures, keymap, choose: deciding.choose });

  const did = (value) => value !== false;
  const zoom = (factor) => () => did(store.set({ view: zoomed(state.view, factor) }));
  const BY_NAME = {
    take: () => deciding.take(state.taking?.kind ?? "finish"),
    correct: () => deciding.take("correct"),
    next: () => did(deciding.next()),
    cancel: deciding.cancel,
    peek: () => did(store.set({ peeking: true })),
    mask: () => did(store.set({ masked: !state.masked })),
    mode: () => did(store.set({ look: lookAfter(state.look, "look.mode") })),
    whole: () => did(store.set({ view: WHOLE })),
    "zoom.in": zoom(ZOOM_STEP),
    "zoom.out": zoom(1 / ZOOM_STEP),
    help: () => did(sheet.open()),
  };
  for (let number = 1; number <= 9; number += 1) BY_NAME[`pass.${number}`] = () => deciding.choose(number - 1);
  const run = (id) => BY_NAME[id]?.() ?? false;

  root.append(createTop({ store, run }), el("div.review-body", {},
    el("main.stage-frame", { "aria-label": "Passes of an image" },
      el("div.stage-hold", {}, passes.element, createNotices({ store, onAgain: deciding.again, onNext: deciding.next })), createDecisionBar({ store, keymap, run })),
    el("aside.sidebar", { "aria-label": "Image" }, createBeside({ store }))));

  bindKeys(document, keymap, run);
  document.addEventListener("keyup", ({ code }) => code === "Space" && store.set({ peeking: false }));
  addEventListener("blur", () => store.set({ peeking: false }));
  store.on(["look"], ({ look }) => keepLook(look));
  if (may(state, DECIDE)) deciding.load();
  return { run, deciding };
}
