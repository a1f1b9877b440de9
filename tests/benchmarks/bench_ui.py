"""The labeling page in a real Chromium, as a labeler has it.

`make bench-ui` runs it: `maskloop up` in a home of its own on loopback, and Chromium without a GPU,
so that the processor draws. The peer of moving the view is a page with an SVG path for each mask,
as other labeling pages draw them, with the same masks, picture and movements; the two take turns.

Writes ui.json, ui.md and ui_machine.json into build/bench/.
"""

import argparse
import http.client
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import skimage.data
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from harness.machine import load_average, machine
from harness.rows import Report, write_json
from page.masks import SIZE_HW, Shape, photograph, shapes
from page.svg_page import svg_page
from serving.platform_process import HOST, Platform, platform_of

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
CACHE = ROOT / "build" / "test-cache"
PHOTOGRAPHS = ("coffee.png", "astronaut.png", "motorcycle_left.png")
PROBE = (Path(__file__).parent / "page" / "probe.js").read_text()
VIEW = {"width": 1280, "height": 720}
TURNS = 4
MEGABYTE = 1_000_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=120)
    parser.add_argument("--frames", type=int, default=400, help="of one turn of moving the view")
    parser.add_argument("--seconds", type=float, default=15.0, help="of hovering")
    parser.add_argument("--quick", action="store_true", help="does it run? Figures mean nothing")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.clicks, chosen.frames, chosen.seconds = 6, 60, 3.0
    chosen.out = chosen.out or (OUT / "quick" if chosen.quick else OUT)
    return chosen


def main() -> None:
    chosen = arguments()
    chosen.out.mkdir(parents=True, exist_ok=True)
    (OUT / "logs").mkdir(exist_ok=True)
    facts: dict[str, Any] = machine(len(os.sched_getaffinity(0)))
    facts["load_average_before"] = load_average()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="maskloop-bench-") as scratch:
        folder = Path(skimage.data.__file__).parent
        large = Path(scratch) / "large.jpg"
        Image.fromarray(photograph(skimage.data.astronaut())).save(large, quality=90)
        photographs = [folder / name for name in PHOTOGRAPHS] + [large]
        masks = shapes()
        with (
            platform_of(
                Path(scratch) / "home", CACHE / "weights", photographs, OUT / "logs" / "ui.log"
            ) as platform,
            browser() as chromium,
        ):
            facts["chromium"] = chromium.version
            label(platform, masks)
            clicks(report, platform, chromium, chosen)
            hovering(report, platform, chromium, chosen)
            many_masks(report, platform, chromium, chosen, (large.read_bytes(), masks))
        facts["load_average_after"] = load_average()
    report.write(chosen.out, "ui")
    write_json(chosen.out / "ui_machine.json", facts)
    print((chosen.out / "ui.md").read_text())


@contextmanager
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise SystemExit("bench-ui needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()


def ids(platform: Platform) -> list[int]:
    return [int(target.path.split("/")[-2]) for target in platform.targets]


def label(platform: Platform, masks: list[Shape]) -> None:
    """The large picture gets its masks, as annotations."""
    *_, large = ids(platform)
    project = f"/api/v1/projects/{platform.project_id}"
    asked = http.client.HTTPConnection(HOST, platform.port)
    category = send(asked, f"{project}/categories", {"name": "thing"})["id"]
    for shape in masks:
        body = {
            "category_id": category,
            "segmentation": {"size": SIZE_HW, "counts": shape.counts},
        }
        send(asked, f"{project}/images/{large}/annotations", body)
    asked.close()


def send(asked: http.client.HTTPConnection, path: str, body: Any) -> Any:
    asked.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = asked.getresponse()
    data = json.loads(answer.read())
    if answer.status >= 300:
        raise RuntimeError(f"{path}: {data}")
    return data


def window(platform: Platform, chromium: Browser, image: int) -> Page:
    page = chromium.new_context(viewport=VIEW).new_page()
    page.goto(f"http://{HOST}:{platform.port}/label/?project={platform.project_id}&image={image}")
    page.wait_for_function(
        "document.querySelector('#maskloop')?.page?.state.image"
        " && !document.querySelector('#maskloop').page.state.loading"
    )
    page.evaluate(PROBE)
    page.keyboard.press("1")
    return page


def clicks(report: Report, platform: Platform, chromium: Browser, chosen: Any) -> None:
    """Objects of one click each, all over warm images; what each one sent and received."""
    seconds: list[float] = []
    sent: list[float] = []
    received: list[float] = []
    random = np.random.default_rng(1)
    for image in ids(platform)[: len(PHOTOGRAPHS)]:
        page = window(platform, chromium, image)
        session = page.context.new_cdp_session(page)
        watch_bytes(session, sent, received)
        surface = page.locator(".stage").bounding_box()
        assert surface is not None
        counted = len(sent), len(received)
        click(page, surface, (0.5, 0.5))  # the first one may wait for the encoder
        del sent[counted[0] :], received[counted[1] :]
        for _ in range(chosen.clicks // len(PHOTOGRAPHS)):
            seconds.append(click(page, surface, tuple(random.uniform(0.25, 0.75, 2))))
        page.context.close()
    note = "from releasing the button to the drawn mask, in the browser; warm images"
    for name, share in (("click_to_paint_p50", 0.5), ("click_to_paint_p95", 0.95)):
        report.quantile(name, quantile(seconds, share), None, "ms", note, values=seconds)
    report.quantile("click_sends", max(sent), None, "kB", "largest body", values=sent)
    note = "p95, with headers, three masks of a first click"
    report.quantile("click_receives", quantile(received, 0.95), None, "kB", note, values=received)


def click(page: Page, surface: Any, place: tuple[float, ...]) -> float:
    """ms; the object is dropped again."""
    page.evaluate("void (globalThis.watched = bench.watchClick())")
    page.mouse.click(
        surface["x"] + place[0] * surface["width"], surface["y"] + place[1] * surface["height"]
    )
    took = float(page.evaluate("watched"))
    page.keyboard.press("Escape")
    page.wait_for_function("bench.root().state.draft === null")
    return took


def watch_bytes(session: CDPSession, sent: list[float], received: list[float]) -> None:
    asked: set[str] = set()

    def begins(event: Any) -> None:
        request = event["request"]
        if request["url"].endswith("/masks"):
            asked.add(event["requestId"])
            sent.append(len(request.get("postData", "")) / 1000)

    def ends(event: Any) -> None:
        if event["requestId"] in asked:
            received.append(event["encodedDataLength"] / 1000)

    session.send("Network.enable")
    session.on("Network.requestWillBeSent", begins)
    session.on("Network.loadingFinished", ends)


def hovering(report: Report, platform: Platform, chromium: Browser, chosen: Any) -> None:
    """The pointer wanders over a warm image without a rest; processors used by all that is ours."""
    page = window(platform, chromium, ids(platform)[0])
    surface = page.locator(".stage").bounding_box()
    assert surface is not None
    click(page, surface, (0.5, 0.5))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    processes = [psutil.Process(platform.pid), *chromium_processes()]
    used, began, turn = processor_seconds(processes), time.monotonic(), 0.0
    while time.monotonic() - began < chosen.seconds:
        turn += 0.05
        x, y = 0.5 + 0.3 * np.cos(turn), 0.5 + 0.3 * np.sin(1.3 * turn)
        page.mouse.move(surface["x"] + x * surface["width"], surface["y"] + y * surface["height"])
    lasted = time.monotonic() - began
    cores = (processor_seconds(processes) - used) / lasted
    rate = sum(url.endswith("/masks") for url in asked) / lasted
    note = f"server and browser together, at {rate:.1f} previews a second"
    report.single("hover_cores", cores, "cores", note, values=[cores])
    report.single("hover_rate", rate, "1/s", "previews that were asked", values=[rate])
    page.context.close()


def chromium_processes() -> list[psutil.Process]:
    found = psutil.process_iter(["name", "status", "cmdline", "ppid"])
    below = {each.pid for each in psutil.Process().children(recursive=True)}
    return [
        each
        for each in found
        if each.pid in below
        and "chrom" in each.info["name"]
        and each.info["status"] != psutil.STATUS_ZOMBIE
    ]


def processor_seconds(roots: list[psutil.Process]) -> float:
    """Of these processes and all below them, as far as they live."""
    every = {each.pid: each for root in roots for each in [root, *root.children(recursive=True)]}
    used = 0.0
    for each in every.values():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            times = each.cpu_times()
            used += times.user + times.system
    return used


def many_masks(
    report: Report,
    platform: Platform,
    chromium: Browser,
    chosen: Any,
    peer: tuple[bytes, list[Shape]],
) -> None:
    *_, first, large = ids(platform)
    page = window(platform, chromium, first)
    firsts = [float(page.evaluate(f"bench.open({large})"))]
    for _ in range(TURNS):
        page.evaluate(f"bench.open({first})")
        firsts.append(float(page.evaluate(f"bench.open({large})")))
    note = f"{len(peer[1])} masks on {SIZE_HW[1]} × {SIZE_HW[0]}: from opening to picture and masks"
    report.quantile("first_paint", quantile(firsts, 0.5), None, "ms", note, values=firsts)

    other = chromium.new_context(viewport=VIEW).new_page()
    other.set_content(svg_page(*peer), wait_until="load")
    other.evaluate(PROBE)
    ride(page, "bench.rideStage(60)")
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(ride(page, f"bench.rideStage({chosen.frames})"))
        theirs.append(ride(other, f"bench.ride({chosen.frames // 8}, {PEER_MOVE})"))
    tell_ride(report, ours, theirs, len(peer[1]))
    other.context.close()
    memory(report, page)
    page.context.close()


PEER_MOVE = """(at) => {
  const turn = at / 18;
  if (at % 2) peer.pan(9 * Math.cos(turn), 7 * Math.sin(turn));
  else peer.zoom(1 + 0.03 * Math.sin(at / 40));
}"""


def ride(page: Page, script: str) -> dict[str, Any]:
    """The frames' times, and the main thread's time for one."""
    page.bring_to_front()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = busy(session)
    found = page.evaluate(script)
    found = found if isinstance(found, dict) else {"times": found, "script": None}
    found["busy"] = (busy(session) - before) * 1000 / (len(found["times"]) - 1)
    session.detach()
    return dict(found)


def busy(session: CDPSession) -> float:
    metrics = {
        each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]
    }
    return float(metrics["TaskDuration"])


def tell_ride(report: Report, ours: list[Any], theirs: list[Any], count: int) -> None:
    mine, peers = [fps(each) for each in ours], [fps(each) for each in theirs]
    note = f"{count} masks, moved in each frame, drawn by the processor; ratio: ours / peer"
    report.rate("pan_zoom_fps", quantile(mine, 0.5), quantile(peers, 0.5), "1/s", note, values=mine)
    main, peer_main = [each["busy"] for each in ours], [each["busy"] for each in theirs]
    note = "script, style, layout and paint of the main thread for a frame"
    report.quantile(
        "frame_main_thread", quantile(main, 0.5), quantile(peer_main, 0.5), "ms", note, values=main
    )
    script = [each["script"]["median"] for each in ours]
    report.quantile(
        "frame_script", quantile(script, 0.5), None, "ms", "drawing alone", values=script
    )


def fps(found: dict[str, Any]) -> float:
    times = found["times"]
    return 1000 * (len(times) - 1) / (times[-1] - times[0])


def memory(report: Report, page: Page) -> None:
    """Of the window's own process; what it shares with others counts for none."""
    page.bring_to_front()
    renderers = [
        each
        for each in chromium_processes()
        if "--type=renderer" in " ".join(each.info["cmdline"] or ())
    ]
    largest = max(each.memory_full_info().uss for each in renderers) / MEGABYTE
    note = "of the window's process, unshared, after moving the view"
    report.single("page_memory", largest, "MB", note, values=[largest])


def quantile(values: list[float], share: float) -> float:
    return float(np.quantile(values, share))


if __name__ == "__main__":
    main()
