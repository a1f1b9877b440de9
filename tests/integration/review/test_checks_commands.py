"""`maskloop checks …`: gold and planted errors from the command line."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from skimage import data as photographs

from maskloop.platform.masks import Rle
from maskloop.platform.settings import Settings
from maskloop.platform.states import SubmissionOutcome
from maskloop.services import annotations, images, labeling, people, projects
from maskloop.services.runtime import Runtime, open_runtime
from sites.bench import png
from sites.coins import coin_masks

MAIN = "from maskloop.services.cli.app import main; main()"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def standing() -> Iterator[Runtime]:
    """A home with a database of its own, as the commands find it; they join its server."""
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as home,
        open_runtime(Settings(home=Path(home))) as opened,
    ):
        yield opened


@pytest.fixture
def maskloop(standing: Runtime) -> Run:
    """The command, as a process of its own."""
    settings = {"MASKLOOP_HOME": str(standing.settings.home), "COLUMNS": "200"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", MAIN, "checks", *words],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def drawn(standing: Runtime) -> list[int]:
    """Three annotated coins in a project."""
    project = projects.create_project(standing, "coins", ["old"])
    author_id = people.create_user(standing, "anna", password="correct horse battery").id
    (category,) = projects.list_categories(standing, project.id)
    added = images.add_image(standing, project.id, png(photographs.coins()), "coins.png")
    return [
        annotations.create(
            standing,
            project.id,
            added.image_id,
            annotations.Submitted(category.id, Rle.encode(mask).counts),
            author_id=author_id,
        ).id
        for mask in coin_masks()[:3]
    ]


def test_gold_is_made_errors_are_planted_and_both_are_listed(
    maskloop: Run, drawn: list[int]
) -> None:
    early = maskloop("plant", "coins")
    assert early.returncode == 1
    assert "Make gold first: maskloop checks gold coins ANNOTATION" in early.stderr
    assert maskloop("list", "coins").stdout.startswith("No checks. Make gold with:")

    made = maskloop("gold", "coins", *map(str, drawn), "--json")
    assert made.returncode == 0, made.stderr
    gold = json.loads(made.stdout)
    assert [(one["annotation_id"], one["iou"]) for one in gold] == [(n, 1.0) for n in drawn]

    words = ("plant", "coins", "--count", "4", "--defect", "eroded", "--iou", "0.5")
    planted = maskloop(*words, "--seed", "1", "--json")
    assert planted.returncode == 0, planted.stderr
    errors = json.loads(planted.stdout)
    assert [one["defect"] for one in errors] == ["eroded"] * 3
    assert "3 of 4: there is not enough to make more of." in planted.stderr
    assert all(abs(one["iou"] - 0.5) <= 0.05 for one in errors)

    listed = json.loads(maskloop("list", "coins", "--json").stdout)
    assert [one["id"] for one in listed] == [one["id"] for one in [*gold, *errors]][::-1]
    assert {one["answers"] for one in listed} == {0}
    told = maskloop("list", "coins", "--kind", "gold").stdout.splitlines()
    assert len(told) == 4
    assert told[0].split() == [
        *("check", "kind", "defect", "annotation", "shown", "as", "IoU", "answers", "right")
    ]


def test_images_are_made_gold_and_listed(
    maskloop: Run, standing: Runtime, drawn: list[int]
) -> None:
    assert maskloop("gold-images", "coins").stdout.startswith("No gold images. Make some with:")
    early = maskloop("gold-image", "coins", "1")
    assert (early.returncode, early.stdout) == (1, "")
    assert "Image 1 is todo and cannot be made gold." in early.stderr

    project = projects.find_project(standing, "coins")
    anna = people.list_users(standing)[0].id
    token = labeling.take(standing, project.id, 1, user_id=anna).token
    with standing.engine.begin() as connection:
        done = labeling.Conclusion(token, SubmissionOutcome.DONE)
        labeling.submit_in(connection, project.id, 1, done, user_id=anna)
    made = maskloop("gold-image", "coins", "1")
    assert made.stdout == f"Gold image 1: image 1, objects on it: {len(drawn)}\n"
    (listed,) = json.loads(maskloop("gold-images", "coins", "--json").stdout)
    assert (listed["image_id"], listed["objects"], listed["passes"]) == (1, 3, 0)
    told = maskloop("gold-images", "coins").stdout.splitlines()
    assert told[1].split() == ["1", "1", "coins.png", "3", "0"]
    assert maskloop("gold-images", "coins", "--retired").stdout.startswith("No gold images.")


def test_what_cannot_be_asked_for_is_said_and_is_no_success(
    maskloop: Run, drawn: list[int]
) -> None:
    missing = maskloop("gold", "coins", "987654")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "There is no annotation 987654" in missing.stderr
    wrong = maskloop("plant", "coins", "--defect", "wrong_category")
    assert wrong.returncode == 2
    assert "the project has no second category to call it by" in wrong.stderr
    assert maskloop("plant", "coins", "--iou", "0.95").returncode == 2


def test_how_many_checks_are_needed_is_told(maskloop: Run) -> None:
    lines = maskloop("needed").stdout.splitlines()
    assert lines[0].split() == ["let", "through", "width", "0.2", "width", "0.1", "width", "0.05"]
    assert lines[3].split() == ["10%", "37", "141", "557"]
