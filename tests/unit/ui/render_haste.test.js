// Coarse drawing begins only where frames are slow while the view moves, and ends when it stands still.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createHaste } from "../../../ui/label/static/render/haste.js";

function move(gap, frames) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const drawn = [];
  const haste = createHaste(() => drawn.push("with care"));
  for (let i = 0; i < frames; i++) {
    haste.moved();
    haste.frame(1000 + i * gap);
  }
  const during = haste.isOn();
  mock.timers.tick(121);
  mock.timers.reset();
  return { during, after: haste.isOn(), drawn };
}

test("at sixty frames a second everything is drawn with care", () => {
  assert.deepEqual(move(16.7, 100), { during: false, after: false, drawn: [] });
});

test("slow frames are drawn coarsely until the view stands still, then once with care", () => {
  assert.deepEqual(move(40, 20), { during: true, after: false, drawn: ["with care"] });
});

test("a rest between two movements is no slow frame", () => {
  assert.equal(move(400, 20).during, false);
});
