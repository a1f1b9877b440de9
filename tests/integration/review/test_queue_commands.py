"""`maskloop queues …`: review queues from the command line."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maskloop.platform.settings import Settings
from maskloop.services import projects
from maskloop.services.runtime import open_runtime

MAIN = "from maskloop.services.cli.app import main; main()"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def maskloop() -> Iterator[Run]:
    """The command, as a process of its own, in a home with the project `birds`."""
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as home,
        open_runtime(Settings(home=Path(home))) as opened,
    ):
        projects.create_project(opened, "birds", ["bird"])
        settings = {"MASKLOOP_HOME": home, "COLUMNS": "200"}

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-c", MAIN, "queues", *words],
                env=os.environ | settings,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )

        yield run


def test_a_queue_is_made_listed_closed_and_opened(maskloop: Run) -> None:
    assert "maskloop queues add birds NAME" in maskloop("list", "birds").stdout
    made = maskloop("add", "birds", "doubtful", "--most", "0.9", "--planted-rate", "0.05")
    assert (made.returncode, made.stdout) == (0, "Queue 1: doubtful, proposals by doubt\n")

    (listed,) = json.loads(maskloop("list", "birds", "--json").stdout)
    assert listed["rule"] == {"predicted_iou_most": 0.9}
    assert (listed["planted_rate"], listed["left"], listed["closed_at"]) == (0.05, 0, None)

    assert maskloop("close", "birds", "doubtful").returncode == 0
    assert "closed" in maskloop("list", "birds").stdout
    assert maskloop("open", "birds", "doubtful").returncode == 0
    assert "closed" not in maskloop("list", "birds").stdout


def test_a_queue_of_images_is_made_and_listed(maskloop: Run) -> None:
    rule = ("--image", "north", "--category", "bird", "--priority", "2")
    made = maskloop("add", "birds", "north", "--subject", "images", *rule)
    assert (made.returncode, made.stdout) == (0, "Queue 1: north, images by oldest\n")
    (listed,) = json.loads(maskloop("list", "birds", "--json").stdout)
    assert (listed["subject"], listed["rule"]) == (
        "images",
        {"image": "north", "category_ids": [1]},
    )
    assert "all labelers" in maskloop("list", "birds").stdout
    folded = maskloop("add", "birds", "twice", "--subject", "images", "--fold", "2")
    assert (folded.returncode, folded.stdout) == (0, "Queue 2: twice, images by oldest\n")
    drawn = maskloop(
        "add", "birds", "odd", "--subject", "images", "--fold", "2", "--category", "bird"
    )
    assert (drawn.returncode, "nothing is drawn yet" in drawn.stderr) == (2, True)
    unknown = maskloop("add", "birds", "cats", "--subject", "images", "--category", "cat")
    assert (unknown.returncode, "There are: bird." in unknown.stderr) == (1, True)


def test_what_cannot_be_a_queue_is_refused_by_name(maskloop: Run) -> None:
    maskloop("add", "birds", "all")
    again = maskloop("add", "birds", "all")
    assert again.returncode == 1
    assert "all" in again.stderr
    upside_down = maskloop("add", "birds", "none", "--least", "0.9", "--most", "0.1")
    assert (upside_down.returncode, "predicted_iou_least" in upside_down.stderr) == (2, True)
    nothing = maskloop("add", "birds", "none", "--sample", "0")
    assert (nothing.returncode, "sample" in nothing.stderr) == (2, True)
    gone = maskloop("close", "birds", "some")
    assert (gone.returncode, "maskloop queues list birds" in gone.stderr) == (1, True)
