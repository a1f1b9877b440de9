"""The quality page on the real server: figures at a glance, other days, files, and the keyboard."""

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import expect

from browser.accessibility import Axe
from browser.windows import Windows
from maskloop.platform.access import Role
from maskloop.platform.db.quality_rows import Period
from maskloop.services.quality import Quality, quality
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
    assert titles == PANELS - {"Gold", "Errors let through", "People"} | {"Your verdicts"}
    expect(page.locator(".panel", has_text="Your verdicts")).to_contain_text(
        "You have judged no proposal in these days."
    )


def test_a_project_without_a_past_says_so_in_each_panel(
    open_page: "Opened", empty_past: Past
) -> None:
    page = open_page(empty_past)
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
