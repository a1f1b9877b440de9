"""`maskloop auto-accept …`: shown, switched on and off from the command line."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskloop.platform.settings import Settings
from maskloop.services.runtime import open_runtime
from sites.ward import Ward, make_ward

MAIN = "from maskloop.services.cli.app import main; main()"
TERMS = ("--wanted-precision", "0.8", "--confidence", "0.8")


@pytest.fixture
def standing() -> Iterator[Ward]:
    """A home with a database of its own, as the commands find it; they join its server."""
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as home,
        open_runtime(Settings(home=Path(home))) as opened,
    ):
        yield make_ward(opened)


def maskloop(ward: Ward, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {"MASKLOOP_HOME": str(ward.runtime.settings.home), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-c", MAIN, "auto-accept", *words],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_is_shown_switched_on_and_taken_back(standing: Ward) -> None:
    early = maskloop(standing, "on", "photos", "--category", "cell", *TERMS)
    assert early.returncode == 1
    assert "22 more audits before the next look" in early.stderr
    standing.audit()
    shown = json.loads(maskloop(standing, "show", "photos", *TERMS, "--json").stdout)
    count = shown["offer"]["would_accept"]
    assert shown["offer"]["hours_saved"] == count * 6.0 / 3600
    table = maskloop(standing, "show", "photos", *TERMS).stdout
    assert f"{count} proposals; {200 - count} more stay for audits" in table
    on = maskloop(standing, "on", "photos", "--category", "cell", *TERMS, "--json")
    made = json.loads(on.stdout)
    assert made["accepted"] == count
    number = str(made["auto_accept"]["id"])
    off = maskloop(standing, "off", "photos", number, "--take-back")
    assert off.stdout == f"Auto-accept {number} is off: {count} taken back, 0 stay.\n"
    table = maskloop(standing, "show", "photos", *TERMS).stdout
    assert "off: taken back by hand" in table


def test_a_category_that_there_is_not_is_named_with_those_there_are(standing: Ward) -> None:
    ended = maskloop(standing, "on", "photos", "--category", "dog")
    assert ended.returncode == 1
    assert "There are: cell, stain" in ended.stderr
