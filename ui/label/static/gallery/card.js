// One image of the list: a real link, whose plain click is taken over by the page.

import { el } from "../dom.js";
import { person, warning } from "./icons.js";
import { STATES, contentsOf, nameOf, spokenOf, workerOf } from "./words.js";

/**
 * `pictureProblem(image)` says why a thumbnail does not come, or null where it comes if asked again.
 * @param {{image: object, hrefOf: (image: object) => string, pictureOf: (image: object) => string,
 *   pictureProblem: (image: object) => Promise<string|null>, me: () => string|undefined}} options
 */
export function createCard({ image: given, hrefOf, pictureOf, pictureProblem, me }) {
  let image = given;
  let askedAgain = false;
  let isGone = false;
  const picture = el("img", { alt: "", loading: "lazy", decoding: "async", draggable: false, onload: arrived, onerror: () => void broken() });
  const trouble = el("span.trouble", { hidden: true });
  const worker = el("span.worker", { hidden: true });
  const workerName = el("span");
  worker.append(person(), workerName);
  const name = el("span.name");
  const size = el("span");
  const state = el("span.state");
  const contents = el("span.contents");
  const spoken = el("span.unseen"); // the link's name: all of the card in a sentence
  const link = el(
    "a.card-link",
    { tabIndex: -1 },
    el("span.picture", { "aria-hidden": "true" }, picture, trouble, worker),
    el("span.foot", { "aria-hidden": "true" }, name, el("span.facts", {}, size, state), contents),
    spoken,
  );
  const element = el("li.card", {}, link);

  function arrived() {
    picture.classList.add("there");
  }

  async function broken() {
    if (isGone) return;
    const problem = await pictureProblem(image);
    if (isGone) return;
    if (problem === null && !askedAgain) {
      askedAgain = true;
      picture.src = pictureOf(image);
      return;
    }
    const sentence = problem ?? "The browser cannot show this picture.";
    picture.hidden = true;
    trouble.replaceChildren(warning(), el("strong", {}, "No picture"), el("span.why", { title: sentence }, sentence));
    trouble.hidden = false;
    spoken.textContent = `${spokenOf(image, me())}. Its picture cannot be shown: ${sentence}`;
  }

  function draw() {
    link.href = hrefOf(image);
    spoken.textContent = spokenOf(image, me());
    name.textContent = nameOf(image.source_uri);
    name.title = image.source_uri;
    size.textContent = `${image.width.toLocaleString("en")} × ${image.height.toLocaleString("en")}`;
    state.hidden = !image.state;
    state.textContent = STATES[image.state] ?? image.state ?? "";
    state.dataset.state = image.state ?? "";
    contents.textContent = contentsOf(image);
    const who = workerOf(image, me());
    worker.hidden = who === null;
    workerName.textContent = who ?? "";
  }

  draw();
  picture.src = pictureOf(image);

  return {
    element,
    link,
    get image() {
      return image;
    },
    update(newer) {
      if (newer === image) return;
      image = newer;
      draw();
    },
    /** @param {{x: number, y: number, width: number, height: number, picture: number, index: number, count: number}} place  `count`: -1 where it is not known */
    place({ x, y, width, height, picture: tall, index, count }) {
      const { style } = element;
      style.transform = `translate(${x}px, ${y}px)`;
      style.width = `${width}px`;
      style.height = `${height}px`;
      style.setProperty("--picture", `${tall}px`);
      element.setAttribute("aria-posinset", String(index + 1));
      element.setAttribute("aria-setsize", String(count));
    },
    /** Scrolled away: its picture need not come any more. */
    leave() {
      isGone = true;
      if (!picture.complete) picture.removeAttribute("src");
    },
  };
}
