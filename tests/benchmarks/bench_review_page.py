"""The review page in a real Chromium: how long after a key the next card is on the screen.

`make bench-review-page` runs it: `maskloop up` in a home of its own on loopback, 1,000 proposals on
20 photographs of 12 megapixels in an order that changes the picture with almost every card, one key
for each; the server has made the renditions before. From the key's own time to the frame after the
one that drew the next card, by the page's clock.

Adds its rows to review.json in build/bench/, and writes review_page.md there.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from harness.machine import load_average, machine
from harness.rows import Report, table, write_json
from serving.platform_process import HOST, Platform, platform_of

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests"))

from maskloop.platform.db import projects  # noqa: E402
from maskloop.platform.masks import GeneratedMask  # noqa: E402
from maskloop.platform.settings import Settings  # noqa: E402
from maskloop.services.runtime import open_runtime  # noqa: E402
from sites.bench import Bench, mask_of  # noqa: E402

OUT = ROOT / "build" / "bench"
CACHE = Path(os.environ.get("MASKLOOP_TEST_CACHE", ROOT / "build" / "test-cache"))
PHOTOGRAPHS = ("coffee.png", "astronaut.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")
SIZE = (4000, 3000)
VIEW = {"width": 1280, "height": 720}
WARM = """async ([project, images]) => {
  for (const image of images) {
    const root = `/api/v1/projects/${project}/images/${image}/rendition`;
    for (const side of [1024, 2048]) await (await fetch(`${root}?side=${side}`)).blob();
  }
}"""
PROBE = """() => {
  const view = document.querySelector(".card-picture");
  const probe = (window.probe = { times: [], at: null, card: null, waits: 0 });
  const shown = () => view.dataset.ready === "true" && view.dataset.card !== probe.card;
  addEventListener("keydown", (event) => {
    if (probe.at !== null || event.repeat) return;
    probe.card = view.dataset.card;
    probe.at = event.timeStamp;
    const look = () => {
      if (!shown()) { probe.waits += 1; return requestAnimationFrame(look); }
      requestAnimationFrame(() => {
        probe.times.push(performance.now() - probe.at);
        probe.at = null;
      });
    };
    requestAnimationFrame(look);
  }, true);
}"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=1000)
    parser.add_argument("--pause", type=int, default=200, help="ms between two keys")
    parser.add_argument("--quick", action="store_true", help="does it run? Figures mean nothing")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.cards = 60
    chosen.out = chosen.out or (OUT / "quick" if chosen.quick else OUT)
    return chosen


def main() -> None:
    chosen = arguments()
    chosen.out.mkdir(parents=True, exist_ok=True)
    (OUT / "logs").mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = machine(len(os.sched_getaffinity(0)))
    facts["load_average_before"] = load_average()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="maskloop-bench-") as scratch:
        home = Path(scratch) / "home"
        photographs = list(large(Path(scratch)))
        log = OUT / "logs" / "review_page.log"
        with platform_of(home, CACHE / "weights", photographs, log) as platform:
            fill(home, platform.project_id, chosen.cards + 60)
            with browser() as chromium:
                facts["chromium"] = chromium.version
                review(report, platform, chromium, chosen)
    facts["load_average_after"] = load_average()
    write(report, chosen.out)
    write_json(chosen.out / "review_page_machine.json", facts)
    print((chosen.out / "review_page.md").read_text())


def large(folder: Path) -> Iterator[Path]:
    """Twenty pictures of SIZE, each its own part of a photograph."""
    for number in range(20):
        name = PHOTOGRAPHS[number % len(PHOTOGRAPHS)]
        picture = Image.open(Path(skimage.data.__file__).parent / name).convert("RGB")
        edge = 8 * (number // len(PHOTOGRAPHS))
        part = picture.crop((edge, edge, picture.width - edge, picture.height - edge))
        path = folder / f"picture-{number}.jpg"
        part.resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=88)
        yield path


def shapes(count: int, seed: int) -> list[GeneratedMask]:
    """Round things with a wavy edge, of all sizes; no two score alike."""
    chance = np.random.default_rng(seed)
    width, height = SIZE
    ys, xs = np.mgrid[: height // 4, : width // 4]
    found = []
    for number in range(count):
        x, y = chance.uniform(0.1, 0.9, 2) * (width // 4, height // 4)
        radius = float(chance.uniform(15, 110))
        angle = np.arctan2(ys - y, xs - x)
        edge = radius * (1 + 0.15 * np.sin(angle * chance.integers(3, 9)))
        small = np.hypot(xs - x, ys - y) <= edge
        pixels = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
        score = 0.6 + 0.39 * ((number * 0.618 + seed * 0.0137) % 1)
        found.append(mask_of(pixels, predicted_iou=score))
    return found


def fill(home: Path, project_id: int, wanted: int) -> None:
    """So many proposals, as a job would have made them."""
    with open_runtime(Settings(home=home)) as runtime:
        with runtime.engine.begin() as connection:
            projects.add_categories(connection, project_id, ["thing"])
        bench = Bench(runtime, "bench")
        job = bench.start_job(project_id)
        images = bench.images(project_id)
        each = -(-wanted // len(images))
        for number, image in enumerate(images):
            job.done(image, shapes(each, number))
        job.finish()


@contextmanager
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise SystemExit("bench-review-page needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()


def window(platform: Platform, chromium: Browser) -> Page:
    page = chromium.new_context(viewport=VIEW).new_page()
    root = f"http://{HOST}:{platform.port}"
    page.goto(f"{root}/review/?project={platform.project_id}")
    made = """async ([project]) => {
      const session = await (await fetch("/api/v1/session")).json();
      const headers = { "Content-Type": "application/json", "X-CSRF-Token": session.csrf_token };
      const body = JSON.stringify({ name: "All", subject: "proposals", ordering: "score" });
      const path = `/api/v1/projects/${project}/queues`;
      return (await fetch(path, { method: "POST", headers, body })).status;
    }"""
    status = page.evaluate(made, [platform.project_id])
    if status != 201:
        raise RuntimeError(f"the queue was not made: {status}")
    page.reload()
    page.wait_for_selector(".card-picture[data-ready=true]", timeout=60_000)
    page.evaluate(
        WARM, [platform.project_id, [int(t.path.split("/")[-2]) for t in platform.targets]]
    )
    page.wait_for_timeout(2000)
    for key in ("1", "x", "1"):
        page.keyboard.press(key)  # a category and a reason in hand
    page.evaluate(PROBE)
    return page


def review(report: Report, platform: Platform, chromium: Browser, chosen: Any) -> None:
    page = window(platform, chromium)
    for number in range(chosen.cards):
        page.keyboard.press("a" if number % 5 else "Shift+X")
        page.wait_for_function("window.probe.at === null")
        page.wait_for_timeout(chosen.pause)
    times: list[float] = page.evaluate("window.probe.times")
    page.evaluate("document.querySelector('#maskloop').page.outbox.flush()")
    saved = page.evaluate("document.querySelector('#maskloop').page.outbox.status().waiting")
    ms = [float(time) for time in times]
    note = f"{len(ms)} cards, a key every {chosen.pause} ms, {saved} not saved at the end"
    for name, share in (("p50", 50), ("p95", 95), ("p99", 99)):
        value = float(np.percentile(ms, share))
        report.quantile(f"next_card_{name}", value, None, "ms", note, values=ms)


def write(report: Report, folder: Path) -> None:
    """Other benchmarks of the review have rows in the same file."""
    path = folder / "review.json"
    before = json.loads(path.read_text()) if path.exists() else []
    mine = {row.figure for row in report.rows}
    others = [row for row in before if row["figure"] not in mine]
    write_json(path, [*others, *(asdict(row) for row in report.rows)])
    (folder / "review_page.md").write_text(table(report.rows))


if __name__ == "__main__":
    main()
