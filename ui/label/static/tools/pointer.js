// Pointers and the wheel on the stage: moving the view, and everything else to the tool in hand.

const CLICK_PX = 5;
const WHEEL_STEP = 0.0016;
const ERASER_BUTTON = 32;

/**
 * @typedef {{ x: number, y: number, label: 0|1, event: PointerEvent }} At   x, y in pixels of the image; label 0: take away
 * @typedef {object} Tool
 * @property {string} cursor
 * @property {(at: At) => void} [click]   pressed and let go in one place
 * @property {(from: At, at: At) => boolean} [drag]   begins one; false: not for this tool
 * @property {(at: At) => void} [move] @property {(at: At) => void} [drop] @property {(at: At|null) => void} [hover]
 * @property {() => void} [cancel] @property {(at: At) => void} [double]
 */

/**
 * @param {HTMLElement} surface
 * @param {{ stage: object, tool: () => Tool, onHover: (at: At|null) => void, onPick: (at: At) => void }} parts
 */
export function watchPointers(surface, { stage, tool, onHover, onPick }) {
  const touches = new Map();
  let press = null;
  let spaceHeld = false;

  function at(event) {
    const [x, y] = stage.toImage(event.clientX, event.clientY);
    const takesAway = event.altKey || event.button === 2 || (event.buttons & 2) !== 0 || (event.buttons & ERASER_BUTTON) !== 0;
    return { x, y, label: takesAway ? 0 : 1, event };
  }

  const pans = (event) => event.button === 1 || spaceHeld || tool().cursor === "grab";

  function down(event) {
    if (event.target.closest("button, a, input, select")) return;
    surface.focus({ preventScroll: true });
    if (event.pointerType === "touch") touches.set(event.pointerId, event);
    if (touches.size === 2) return pinchBegins();
    if (press || touches.size > 2) return;
    surface.setPointerCapture(event.pointerId);
    const from = at(event);
    press = { id: event.pointerId, from, last: event, kind: pans(event) ? "pan" : "press" };
    surface.dataset.panning = String(press.kind === "pan");
  }

  function pinchBegins() {
    if (press?.kind === "drag") tool().cancel?.();
    press = { kind: "pinch", span: spanOf(touches) };
  }

  function move(event) {
    if (touches.has(event.pointerId)) touches.set(event.pointerId, event);
    if (press?.kind === "pinch") return pinch();
    if (!press) return onHover(at(event));
    if (press.id !== event.pointerId) return undefined;
    if (press.kind === "press" && far(press.last, event)) begin(event);
    if (press.kind === "pan") {
      stage.panBy(event.clientX - press.last.clientX, event.clientY - press.last.clientY);
      press.last = event;
    } else if (press.kind === "drag") {
      for (const part of event.getCoalescedEvents?.() ?? [event]) tool().move?.({ ...at(part), label: press.from.label });
    }
    return undefined;
  }

  const far = (from, to) => Math.hypot(from.clientX - to.clientX, from.clientY - to.clientY) > CLICK_PX;

  function begin(event) {
    const begun = tool().drag?.(press.from, at(event)) ?? false;
    press.kind = begun ? "drag" : "ignored";
  }

  function pinch() {
    if (touches.size < 2) return;
    const span = spanOf(touches);
    stage.panBy(span.x - press.span.x, span.y - press.span.y);
    stage.zoomBy(span.length / press.span.length, span.x, span.y);
    press.span = span;
  }

  function up(event) {
    touches.delete(event.pointerId);
    if (press?.kind === "pinch") {
      if (touches.size === 0) press = null;
      return;
    }
    if (press?.id !== event.pointerId) return;
    const { kind, from } = press;
    press = null;
    surface.dataset.panning = "false";
    if (kind === "drag") tool().drop?.({ ...at(event), label: from.label });
    else if (kind === "press" && (event.ctrlKey || event.metaKey)) onPick(from);
    else if (kind === "press") tool().click?.(from);
  }

  function lost(event) {
    touches.delete(event.pointerId);
    if (press?.kind === "drag") tool().cancel?.();
    if (press?.id === event.pointerId || touches.size === 0) press = null;
    surface.dataset.panning = "false";
  }

  function wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 20 : 1;
    if (event.shiftKey && !event.ctrlKey) return stage.panBy(-(event.deltaY || event.deltaX) * unit, 0);
    const box = surface.getBoundingClientRect();
    const strength = event.ctrlKey ? 5 : 1; // a pinch on a trackpad comes as small steps with Ctrl
    const factor = Math.exp(-event.deltaY * unit * WHEEL_STEP * strength);
    return stage.zoomBy(factor, event.clientX - box.left, event.clientY - box.top);
  }

  function space(event) {
    if (event.code !== "Space" || event.target !== surface) return;
    if (event.type === "keydown") event.preventDefault();
    spaceHeld = event.type === "keydown";
    surface.dataset.space = String(spaceHeld);
  }

  surface.addEventListener("pointerdown", down);
  surface.addEventListener("pointermove", move);
  surface.addEventListener("pointerup", up);
  surface.addEventListener("pointercancel", lost);
  surface.addEventListener("pointerleave", () => !press && onHover(null));
  surface.addEventListener("dblclick", (event) => tool().double?.(at(event)));
  surface.addEventListener("contextmenu", (event) => event.preventDefault());
  surface.addEventListener("wheel", wheel, { passive: false });
  surface.addEventListener("keydown", space);
  surface.addEventListener("keyup", space);
  surface.addEventListener("blur", () => {
    spaceHeld = false;
    surface.dataset.space = "false";
  });
}

function spanOf(touches) {
  const [a, b] = [...touches.values()];
  const box = a.target.closest("[data-stage]")?.getBoundingClientRect() ?? { left: 0, top: 0 };
  return {
    x: (a.clientX + b.clientX) / 2 - box.left,
    y: (a.clientY + b.clientY) / 2 - box.top,
    length: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
  };
}
