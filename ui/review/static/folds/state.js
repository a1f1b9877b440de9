// What the page of disputes about images holds.
import { loadLook } from "../../label/panels/look_state.js";
import { PLAIN } from "../picture/crop.js";

export const DECIDE = "annotations.write_all";

/** The picture whole, in every pass the same part of it. */
export const WHOLE = Object.freeze({ ...PLAIN, whole: true });

/** @typedef {{ kind: "finish"|"correct", key: string, sending: boolean }} Taking  `key`: one for all attempts */

export const initial = () => ({
  session: null, project: null, look: loadLook(),
  list: null, more: null, // folds in dispute, the one in view first, and the cursor of those behind; null: not asked yet
  fold: null, trouble: null, // the one in view with its masks; why there is none
  chosen: null, taking: null, // place of a pass; its taking, once it is asked for
  view: WHOLE, masked: true, peeking: false, decided: 0,
});

/** How people tell passes apart: nobody's name is shown. @param {number} at */
export const letterOf = (at) => String.fromCharCode(65 + at);

export const isSkipped = ({ outcome }) => outcome !== "done";

/** Known only to be as many as were listed, where there are more. */
export const countIn = ({ list, more }) => (list === null ? "" : `${list.length.toLocaleString("en")}${more === null ? "" : "+"}`);
