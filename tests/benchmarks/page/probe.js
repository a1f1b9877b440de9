// What is measured inside the page: put into it by bench_ui.py, which calls `bench.…`.
globalThis.bench = (() => {
  const root = () => document.querySelector("#maskloop").page;
  const stage = () => root().views.label.stage;
  const painted = () =>
    new Promise((resolve) => {
      // Behind the frame's own paint: a message that is posted in a frame is handled after it.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(null);
      });
    });

  /** From the release of the button to the mask on the screen, ms; one click at a time. */
  function watchClick() {
    const surface = document.querySelector(".stage");
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("no mask within 20 s")), 20_000);
      const before = root().state.draft?.mask ?? null;
      surface.addEventListener("pointerup", (event) => {
        const began = event.timeStamp;
        const stop = stage().onFrame(() => {
          const { draft } = root().state;
          if (!draft?.mask || draft.mask === before) return;
          stop();
          clearTimeout(late);
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => resolve(performance.now() - began);
          port2.postMessage(null);
        });
      }, { capture: true, once: true });
    });
  }

  /** Pans and zooms for so many frames; what each frame took. */
  function ride(frames, move) {
    const times = [];
    return new Promise((resolve) => {
      function frame(time) {
        times.push(time);
        if (times.length > frames) return resolve(times);
        move(times.length);
        requestAnimationFrame(frame);
      }
      requestAnimationFrame(frame);
    });
  }

  const rideStage = async (frames) => {
    stage().resetFrames();
    const times = await ride(frames, (at) => {
      const turn = at / 18;
      if (at % 2) stage().panBy(9 * Math.cos(turn), 7 * Math.sin(turn));
      else stage().zoomBy(1 + 0.03 * Math.sin(at / 40));
    });
    return { times, script: stage().frames().scriptMs };
  };

  async function open(id) {
    const began = performance.now();
    const { flow } = root().views.label;
    const opened = flow.open(id);
    await opened;
    await stage().ready;
    await stage().overlayReady();
    return (await painted()) - began;
  }

  return { watchClick, rideStage, ride, open, painted, root };
})();
