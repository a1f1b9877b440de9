"""The quality page on the real server: figures at a glance, other days, files, and the keyboard."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import expect

from browser.accessibility import Axe
from browser.windows import Windows
from maskloop.platform.access import Role
from maskloop.platform.db import audit_events
from maskloop.platform.db.quality_rows import Period
from maskloop.platform.reviewer_skill import Measured
from maskloop.services import quality_checks
from maskloop.services.quality import Quality, quality
from maskloop.services.quality_checks import CheckQuality
from sites.past import Past

if TYPE_CHECKING:
    from browser.quality.conftest import Opened

PANELS = {
    "Done per day",
    "Seconds per mask",
    "Clicks per mask",
    "Verdicts by version",
    "Kept as proposed, by category",
    "How far corrections go",
    "Seconds by version and way",
    "Gold",
    "Errors let through",
    "Agreement",
    "People",
    "Checks by person",
    "Audit events",
}


def figures(past: Past) -> Quality:
    return quality(past.runtime, past.project_id, Period())


def test_the_first_page_leads_there(windows: Windows, past: Past) -> None:
    window = windows.of("mia", project_id=past.project_id, roles=[Role.ADMIN])
    page = window.open("/")
    page.get_by_role("link", name="Quality").click()
    expect(page.get_by_role("heading", name="Quality")).to_be_visible()


def test_every_figure_has_a_panel_and_they_say_what_was_counted(
    open_page: "Opened", past: Past
) -> None:
    page = open_page(past, "&days=all")
    expect(page.locator(".panel h2")).to_have_count(len(PANELS))
    assert set(page.locator(".panel h2").all_inner_texts()) == PANELS
    found = figures(past)
    verdicts = sum(row.verdicts for row in found.verdicts_by_version)
    expect(page.locator(".tile", has_text="Verdicts").locator("b")).to_have_text(str(verdicts))
    rows = page.get_by_role("table", name="Verdicts by version").locator("tbody tr")
    expect(rows).to_have_count(2)
    for row, shares in zip(rows.all(), found.verdicts_by_version, strict=True):
        expect(row).to_contain_text(f"{shares.of.name} v{shares.of.id}")
        assert shares.accepted_share is not None
        expect(row).to_contain_text(f"{round(100 * shares.accepted_share.mean)} %")
        expect(row.locator("td").last).to_have_text(str(shares.verdicts))


def test_too_few_is_said_in_words_and_no_share_is_claimed(open_page: "Opened", past: Past) -> None:
    page = open_page(past)
    row = page.get_by_role("table", name="Errors let through").locator("tr", has_text="category")
    expect(row).to_contain_text("too few: 5 so far")
    expect(row).not_to_contain_text("%")


def of_checks(past: Past, name: str) -> CheckQuality:
    found = quality_checks.of_project(past.runtime, past.project_id)
    (quality_of,) = [one.quality for one in found.people if one.user == name]
    return quality_of


def test_each_person_s_checks_stand_in_their_intervals(open_page: "Opened", past: Past) -> None:
    page = open_page(past, "&days=all")
    through = page.get_by_role("table", name="Errors let through, by person")
    ben, anna = through.get_by_role("row", name="ben"), through.get_by_role("row", name="anna")
    told = of_checks(past, "ben").skill.let_through
    assert isinstance(told, Measured)
    expect(ben).to_contain_text(f"{round(100 * told.interval.mean)} %")
    expect(ben.locator("td").last).to_have_text(str(told.of))
    whisker, plot = (ben.locator(one).bounding_box() for one in (".whisker", ".rail-line"))
    assert whisker is not None
    assert plot is not None
    low = (whisker["x"] - plot["x"]) / plot["width"]
    assert low == pytest.approx(told.interval.low, abs=0.02)
    expect(anna).to_contain_text("not asked yet")
    iou = page.get_by_role("table", name="IoU with gold, by person")
    expect(iou.get_by_role("row", name="anna")).to_contain_text("too few: 1 of 5 images")


def test_checks_are_of_the_days_in_view_and_by_defect_as_a_table(
    open_page: "Opened", past: Past, tmp_path: Path
) -> None:
    page = open_page(past, "&from=2026-11-24&to=2026-11-25")
    panel = page.locator(".panel", has_text="Checks by person")
    days = Period(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
    found = quality_checks.of_project(past.runtime, past.project_id, days).people
    (ben,) = [one.quality for one in found if one.user == "ben"]
    row = panel.get_by_role("table", name="Errors let through, by person").locator(
        "tr", has_text="ben"
    )
    expect(row.locator("td").last).to_have_text(str(ben.planted))
    panel.get_by_text("By defect").click()
    shown = [one.of for one in ben.skill.by_defect.values() if one.of]
    expect(panel.locator(".as-table tbody tr")).to_have_count(len(shown))
    with page.expect_download() as started:
        panel.get_by_role("link", name="Checks by person as CSV").click()
    started.value.save_as(tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {one["planted"] for one in rows if one["person"] == "ben"} == {str(ben.planted)}


def test_audit_events_come_a_page_at_a_time_and_by_choice(
    open_page: "Opened", past: Past, windows: Windows
) -> None:
    with past.runtime.engine.begin() as connection:
        for number in range(60):
            audit_events.record(
                connection,
                project_id=past.project_id,
                user_id=past.person("anna"),
                action="planted",
                subject="check",
                subject_id=number + 1,
                detail={"defect": "shifted"},
            )
    page = open_page(past)
    panel = page.locator(".panel", has_text="Audit events")
    rows = panel.locator("tbody tr")
    expect(rows).to_have_count(50)
    older = panel.get_by_role("button", name="Older ones")
    older.click()
    expect(rows).to_have_count(61)
    expect(older).to_have_count(0)
    assert rows.nth(60).inner_text().split("\t")[-2:] == ["check 1", "defect: shifted"]
    by, what = (panel.get_by_role("combobox", name=name) for name in ("By", "What"))
    by.select_option("maskloop itself")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("roles given")
    what.select_option("planted")
    expect(panel).to_contain_text("There is no such event.")
    expect(rows).to_have_count(0)
    by.select_option("everybody")
    expect(rows).to_have_count(50)


def test_audit_events_that_cannot_be_had_are_asked_for_again(
    open_page: "Opened", windows: Windows, past: Past
) -> None:
    page = open_page(past)
    (window,) = windows.opened
    panel = page.locator(".panel", has_text="Audit events")
    expect(panel.locator("tbody tr")).to_have_count(1)
    window.watch.expect("503")
    refusal = {"status": 503, "code": "server_busy", "detail": "Come again.", "retryable": False}
    kind = "application/problem+json"
    path = "**/audit-events?*"
    page.route(path, lambda route: route.fulfill(status=503, json=refusal, content_type=kind))
    panel.get_by_role("combobox", name="What").select_option("roles given")
    expect(panel.get_by_role("alert")).to_contain_text("Come again.")
    page.unroute(path)
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator("tbody tr")).to_have_count(1)
    expect(panel.get_by_role("alert")).to_have_count(0)


def test_other_days_are_asked_for_and_stand_in_the_address(open_page: "Opened", past: Past) -> None:
    page = open_page(past)
    page.get_by_role("link", name="7 days").click()
    expect(page).to_have_url(re.compile(r"days=7$"))
    tile = page.locator(".tile", has_text="Verdicts").locator("b")
    since = figures(past).throughput
    week = sum(row.verdicts for row in since if row.day >= "2026-11-19")
    expect(tile).to_have_text(str(week))
    page.get_by_role("textbox", name="From").fill("2026-11-25")
    expect(page).to_have_url(re.compile(r"from=2026-11-25&to=2026-11-25$"))
    day = sum(row.verdicts for row in since if row.day == "2026-11-25")
    expect(tile).to_have_text(str(day))
    page.go_back()
    expect(tile).to_have_text(str(week))


def test_the_plots_are_read_out_by_keys_all_at_the_same_day(
    open_page: "Opened", past: Past
) -> None:
    page = open_page(past)
    plot = page.get_by_role("slider", name="Done per day: day")
    plot.focus()
    page.keyboard.press("ArrowLeft")
    day = figures(past).throughput[-2]
    assert day.day == "2026-11-24"
    expect(plot).to_have_attribute("aria-valuetext", re.compile(rf"^24 Nov: {day.verdicts} verd"))
    other = page.get_by_role("slider", name="Seconds per mask: day")
    expect(other).to_have_attribute("aria-valuetext", re.compile(r"^24 Nov: [\d.]+ s, middle half"))


def test_each_plot_says_the_same_as_a_table(open_page: "Opened", past: Past) -> None:
    page = open_page(past, "&days=all")
    done = page.locator(".panel", has_text="Done per day")
    done.get_by_text("As a table").click()
    rows = done.locator("tbody tr")
    found = figures(past).throughput
    expect(rows).to_have_count(len(found))
    assert rows.first.locator("th, td").all_inner_texts()[:2] == [
        found[0].day,
        str(found[0].verdicts),
    ]


def test_a_file_of_a_figure_is_of_the_days_in_view(
    open_page: "Opened", past: Past, tmp_path: Path
) -> None:
    page = open_page(past, "&days=7")
    with page.expect_download() as started:
        page.get_by_role("link", name="Done per day as CSV").click()
    started.value.save_as(tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [row.day for row in figures(past).throughput if row.day >= "2026-11-19"]
    assert [row["day (UTC)"] for row in rows] == expected


def test_whoever_is_measured_sees_no_checks_and_only_themselves(
    open_page: "Opened", past: Past
) -> None:
    page = open_page(past, role=Role.LABELER)
    titles = set(page.locator(".panel h2").all_inner_texts())
    of_all = {"Gold", "Errors let through", "People", "Checks by person", "Audit events"}
    assert titles == PANELS - of_all | {"Your verdicts", "Your checks"}
    expect(page.locator(".panel", has_text="Your checks")).to_contain_text(
        "You have answered no check in these days; what you answer today is told tomorrow."
    )
    expect(page.locator(".panel", has_text="Your verdicts")).to_contain_text(
        "You have judged no proposal in these days."
    )


def test_a_project_without_a_past_says_so_in_each_panel(
    open_page: "Opened", empty_past: Past
) -> None:
    page = open_page(empty_past)
    events = page.locator(".panel", has_text="Audit events")
    expect(events.get_by_role("row", name="mia")).to_contain_text("roles given")
    expect(page.locator(".panel .nothing")).to_have_count(len(PANELS) - 1)
    expect(page.locator(".panel", has_text="Agreement")).to_contain_text("No two people")
    expect(page.get_by_role("link", name="CSV")).to_have_count(0)


def test_figures_that_cannot_be_had_are_asked_for_again(
    open_page: "Opened", windows: Windows, past: Past
) -> None:
    page = open_page(past)
    (window,) = windows.opened
    window.watch.expect("503")
    refusal = {"status": 503, "code": "server_busy", "detail": "Come again.", "retryable": False}
    path = "**/quality?*"
    kind = "application/problem+json"
    page.route(path, lambda route: route.fulfill(status=503, json=refusal, content_type=kind))
    page.get_by_role("link", name="7 days").click()
    alert = page.locator(".trouble")
    expect(alert).to_contain_text("Come again.")
    page.unroute(path)
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator(".panel").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", ["full", "empty"])
def test_axe_finds_nothing_of_weight(
    open_page: "Opened",
    request: pytest.FixtureRequest,
    axe: Axe,
    state: str,
    theme: Literal["light", "dark"],
) -> None:
    past = request.getfixturevalue("past" if state == "full" else "empty_past")
    page = open_page(past, color_scheme=theme, reduced_motion="reduce")
    for summary in page.get_by_text("As a table").all():
        summary.click()
    found = axe(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [400, 1024, 1280, 2560])
def test_nothing_is_wider_than_the_window(open_page: "Opened", past: Past, width: int) -> None:
    page = open_page(past, viewport={"width": width, "height": 800})
    wider = "(body) => body.scrollWidth - body.clientWidth"
    assert page.locator(".quality").evaluate(wider) <= 0
    beyond = """() => [...document.querySelectorAll(".sheet")].filter(
      (one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.innerText.slice(0, 40))"""
    assert page.evaluate(beyond) == []
