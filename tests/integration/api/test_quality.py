"""/quality: figures as JSON and CSV, and who sees what of them."""

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from maskloop.platform.access import Role
from maskloop.platform.states import CheckKind, Defect, Verdict
from maskloop.services.quality_csv import FIGURES
from sites.past import make_past

if TYPE_CHECKING:
    import httpx

    from sites.bench import Bench
    from sites.past import Past
    from sites.site import Site

SINCE = {"since": "2026-11-01T00:00:00Z"}
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def past(site: "Site", bench: "Bench") -> "Past":
    made = make_past(site.runtime, bench, ("=cat()", "dog"))
    made.verdict(NOON, "anna", Verdict.ACCEPTED, "=cat()", seconds=1.5)
    made.verdict(NOON, "anna", Verdict.CORRECTED, "dog", seconds=4.5, parent_iou=0.75)
    made.verdict(NOON, "ben", Verdict.REJECTED, seconds=0.5)
    eroded = made.check(CheckKind.PLANTED, Defect.ERODED)
    made.check_answer(NOON, "ben", eroded, Verdict.ACCEPTED, passed=False, iou=0.75)
    return made


@pytest.fixture
def boss(site: "Site", past: "Past") -> "httpx.Client":
    return site.person("mia", roles=[Role.ADMIN], project_id=past.project_id)


def path(past: "Past", more: str = "") -> str:
    return f"/api/v1/projects/{past.project_id}/quality{more}"


def rows(answer: "httpx.Response") -> list[dict[str, str]]:
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(answer.text.splitlines()))


def test_figures_come_with_intervals_and_quartiles(boss: "httpx.Client", past: "Past") -> None:
    found = boss.get(path(past), params=SINCE).json()
    assert (found["since"], found["until"]) == ("2026-11-01T00:00:00Z", None)
    assert found["throughput"] == [
        {"day": "2026-11-02", "verdicts": 3, "second_looks": 0, "votes": 0, "drawn": 0}
    ]
    (version,) = found["verdicts_by_version"]
    share = version["rejected_share"]
    assert version["of"] == {"id": past.versions["minisam"], "name": "minisam"}
    assert {key: round(share[key], 6) for key in share} == {
        "mean": 0.333333,
        "low": 0.061492,
        "high": 0.792340,
    }
    day = found["effort_by_day"][0]
    assert day["seconds"] == {"count": 2, "low": 2.25, "median": 3.0, "high": 3.75}
    assert found["checks"]["planted"][1]["defect"] == "eroded"
    assert found["checks"]["planted"][1]["let_through"] == 1


def test_a_period_leaves_out_what_lies_outside(boss: "httpx.Client", past: "Past") -> None:
    found = boss.get(path(past), params=SINCE | {"until": "2026-11-02T12:00:00Z"}).json()
    assert found["throughput"] == found["verdicts_by_version"] == found["people"] == []


def test_a_period_without_a_zone_or_that_ends_first_is_refused(
    boss: "httpx.Client", past: "Past"
) -> None:
    assert boss.get(path(past), params={"since": "2026-11-01T00:00:00"}).status_code == 422
    backwards = {"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}
    answer = boss.get(path(past), params=backwards)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameters")


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_a_table_whose_rows_are_as_wide_as_its_header(
    boss: "httpx.Client", past: "Past", figure: str
) -> None:
    answer = boss.get(path(past, f"/{figure}.csv"))
    header, *more = csv.reader(answer.text.splitlines())
    assert {len(row) for row in more} <= {len(header)}
    assert len(set(header)) == len(header)


def test_csv_says_units_and_equals_the_figures(boss: "httpx.Client", past: "Past") -> None:
    (row,) = rows(boss.get(path(past, "/effort-by-day.csv"), params=SINCE))
    assert (row["day (UTC)"], row["masks"]) == ("2026-11-02", "2")
    assert row["seconds per mask, median (s)"] == "3"
    (row,) = rows(boss.get(path(past, "/edits-by-category.csv")))
    assert (row["category"], row["edit distance, median (1 - IoU)"]) == ("dog", "0.25")
    (row, _) = rows(boss.get(path(past, "/planted.csv")))
    assert (row["defect"], row["let through share"]) == ("all", "1")


def test_checks_by_person_say_what_is_known_and_how_much_is_missing(
    boss: "httpx.Client", past: "Past"
) -> None:
    shifted = past.check(CheckKind.PLANTED, Defect.SHIFTED)
    for _ in range(4):
        past.check_answer(NOON, "ben", shifted, Verdict.REJECTED, passed=True)
    found = rows(boss.get(path(past, "/checks-by-person.csv"), params=SINCE))
    told = {
        (one["person"], one["figure"], one["of defect"]): (
            one["checks"],
            one["needed"],
            one["mean"],
        )
        for one in found
    }
    assert told["ben", "let through", ""] == ("5", "", "0.2")
    assert told["ben", "let through", "shifted"] == ("4", "5", "")
    assert told["ben", "missed", ""] == ("0", "5", "")
    assert found[0]["mean, 95 % from"] == "0.0362241"
    assert (found[0]["planted"], found[0]["planted found"]) == ("5", "4")
    later = {"since": "2026-11-03T00:00:00Z"}
    assert rows(boss.get(path(past, "/checks-by-person.csv"), params=later)) == []
    people = boss.get(path(past, "/people"), params=later).json()
    assert (people["people"], people["categories"], people["versions"]) == ([], [], [])


def test_agreement_is_a_file_too_with_the_reason_where_there_is_no_alpha(
    boss: "httpx.Client", past: "Past"
) -> None:
    proposal = past.proposal()
    for who in ("anna", "ben"):
        past.vote(NOON, who, proposal, Verdict.ACCEPTED, "dog")
    found = {one["figure"]: one for one in rows(boss.get(path(past, "/agreement.csv")))}
    assert (found["votes"]["value"], found["in dispute"]["value"]) == ("2", "1")
    assert found["mean IoU"]["value"] == "1"
    assert found["alpha of categories"]["value"] == ""
    assert found["alpha of categories"]["undefined as"] != ""


def test_a_name_in_a_csv_is_no_formula(boss: "httpx.Client", past: "Past") -> None:
    first = rows(boss.get(path(past, "/verdicts-by-category.csv")))[0]
    assert first["category"] == "'=cat()"


def test_a_figure_that_there_is_not_is_named(boss: "httpx.Client", past: "Past") -> None:
    answer = boss.get(path(past, "/charm.csv"))
    assert answer.status_code == 404
    assert "throughput, effort-by-day" in answer.json()["detail"]


@pytest.mark.parametrize("role", [Role.LABELER, Role.REVIEWER, Role.ML])
def test_who_does_not_manage_sees_themselves_and_no_checks(
    site: "Site", past: "Past", role: Role
) -> None:
    client = site.person("rob", roles=[role], project_id=past.project_id)
    found = client.get(path(past), params=SINCE).json()
    assert (found["people"], found["checks"]) == ([], None)
    assert found["throughput"][0]["verdicts"] == 3
    refused = client.get(path(past, "/planted.csv"))
    assert refused.status_code == 404
    known = refused.json()["detail"].split("There are")[1]
    assert "planted" not in known
    assert ("checks-by-person" in known) == (role is not Role.ML)
    own = client.get(path(past, "/checks-by-person.csv"))
    assert (own.status_code == 200) == (role is not Role.ML)


def test_figures_of_another_project_are_not_there(site: "Site", past: "Past") -> None:
    others = site.project("others")
    stranger = site.person("eve", roles=[Role.ADMIN], project_id=others)
    assert stranger.get(path(past)).status_code == 404
    assert stranger.get(path(past, "/throughput.csv")).status_code == 404
    assert stranger.get(f"/api/v1/projects/{others}/quality").json()["throughput"] == []
