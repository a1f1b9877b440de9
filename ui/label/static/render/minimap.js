// The minimap: the whole picture small, with a frame around what the screen shows; click or drag to go there.
import { seen } from "./camera.js";

const SIDE = 160; // css pixels, the long one

/** @param {HTMLElement} host   the minimap is added to it
 * @param {ReturnType<import("./stage.js").createStage>} stage
 * @returns {{ remove: () => void }} */
export function createMinimap(host, stage) {
  const canvas = document.createElement("canvas");
  canvas.className = "minimap";
  canvas.setAttribute("aria-hidden", "true"); // all it does is done by keys too
  canvas.hidden = true;
  canvas.style.touchAction = "none";
  host.append(canvas);
  const context = canvas.getContext("2d");
  let drawn = []; // what the last drawing showed

  const scale = () => SIDE / Math.max(stage.size.width, stage.size.height);

  function draw() {
    const picture = stage.size && stage.small(SIDE * devicePixelRatio);
    const { camera, viewport } = stage;
    const shown = [picture, camera, viewport.width, viewport.height, devicePixelRatio];
    if (shown.every((part, i) => part === drawn[i])) return;
    drawn = shown;
    canvas.hidden = !picture || fits(stage);
    if (canvas.hidden) return;
    const [width, height] = [stage.size.width * scale(), stage.size.height * scale()];
    resize(width, height);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.drawImage(picture, 0, 0, width, height);
    drawFrame(width, height);
  }

  function resize(width, height) {
    const [deviceWidth, deviceHeight] = [width, height].map((side) => Math.max(1, Math.round(side * devicePixelRatio)));
    if (canvas.width === deviceWidth && canvas.height === deviceHeight) return;
    Object.assign(canvas, { width: deviceWidth, height: deviceHeight });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }

  function drawFrame(width, height) {
    const [x0, y0, x1, y1] = seen(stage.camera, stage.viewport).map((place) => place * scale());
    const [left, top] = [Math.max(0, x0), Math.max(0, y0)];
    const [right, bottom] = [Math.min(width, x1), Math.min(height, y1)];
    context.fillStyle = "rgb(0 0 0 / 0.45)";
    context.beginPath();
    context.rect(0, 0, width, height);
    context.rect(left, top, right - left, bottom - top);
    context.fill("evenodd");
    context.lineWidth = 2;
    context.strokeStyle = "white";
    context.strokeRect(left + 1, top + 1, Math.max(2, right - left - 2), Math.max(2, bottom - top - 2));
  }

  function goTo(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / scale(), (event.clientY - box.top) / scale()];
    const { camera, viewport } = stage;
    const middle = { x: viewport.width / 2 / camera.scale, y: viewport.height / 2 / camera.scale };
    stage.setCamera({ scale: camera.scale, x: x - middle.x, y: y - middle.y });
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    canvas.setPointerCapture(event.pointerId);
    goTo(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    event.stopPropagation();
    if (canvas.hasPointerCapture(event.pointerId)) goTo(event);
  });

  const stop = stage.onFrame(draw);
  return {
    remove() {
      stop();
      canvas.remove();
    },
  };
}

function fits({ camera, viewport, size }) {
  const [x0, y0, x1, y1] = seen(camera, viewport);
  return x0 <= 0 && y0 <= 0 && x1 >= size.width && y1 >= size.height;
}
