// The tools by name, and which of them is in hand; it stays there from object to object.
import { boxTool, pointTool, strokeTool } from "./prompts.js";
import { brushTool, knifeTool, polygonTool } from "./shaping.js";

export const TOOLS = ["point", "box", "stroke", "brush", "eraser", "polygon", "polygon_subtract", "split", "pan"];
export const LEAST_RADIUS = 1;
export const MOST_RADIUS = 400;

export function createToolbox({ store, stage, actions, sketch }) {
  const { state } = store;
  const inside = ({ x, y }) => x >= 0 && y >= 0 && x < state.image.width && y < state.image.height;
  inside.clip = (x, y) => [
    Math.max(0, Math.min(state.image.width - 1, x)),
    Math.max(0, Math.min(state.image.height - 1, y)),
  ];
  const parts = { store, stage, actions, sketch, inside };
  const tools = {
    point: pointTool(parts),
    box: boxTool({ ...parts, corner: true }),
    stroke: strokeTool(parts),
    brush: brushTool({ ...parts, value: 1 }),
    eraser: brushTool({ ...parts, value: 0 }),
    polygon: polygonTool({ ...parts, adds: true }),
    polygon_subtract: polygonTool({ ...parts, adds: false }),
    split: knifeTool(parts),
    pan: { cursor: "grab" },
  };

  return {
    get current() {
      return tools[state.tool];
    },
    choose(name) {
      tools[state.tool].cancel?.();
      sketch.set(null);
      store.set({ tool: name });
    },
    resize(factor) {
      const radius = Math.max(LEAST_RADIUS, Math.min(MOST_RADIUS, Math.round(state.radius * factor + Math.sign(factor - 1))));
      store.set({ radius });
      if (state.pointer) tools[state.tool].hover?.(state.pointer);
    },
  };
}
