"""`maskloop evaluate`, `promote`, `rollback` and `models …`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy.engine import make_url

from maskloop.platform.training import SetRule
from maskloop.services.sign_in import LOCAL
from maskloop.services.training_sets import freeze
from sites.contest import Contest

pytestmark = pytest.mark.slow

MAIN = "from maskloop.services.cli.app import main; main()"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def maskloop(contest: Contest) -> Run:
    """The command, as a process of its own, over the contest's home and database."""
    settings = contest.runtime.settings
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
            [sys.executable, "-c", MAIN, *map(str, words)],
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


def test_promoting_asks_the_gate_and_rolling_back_undoes_it(
    maskloop: Run, contest: Contest
) -> None:
    number, champion = contest.challenger.id, contest.champion.id
    unasked = maskloop("promote", number)
    assert unasked.returncode == 1
    assert f"Run: maskloop evaluate PROJECT {number}" in unasked.stderr
    assert maskloop("promote", number, "--against-gate", "--because", "so").returncode == 2

    result = contest.judged()
    made = maskloop("promote", number, "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["version"], told["gate_result"], told["against_gate"]) == (
        number,
        result.id,
        False,
    )
    back = maskloop("rollback", "--because", "holes at night")
    assert (back.returncode, back.stdout) == (
        0,
        f"Version {champion}, minisam, serves now: holes at night.\n",
    )
    nothing = maskloop("rollback")
    assert nothing.returncode == 1
    assert "nothing_to_roll_back" in nothing.stderr

    shown = json.loads(maskloop("models", "show", champion, "--json").stdout)
    assert shown["serving"]
    assert [one["because"] for one in shown["promotions"]] == ["holes at night", "the first one"]
    assert f"by {LOCAL}: holes at night" in maskloop("models", "card", champion).stdout


def test_models_are_listed_with_what_the_gate_said(maskloop: Run, contest: Contest) -> None:
    worse = contest.another("worse", iou=0.3)
    contest.judged()
    contest.judged(worse)
    listed = json.loads(maskloop("models", "--json").stdout)
    assert [(one["version"], one["serving"], one["gate"]) for one in listed] == [
        (contest.champion.id, True, None),
        (contest.challenger.id, False, "passed"),
        (worse.id, False, "refused"),
    ]
    assert "refused" in maskloop("models").stdout
    assert maskloop("models", "retire", worse.id).stdout == (
        f"Version {worse.id}, worse, is retired.\n"
    )
    assert maskloop("models", "retire", contest.champion.id).returncode == 1
    assert maskloop("models", "show", 987_654).returncode == 1


def test_an_evaluation_by_the_real_model_exits_as_the_gate_says(
    maskloop: Run, contest: Contest
) -> None:
    """On one image, which everything-mode takes its time for."""
    school = contest.school
    rule = SetRule(holdout_sources=("*/val/0.png",), holdout_share=0, validation_share=0)
    small = freeze(contest.runtime, school.project_id, rule, by=school.ann)
    answer = maskloop("evaluate", "photos", contest.challenger.id, "--set", small.id, "--json")
    assert answer.stdout, answer.stderr
    told = json.loads(answer.stdout)
    assert told["state"] == "succeeded"
    assert (answer.returncode, told["gate"]["passed"]) == (1, False)
    assert told["gate"]["comparison"]["slowdown"] > 0
    assert told["gate"]["comparison"]["overall"]["one_click"]["count"] == 1
    names = [rule["name"] for rule in told["gate"]["rules"]]
    assert names[:2] == ["better:one_click", "not_worse:one_click"]
    assert names[-2:] == ["enough:images", "usual:protocol"]


def test_an_evaluation_may_be_left_to_the_platform(maskloop: Run, contest: Contest) -> None:
    queued = json.loads(
        maskloop("evaluate", "photos", contest.challenger.id, "--detach", "--json").stdout
    )
    assert queued["state"] == "queued"
    assert contest.run(queued["job"]).job.state == "succeeded"
