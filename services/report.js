// Draws the masks of a report's photographs, filters them by score, sorts and enlarges.
"use strict";

const state = { masks: true, from: 0 };
const find = (selector, within = document) => within.querySelector(selector);
const gallery = find("#gallery");
const large = find("#large");
const tip = find("#tip");
const number = new Intl.NumberFormat("en");

/** One photograph with its canvas: `masks` come from the card's JSON when first wanted. */
class View {
  constructor(box, card) {
    this.canvas = find("canvas", box);
    this.card = card;
    this.hovered = null;
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.hover(null));
  }

  /** Masks that pass the filter, the largest first. */
  get shown() {
    return state.masks ? this.card.masks.filter((mask) => mask.score >= state.from) : [];
  }

  /** Where the photograph lies in the canvas, as `object-fit: contain` puts it. */
  fit() {
    const [width, height] = this.card.view;
    const scale = Math.min(this.canvas.width / width, this.canvas.height / height);
    const left = (this.canvas.width - width * scale) / 2;
    return new DOMMatrix([scale, 0, 0, scale, left, (this.canvas.height - height * scale) / 2]);
  }

  draw() {
    const density = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * density);
    this.canvas.height = Math.round(this.canvas.clientHeight * density);
    const context = this.canvas.getContext("2d");
    const fit = this.fit();
    context.setTransform(fit);
    context.lineJoin = "round";
    const shown = this.shown;
    for (const mask of shown) paint(context, mask, density / fit.a, this.hovered);
    if (this.hovered) paint(context, this.hovered, density / fit.a, this.hovered);
  }

  release() {
    this.canvas.width = this.canvas.height = 0;
  }

  /** The mask on top under the pointer. */
  point(event) {
    const density = window.devicePixelRatio || 1;
    const at = new DOMPoint(event.offsetX * density, event.offsetY * density);
    const { x, y } = at.matrixTransform(this.fit().inverse());
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    const under = this.shown.findLast((mask) => context.isPointInPath(mask.path, x, y, "evenodd"));
    this.hover(under ?? null, event);
  }

  hover(mask, event) {
    tip.hidden = !mask;
    if (mask) showTip(mask, event);
    if (mask === this.hovered) return;
    this.hovered = mask;
    this.draw();
  }
}

/** A large mask is filled thinly, so that what lies on it keeps its colours. */
const opacity = (mask) => 0.46 - 0.32 * Math.sqrt(mask.share);

/** A mask filled and outlined; `pixel` is a CSS pixel in the path's units. */
function paint(context, mask, pixel, hovered) {
  const dimmed = hovered && mask !== hovered;
  context.globalAlpha = dimmed ? 0.1 : mask === hovered ? 0.6 : opacity(mask);
  context.fillStyle = mask.colour;
  context.fill(mask.path, "evenodd");
  context.globalAlpha = dimmed ? 0.35 : 1;
  context.lineWidth = (mask === hovered ? 2.6 : 1.5) * pixel;
  context.strokeStyle = mask === hovered ? "#fff" : mask.colour;
  context.stroke(mask.path);
}

function showTip(mask, event) {
  tip.textContent = `predicted IoU ${mask.score.toFixed(3)}`;
  tip.style.borderColor = mask.colour;
  const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
  tip.style.translate = `${left}px ${Math.max(8, event.clientY - 34)}px`;
  tip.style.inset = "0 auto auto 0";
  // The dialog is above everything else on the page: the tip has to be inside it.
  (large.open ? large : document.body).append(tip);
}

/** What a card's JSON says, read once. */
function read(element) {
  const { view, masks } = JSON.parse(find("script", element).textContent);
  return {
    element,
    view,
    masks: masks.map(([path, colour, score, share]) => {
      return { path: new Path2D(path), colour, score, share };
    }),
  };
}

const cards = new Map();
const cardOf = (element) => cards.get(element) ?? cards.set(element, read(element)).get(element);
const views = new Map();
const visible = new Set();
let enlarged = null;

function viewOf(element) {
  if (!views.has(element)) views.set(element, new View(element, cardOf(element)));
  return views.get(element);
}

function drawVisible() {
  for (const element of visible) viewOf(element).draw();
  enlarged?.draw();
  tell();
}

let asked = false;
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    drawVisible();
  });
}

/** How many masks pass, on each card in view and in all. */
function tell() {
  for (const element of visible) find(".masks", element).textContent = counted(scoresOf(element));
  find("#shown").textContent = counted(drawable().flatMap(scoresOf));
}

function counted(scores) {
  const passing = scores.filter((score) => score >= state.from).length;
  const all = `${number.format(scores.length)} mask${scores.length === 1 ? "" : "s"}`;
  return passing === scores.length ? all : `${number.format(passing)} of ${all}`;
}

const scores = new Map();
function scoresOf(element) {
  if (!scores.has(element)) scores.set(element, JSON.parse(element.dataset.scores));
  return scores.get(element);
}

/** Cards that have a picture, in the order they stand. */
const drawable = () => [...gallery.children].filter((element) => find("script", element));

function watch() {
  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) visible.add(target);
        else if (visible.delete(target)) viewOf(target).release();
      }
      redraw();
    },
    { rootMargin: "400px" },
  );
  drawable().forEach((element) => sight.observe(element));
  new ResizeObserver(redraw).observe(gallery);
  new ResizeObserver(redraw).observe(large);
}

const orders = {
  position: (a, b) => a.position - b.position,
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  masks: (a, b) => b.masks - a.masks,
  score: (a, b) => b.score - a.score,
};

function sort() {
  const order = orders[find("#sort").value];
  const sorted = [...gallery.children].sort((a, b) => order(a.dataset, b.dataset));
  gallery.append(...sorted);
}

function toggle() {
  state.masks = !state.masks;
  find("#toggle").setAttribute("aria-pressed", state.masks);
  redraw();
}

function filter() {
  state.from = Number(find("#score").value);
  find("#score-value").textContent = state.from.toFixed(3);
  redraw();
}

/** The slider spans the scores there are; a model may predict an IoU slightly above 1. */
function setUpFilter() {
  const all = drawable().flatMap(scoresOf);
  const slider = find("#score");
  const highest = all.reduce((high, score) => Math.max(high, score), 0) || 1;
  const lowest = all.reduce((low, score) => Math.min(low, score), highest);
  slider.max = Math.ceil(highest * 200) / 200;
  slider.min = slider.value = Math.floor(lowest * 200) / 200;
  filter();
}

function enlarge(element) {
  find("img", large).src = find("img", element).src;
  for (const part of ["h3", ".masks", ".detail"]) {
    find(part, large).textContent = find(part, element).textContent;
  }
  enlarged = new View(freshStage(), cardOf(element));
  if (!large.open) large.showModal();
  redraw();
}

/** The large canvas without the listeners of the image before. */
function freshStage() {
  const canvas = find("canvas", large);
  canvas.replaceWith(canvas.cloneNode());
  return large;
}

function step(by) {
  const all = drawable();
  const at = all.indexOf(enlarged.card.element);
  enlarge(all[(at + by + all.length) % all.length]);
}

function closed() {
  enlarged.card.element.querySelector("button").focus();
  enlarged = null;
  tip.hidden = true;
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("select")) return;
  if (event.key === "m" || event.key === "M") toggle();
  if (large.open && event.key === "ArrowLeft") step(-1);
  if (large.open && event.key === "ArrowRight") step(1);
}

function clicked(event) {
  const picture = event.target.closest("button.picture");
  if (picture) enlarge(picture.closest(".card"));
}

if (gallery) {
  setUpFilter();
  watch();
  gallery.addEventListener("click", clicked);
  find("#toggle").addEventListener("click", toggle);
  find("#score").addEventListener("input", filter);
  find("#sort").addEventListener("change", sort);
  find("#previous").addEventListener("click", () => step(-1));
  find("#next").addEventListener("click", () => step(1));
  find("#close").addEventListener("click", () => large.close());
  large.addEventListener("close", closed);
  document.addEventListener("keydown", pressed);
}
