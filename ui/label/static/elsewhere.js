// The ways from one page of a project to the others, for whoever may use them.
import { el } from "./dom.js";

const PAGES = [
  { name: "label", word: "Label" },
  { name: "review", word: "Review", needs: "proposals.review" },
  { name: "models", word: "Models" },
  { name: "quality", word: "Quality" },
];

/** @param {{ id: number, permissions: string[] }} project @param {"label"|"review"|"models"|"quality"} here  the page that asks */
export const elsewhere = ({ id, permissions }, here) =>
  PAGES.filter(({ name, needs }) => name !== here && (needs === undefined || permissions.includes(needs)))
    .map(({ name, word }) => el("a.button.bare", { href: `/${name}/?project=${id}` }, word));
