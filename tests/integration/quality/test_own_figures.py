"""Who does not manage a project sees their own figures as they were when UTC's day began, so that
none of them moves with an answer and tells whether its card was a check."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from maskloop.platform.access import Role
from maskloop.platform.db.quality_rows import today
from maskloop.platform.states import CheckKind, Defect, Verdict
from maskloop.services.people import set_roles
from maskloop.services.tokens import create_token

if TYPE_CHECKING:
    import httpx

    from sites.past import Past
    from sites.site import Site

WEEK = timedelta(days=7)


@pytest.fixture
def began(past: "Past") -> datetime:
    with past.runtime.engine.connect() as connection:
        return today(connection)


@pytest.fixture
def earlier(began: datetime) -> datetime:
    """A moment before today began."""
    return began - timedelta(microseconds=1)


@pytest.fixture
def later(began: datetime) -> datetime:
    """Past the beginning of today, also where midnight comes in the middle of a test."""
    return began + WEEK


@pytest.fixture
def boss(site: "Site", past: "Past") -> "httpx.Client":
    return site.person("mia", roles=[Role.ADMIN], project_id=past.project_id)


@pytest.fixture
def ben(site: "Site", past: "Past") -> "httpx.Client":
    past.person("ben")
    set_roles(past.runtime, past.project_id, "ben", roles=[Role.REVIEWER])
    return site.client(create_token(past.runtime, "ben", name="own").text)


def of_checks(client: "httpx.Client", past: "Past") -> dict[str, Any]:
    answer = client.get(f"/api/v1/projects/{past.project_id}/quality/people")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def of_verdicts(client: "httpx.Client", past: "Past") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/projects/{past.project_id}/quality").json()
    return found


def let_through(past: "Past", at: datetime, who: str = "ben") -> int:
    check = past.check(CheckKind.PLANTED, Defect.ERODED)
    return past.check_answer(at, who, check, Verdict.ACCEPTED, passed=False)


def test_an_answer_to_a_check_moves_no_figure_of_one_s_own_today(
    past: "Past", ben: "httpx.Client", boss: "httpx.Client", earlier: datetime, later: datetime
) -> None:
    for _ in range(5):
        let_through(past, earlier)
    let_through(past, earlier, "anna")
    before = of_checks(ben, past)
    (own,) = before["people"]
    assert own["user"] == "ben"
    assert (own["quality"]["planted"], own["quality"]["let_through"]["mean"]) == (5, 1.0)
    assert datetime.fromisoformat(before["as_of"]) - earlier == timedelta(microseconds=1)
    let_through(past, later)
    assert of_checks(ben, past) == before
    assert [one["quality"]["planted"] for one in of_checks(boss, past)["people"]] == [1, 6]


def test_a_check_that_is_taken_back_today_stays_in_one_s_own_figures(
    past: "Past", ben: "httpx.Client", boss: "httpx.Client", earlier: datetime, later: datetime
) -> None:
    answers = [let_through(past, earlier) for _ in range(2)]
    past.withdraw("ben", at=earlier, check_answer_id=answers[0])
    before = of_checks(ben, past)
    assert (before["people"][0]["quality"]["planted"], before["people"][0]["withdrawn"]) == (1, 1)
    past.withdraw("ben", at=later, check_answer_id=answers[1])
    answered_anew = let_through(past, later)
    assert answered_anew > answers[1]
    assert of_checks(ben, past) == before
    (seen,) = of_checks(boss, past)["people"]
    assert (seen["quality"]["planted"], seen["withdrawn"]) == (1, 2)


def test_a_verdict_moves_nothing_of_one_s_own_today_either(
    past: "Past", ben: "httpx.Client", boss: "httpx.Client", earlier: datetime, later: datetime
) -> None:
    """It would tell that its card was no check."""
    given = past.verdict(earlier, "ben", Verdict.ACCEPTED)
    before = of_verdicts(ben, past)
    assert [(one["of"]["name"], one["verdicts"]) for one in before["people"]] == [("ben", 1)]
    past.verdict(later, "ben", Verdict.ACCEPTED)
    past.verdict(later, "anna", Verdict.ACCEPTED)
    past.withdraw("ben", at=later, review_id=given)
    after = of_verdicts(ben, past)
    assert after["people"] == before["people"]
    assert after["people_as_of"] == before["people_as_of"]
    seen = of_verdicts(boss, past)
    assert seen["people_as_of"] is None
    assert {one["of"]["name"]: one["verdicts"] for one in seen["people"]} == {"anna": 1, "ben": 1}
