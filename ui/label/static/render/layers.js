// The stage's canvases, one above the other, always as fine as the screen.

/** @param {HTMLElement} host
 * @param {string[]} names   the lowest first
 * @param {() => void} onEmpty   every canvas lost what was drawn: draw again, at once */
export function createLayers(host, names, onEmpty) {
  const viewport = { width: 0, height: 0, ratio: 1 };
  const canvases = Object.fromEntries(names.map((name) => [name, createCanvas(host, name, onEmpty)]));
  const observer = new ResizeObserver(([entry]) => resize(entry));
  // Fires too when only the zoom of the browser changes, which a css size does not show.
  try {
    observer.observe(host, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(host); // Safari knows only css sizes
  }

  function resize(entry) {
    const { width, height } = entry.contentRect;
    const exact = entry.devicePixelContentBoxSize?.[0];
    const deviceWidth = wholePixels(width, exact?.inlineSize);
    const deviceHeight = wholePixels(height, exact?.blockSize);
    if (!deviceWidth || !deviceHeight) return; // hidden: keep what there is
    Object.assign(viewport, { width, height, ratio: deviceWidth / width });
    for (const canvas of Object.values(canvases)) {
      if (canvas.width !== deviceWidth) canvas.width = deviceWidth;
      if (canvas.height !== deviceHeight) canvas.height = deviceHeight;
    }
    onEmpty();
  }

  return {
    viewport,
    contexts: Object.fromEntries(names.map((name) => [name, canvases[name].getContext("2d")])),
    canvases,
    /** An empty layer costs nothing when it is not composed. */
    show(name, visible) {
      const display = visible ? "" : "none";
      if (canvases[name].style.display !== display) canvases[name].style.display = display;
    },
    remove() {
      observer.disconnect();
      for (const canvas of Object.values(canvases)) canvas.remove();
    },
  };
}

/** The browser knows how it rounds a side to device pixels; an emulated screen is unknown to it. */
function wholePixels(side, exact) {
  const pixels = side * devicePixelRatio;
  return Math.abs((exact ?? Infinity) - pixels) <= 1 ? exact : Math.round(pixels);
}

function createCanvas(host, name, onEmpty) {
  const canvas = document.createElement("canvas");
  canvas.dataset.layer = name;
  canvas.setAttribute("aria-hidden", "true");
  Object.assign(canvas.style, { position: "absolute", inset: "0", width: "100%", height: "100%", pointerEvents: "none" });
  canvas.addEventListener("contextrestored", onEmpty); // a graphics card that was reset
  host.append(canvas);
  return canvas;
}
