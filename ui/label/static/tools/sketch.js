// What is drawn above the masks: prompts of the draft, the tool's sketch, the keyboard's pointer.

const INCLUDE = "#39d98a";
const EXCLUDE = "#ff5a6a";
const GUIDE = "#ffffff";
const EDGE = "#0b0d10";

export function createSketch({ store, stage }) {
  let drawn = null;
  stage.addPainter((context, camera) => {
    const to = ([x, y]) => [(x - camera.x) * camera.scale, (y - camera.y) * camera.scale];
    const { draft, pointer } = store.state;
    if (draft) paintPrompt(context, draft.prompt, to);
    if (drawn) PAINTERS[drawn.kind](context, drawn, to, camera.scale);
    if (pointer?.byKeyboard) paintPointer(context, to([pointer.x, pointer.y]));
  });
  return {
    set(next) {
      if (drawn === null && next === null) return;
      drawn = next;
      stage.requestFrame();
    },
    get current() {
      return drawn;
    },
  };
}

const PAINTERS = {
  box: (context, { box }, to) => outlined(context, () => rectangle(context, box, to), GUIDE, [6, 4]),
  stroke: (context, { points, label }, to) => outlined(context, () => line(context, points, to), label ? INCLUDE : EXCLUDE, [], 4),
  cut: (context, { points }, to) => outlined(context, () => line(context, points, to), EXCLUDE, [8, 4]),
  polygon(context, { points, to: end, adds }, to) {
    const all = end ? [...points, end] : points;
    outlined(context, () => line(context, all, to, true), adds ? INCLUDE : EXCLUDE);
    if (points.length < 60) for (const point of points) dot(context, to(point), GUIDE, 3.5);
  },
  brush(context, { at, radius }, to, scale) {
    const [x, y] = to(at);
    outlined(context, () => context.arc(x, y, Math.max(1, radius * scale), 0, 2 * Math.PI), GUIDE);
  },
};

function paintPrompt(context, { points, box }, to) {
  if (box) outlined(context, () => rectangle(context, box, to), INCLUDE, [6, 4]);
  for (const [x, y, label] of points) mark(context, to([x, y]), label);
}

/** Told apart by shape as well as by colour. */
function mark(context, [x, y], label) {
  dot(context, [x, y], label ? INCLUDE : EXCLUDE, 7);
  context.beginPath();
  context.moveTo(x - 3.5, y);
  context.lineTo(x + 3.5, y);
  if (label) {
    context.moveTo(x, y - 3.5);
    context.lineTo(x, y + 3.5);
  }
  context.strokeStyle = EDGE;
  context.lineWidth = 2;
  context.stroke();
}

function dot(context, [x, y], colour, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = EDGE;
  context.stroke();
}

function paintPointer(context, [x, y]) {
  outlined(context, () => {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 5 * dx, y + 5 * dy);
      context.lineTo(x + 18 * dx, y + 18 * dy);
    }
  }, GUIDE, [], 2);
}

function outlined(context, trace, colour, dash = [], width = 2) {
  context.beginPath();
  trace();
  context.lineJoin = context.lineCap = "round";
  context.setLineDash([]);
  context.lineWidth = width + 2;
  context.strokeStyle = "rgb(11 13 16 / 70%)";
  context.stroke();
  context.setLineDash(dash);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
}

function rectangle(context, [x1, y1, x2, y2], to) {
  const [left, top] = to([x1, y1]);
  const [right, bottom] = to([x2, y2]);
  context.rect(left, top, right - left, bottom - top);
}

function line(context, points, to, closed = false) {
  points.forEach((point, at) => (at ? context.lineTo(...to(point)) : context.moveTo(...to(point))));
  if (closed && points.length > 2) context.closePath();
}
