"""A job that is killed and resumed ends with the rows of an undisturbed one.

The real command in processes of its own; moments are chosen by the ledger, not by a clock.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import skimage.data
import sqlalchemy as sa

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db.database import open_database
from maskloop.platform.settings import Settings

MASKLOOP = Path(sys.executable).parent / "maskloop"
NAMES = ("coffee.png", "chelsea.png", "camera.png", "rocket.jpg", "coins.png")
GRID = ("--points-per-side", "4")
DEADLINE = 240.0

ROWS = """
    SELECT images.sha256, mask_digest, rle_counts, predicted_iou, stability_score, bbox_xywh
    FROM proposals JOIN images ON images.id = image_id ORDER BY 1, 2
"""
LEDGER = """
    SELECT images.sha256, job_items.state, masks FROM job_items JOIN images ON images.id = image_id
    WHERE job_id = (SELECT max(id) FROM jobs) ORDER BY 1
"""


class Home:
    """A MASKLOOP_HOME of its own, its database open to look into."""

    def __init__(self, folder: Path, weights: WeightsFolder, engine: sa.Engine) -> None:
        self.folder, self.engine = folder, engine
        (folder / "weights").symlink_to(weights.root)
        photographs = [str(Path(skimage.data.__file__).parent / name) for name in NAMES]
        self.run("project", "create", "photos")
        self.run("images", "add", "photos", *photographs)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [MASKLOOP, *words],
            env=os.environ | {"MASKLOOP_HOME": str(self.folder), "MASKLOOP_WORKERS": "2"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that runs the tests in the background makes all its children ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *words: str) -> str:
        process = self.start(*words)
        out, err = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, err
        return out

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def count(self, query: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(sa.text(query)).scalar_one())


@pytest.fixture
def new_home(
    tmp_path_factory: pytest.TempPathFactory, weights: WeightsFolder
) -> Iterator[Callable[[], Home]]:
    opened = []

    def make() -> Home:
        folder = tmp_path_factory.mktemp("home")
        database = open_database(Settings(home=folder))
        engine = database.__enter__()
        opened.append(database)
        return Home(folder, weights, engine)

    yield make
    for database in opened:
        database.__exit__(None, None, None)


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Look again and again, as long as the process lives and the deadline has not passed."""
    patience = threading.Event()
    for _ in range(int(DEADLINE / 0.05)):
        if holds():
            return
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        patience.wait(0.05)
    pytest.fail("the job did not come to the moment to be killed at")


def started_by(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Its processes but for Ray's agents, which end by themselves too, only after a minute."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "Agent" not in child.name():
                found.append(child)
    return found


def kill(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """SIGKILL; what the process had started."""
    children = started_by(process)
    process.kill()
    process.communicate(timeout=DEADLINE)
    return children


def still_there(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Which of these do not end by themselves."""
    _, alive = psutil.wait_procs(processes, timeout=60)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
def test_a_job_killed_at_any_moment_and_resumed_has_the_rows_of_an_undisturbed_one(
    new_home: Callable[[], Home],
) -> None:
    undisturbed = new_home()
    undisturbed.run("autolabel", "photos", *GRID)

    home = new_home()
    results = home.folder / "objects" / "results"
    moments: list[Callable[[], bool]] = [
        lambda: home.count("SELECT count(*) FROM job_items WHERE state = 'leased'") > 0,
        lambda: len(list(results.rglob("*.json.gz"))) > 0,
        lambda: home.count("SELECT count(*) FROM job_items WHERE state = 'done'") > 2,
    ]
    words = ("autolabel", "photos", *GRID)
    orphans = []
    for moment in moments:
        worker = home.start(*words)
        wait_until(moment, worker)
        orphans += kill(worker)
        assert home.rows("SELECT state FROM jobs") == [("running",)]
        words = ("jobs", "resume", "1")
    home.run(*words)

    assert home.rows("SELECT state FROM jobs") == [("succeeded",)]
    assert home.rows(LEDGER) == undisturbed.rows(LEDGER)
    assert home.rows(ROWS) == undisturbed.rows(ROWS)
    assert len(home.rows(ROWS)) > len(NAMES)
    assert not still_there(orphans)


def test_ctrl_c_and_a_termination_request_stop_a_job_cleanly_and_it_can_be_resumed(
    new_home: Callable[[], Home],
) -> None:
    home = new_home()
    done = "SELECT count(*) FROM job_items WHERE state = 'done'"
    words: tuple[str, ...] = ("autolabel", "photos", *GRID)
    for request_to_stop in (signal.SIGINT, signal.SIGTERM):
        before = home.count(done)
        worker = home.start(*words)
        wait_until(lambda before=before: home.count(done) > before, worker)
        children = started_by(worker)

        worker.send_signal(request_to_stop)
        _, err = worker.communicate(timeout=DEADLINE)

        assert worker.returncode == 130, err
        assert "Traceback" not in err
        assert "maskloop jobs resume 1" in err
        assert not still_there(children)
        assert home.rows("SELECT state, lease_token FROM jobs") == [("cancelled", None)]
        assert home.count("SELECT count(*) FROM job_items WHERE state = 'leased'") == 0
        words = ("jobs", "resume", "1")

    answer = json.loads(home.run("jobs", "resume", "1", "--json"))
    assert (answer["state"], answer["images"]["done"]) == ("succeeded", len(NAMES))
