"""Images added from manifests: lines a second, memory, and many small objects of a slow store.

`make bench-images` runs it, two minutes. The store is an S3 server in a process of its own on this
machine, which answers each request late by a fixed time, as one over a network does; what is added
goes into a folder and an embedded PostgreSQL. The peer is the same work by four readers at a time,
which it was before. Writes images.json and images.md into build/bench/.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from io import BytesIO
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import boto3
import numpy as np
import psutil
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from harness.rows import Row, table, write_json  # noqa: E402
from maskloop.platform.image_manifests import read_image_manifest  # noqa: E402
from maskloop.platform.settings import Settings  # noqa: E402
from maskloop.services import adding_images  # noqa: E402
from maskloop.services.projects import create_project  # noqa: E402
from maskloop.services.runtime import Runtime, open_runtime  # noqa: E402
from sites.s3_server import BUCKET, serving, standard_chain, with_bucket  # noqa: E402

OUT = ROOT / "build" / "bench"
LATE_SECONDS = 0.05
MEBIBYTE = 1024 * 1024


def serve(here: Connection, objects: int) -> None:
    """The store's process: fills a bucket, says its address, ends when it hears back."""
    with serving() as state, with_bucket(state):
        client = boto3.session.Session().client("s3", endpoint_url=state.url)
        for number in range(objects):
            client.put_object(Bucket=BUCKET, Key=f"{number:06}.jpg", Body=_jpeg(number))
        state.fault = lambda request: time.sleep(LATE_SECONDS)
        here.send(state.url)
        here.recv()


def _jpeg(number: int) -> bytes:
    data = BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(data, "JPEG")
    return data.getvalue()


def lines_read(folder: Path, lines: int) -> list[Row]:
    """Of a CSV with bucket, key, size and ETag."""
    path = folder / "many.csv"
    with path.open("w") as file:
        file.write("bucket,key,size,etag\n")
        file.writelines(f"photos,2026/{n:010}.jpg,123456,{n:032x}\n" for n in range(lines))
    read = read_image_manifest(str(path))
    process = psutil.Process()
    few = sum(1 for _ in islice(read, 10_000))
    before, began = process.memory_info().rss, time.perf_counter()
    most = before
    while some := sum(1 for _ in islice(read, 50_000)):
        few += some
        most = max(most, process.memory_info().rss)
    seconds = time.perf_counter() - began
    assert few == lines
    grown = (most - before) / MEBIBYTE
    note = f"CSV of {lines:,} lines, {path.stat().st_size / MEBIBYTE:.0f} MiB"
    return [
        _row("manifest_lines_per_second", (lines - 10_000) / seconds, None, "1/s", note),
        _row("manifest_memory_growth", grown, None, "MiB", f"{note}, from line 10,000 to the last"),
    ]


def objects_added(runtime: Runtime, folder: Path, objects: int) -> list[Row]:
    manifest = folder / "objects.csv"
    uris = [f"s3://{BUCKET}/{number:06}.jpg" for number in range(objects)]
    manifest.write_text("\n".join(["uri", *uris]) + "\n")
    ours, again = _timed(runtime, "ours", manifest), _timed(runtime, "ours", manifest, known=True)
    readers, adding_images._READERS = adding_images._READERS, 4
    peer = _timed(runtime, "peer", manifest)
    adding_images._READERS = readers
    note = f"{objects} objects of a store that answers {LATE_SECONDS * 1000:.0f} ms late"
    return [
        _row("images_added_per_second", objects / ours, objects / peer, "1/s", note),
        _row("images_known_per_second", objects / again, None, "1/s", "the same manifest again"),
    ]


def _timed(runtime: Runtime, project: str, manifest: Path, *, known: bool = False) -> float:
    if not known:
        create_project(runtime, project)
    began = time.perf_counter()
    report = adding_images.add_manifest(runtime, project, str(manifest))
    seconds = time.perf_counter() - began
    assert not report.refusals, report.refused
    assert (report.added == 0) == known
    return seconds


def _row(figure: str, ours: float, peer: float | None, unit: str, note: str) -> Row:
    ratio = None if peer is None else ours / peer
    return Row(figure, ours, peer, ratio, unit, runs=1, min=ours, max=ours, note=note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="does it run?")
    quick = parser.parse_args().quick
    objects, lines = (40, 50_000) if quick else (400, 1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(standard_chain(folder))
        rows = lines_read(folder, lines)
        here, there = multiprocessing.Pipe()
        store = multiprocessing.get_context("spawn").Process(target=serve, args=(there, objects))
        store.start()
        settings = Settings(home=folder / "home", s3_endpoint_url=here.recv())
        with open_runtime(settings) as runtime:
            rows += objects_added(runtime, folder, objects)
        here.send("done")
        store.join()
    out = OUT / "quick" if quick else OUT
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "images.json", [vars(row) for row in rows])
    (out / "images.md").write_text(table(rows))
    print(table(rows))


if __name__ == "__main__":
    main()
