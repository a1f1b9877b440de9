"""`maskloop training-set …`: frozen, listed, shown and compared from the command line."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from maskloop.platform.masks import Rle
from maskloop.platform.settings import Settings
from maskloop.services import annotations, images, people, projects
from maskloop.services.runtime import Runtime, open_runtime

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
            [sys.executable, "-c", MAIN, "training-set", *words],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def photos(standing: Runtime, tmp_path: Path) -> int:
    """A project with an annotated image in each of the folders train and val."""
    project = projects.create_project(standing, "photos", ["cat"])
    author_id = people.create_user(standing, "anna", password="correct horse battery").id
    (category,) = projects.list_categories(standing, project.id)
    for seed, folder in enumerate(["train", "val"]):
        pixels = np.random.default_rng(seed).integers(0, 255, (20, 30, 3), dtype=np.uint8)
        file = tmp_path / folder / "one.png"
        file.parent.mkdir()
        Pil.fromarray(pixels).save(file)
        added = images.add_image(standing, project.id, file.read_bytes(), str(file))
        _draw(standing, project.id, added.image_id, category.id, author_id=author_id)
    return project.id


def _draw(
    runtime: Runtime, project_id: int, image_id: int, category_id: int, *, author_id: int
) -> None:
    mask = np.zeros((20, 30), dtype=np.bool_)
    mask[3:9, 4:9] = True
    submitted = annotations.Submitted(category_id, Rle.encode(mask).counts)
    annotations.create(runtime, project_id, image_id, submitted, author_id=author_id)


def test_a_set_is_frozen_listed_shown_and_compared(
    maskloop: Run, standing: Runtime, photos: int
) -> None:
    sides = ("--holdout-source", "*/val/*", "--holdout-share", "0", "--validation-share", "0")
    looked = maskloop("freeze", "photos", *sides, "--dry-run", "--json")
    assert looked.returncode == 0, looked.stderr
    assert json.loads(maskloop("list", "photos", "--json").stdout) == []

    made = maskloop("freeze", "photos", *sides, "--name", "spring", "--json")
    assert made.returncode == 0, made.stderr
    frozen = json.loads(made.stdout)
    assert frozen["statistics"] == json.loads(looked.stdout)
    assert frozen["rule"]["holdout_sources"] == ["*/val/*"]
    assert (frozen["name"], frozen["created_by"]) == ("spring", "local")
    assert json.loads(maskloop("show", "photos", str(frozen["id"]), "--json").stdout) == frozen
    told = maskloop("show", "photos", str(frozen["id"])).stdout
    assert f"Training set {frozen['id']}, spring, by local" in told
    assert frozen["digest"] in told

    since = ("--category", "cat", "--since", "2020-01-01", "--holdout-share", "1")
    other = json.loads(maskloop("freeze", "photos", *since, "--json").stdout)
    assert other["rule"]["since"] == "2020-01-01T00:00:00Z"
    words = ("compare", "photos", str(frozen["id"]), str(other["id"]))
    found = json.loads(maskloop(*words, "--json").stdout)
    assert found["changes"]["holdout"]["moved_sides"] == 1
    assert "hold-out share: 0 → 1" in maskloop(*words).stdout
    listed = json.loads(maskloop("list", "photos", "--json").stdout)
    assert [one["id"] for one in listed] == [other["id"], frozen["id"]]


def test_what_cannot_be_frozen_is_said_and_is_no_success(maskloop: Run, photos: int) -> None:
    nothing = maskloop("freeze", "photos", "--source", "*/nowhere/*")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "none is on an image whose source matches */nowhere/*" in nothing.stderr
    wrong = maskloop("freeze", "photos", "--holdout-share", "7")
    assert wrong.returncode == 2
    assert "--holdout-share: Input should be less than or equal to 1" in wrong.stderr
    assert maskloop("show", "photos", "987").returncode == 1
