// The tools that ask SAM: point, box and stroke.

/** A point tool's drag is a box: the two belong together in the hand. */
export function pointTool({ actions, sketch, inside }) {
  return {
    ...boxTool({ actions, sketch, inside }),
    cursor: "crosshair",
    click: (at) => inside(at) && actions.point([at.x, at.y], at.label),
  };
}

export function boxTool({ actions, sketch, inside, corner }) {
  let from = null;
  const boxTo = (at) => {
    const clip = inside.clip;
    const [x1, y1] = clip(Math.min(from.x, at.x), Math.min(from.y, at.y));
    const [x2, y2] = clip(Math.max(from.x, at.x), Math.max(from.y, at.y));
    return [x1, y1, x2, y2];
  };
  const drop = (at) => {
    const box = boxTo(at);
    from = null;
    sketch.set(null);
    if (box[2] - box[0] >= 1 && box[3] - box[1] >= 1) actions.box(box);
  };
  return {
    cursor: "crosshair",
    drag(begun, at) {
      from = begun;
      this.move(at);
      return true;
    },
    move: (at) => from && sketch.set({ kind: "box", box: boxTo(at) }),
    drop,
    // Two clicks are a box too: that is how the keyboard draws one.
    click(at) {
      if (!corner) return;
      if (from) drop(at);
      else {
        from = at;
        sketch.set({ kind: "box", box: [at.x, at.y, at.x, at.y] });
      }
    },
    hover: (at) => from && at && sketch.set({ kind: "box", box: boxTo(at) }),
    cancel() {
      const had = from !== null;
      from = null;
      sketch.set(null);
      return had;
    },
  };
}

export function strokeTool({ actions, sketch, inside }) {
  let points = [];
  let label = 1;
  return {
    cursor: "crosshair",
    click: (at) => inside(at) && actions.point([at.x, at.y], at.label),
    drag(from, at) {
      label = from.label;
      points = [inside.clip(from.x, from.y)];
      this.move(at);
      return true;
    },
    move(at) {
      points = [...points, inside.clip(at.x, at.y)];
      sketch.set({ kind: "stroke", points, label });
    },
    drop() {
      actions.stroke(points, label);
      this.cancel();
    },
    cancel() {
      const had = points.length > 0;
      points = [];
      sketch.set(null);
      return had;
    },
  };
}
