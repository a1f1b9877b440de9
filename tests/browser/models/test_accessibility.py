"""axe finds nothing of weight on states that are hard to reach for real, by day and by night; and
all of it can be done from the keyboard."""

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import expect

from browser.accessibility import Axe
from browser.models import answers, verdicts
from browser.models.models_page import ModelsPage

ROOT = "/projects/7"
STATES: dict[str, tuple[str, str, Callable[[ModelsPage], object]]] = {
    "running": ("?project=7", ".chart", lambda models: models.with_training("running")),
    "failed": (
        "?project=7",
        ".training-now .failure",
        lambda models: models.with_training("failed", error="The loss was no number."),
    ),
    "refused": ("?project=7&version=4", ".rule.failed", lambda models: None),
    "shadow": (
        "?project=7",
        ".shadow-figures",
        lambda models: models.say("GET /shadow", {"shadow": verdicts.shadow()}),
    ),
    "trouble": (
        "?project=7",
        ".lineage .trouble",
        lambda models: models.refuse("GET /model-versions", 503, "server_busy", "Busy."),
    ),
    "chooser": (
        "",
        ".chooser",
        lambda models: models.say("GET /session", answers.session(("nuclei", "street"))),
    ),
    "compared": (
        "?project=7&view=sets&set=2&with=1",
        ".compared table",
        lambda models: models.say(
            f"GET {ROOT}/training-sets/2/compare/1", answers.set_comparison()
        ),
    ),
    "labeler": ("?project=7&view=policy", ".policy", ModelsPage.as_labeler),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_of_weight(
    models: ModelsPage, axe: Axe, state: str, theme: Literal["light", "dark"]
) -> None:
    address, part, prepare = STATES[state]
    prepare(models)
    models.theme(theme)
    page = models.open(address).page
    expect(page.locator(part).first).to_be_visible()
    found = axe(page)
    assert not found, "\n".join(found)


def test_a_version_is_found_and_promoted_by_keys_alone(models: ModelsPage) -> None:
    page = models.open().page
    models.say("POST /promotions", answers.promotions()[0], 201)
    expect(page.locator(".gate .rule").first).to_be_visible()
    focused = "document.activeElement.textContent.trim()"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "Promote":
            break
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    assert (page.evaluate(focused), page.evaluate(ring)) == ("Promote", "solid")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Why")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    assert models.bodies["POST /promotions"]["model_version"] == 5


@pytest.mark.parametrize("width", [1024, 1280, 1920, 2560])
def test_nothing_is_wider_than_the_window(models: ModelsPage, width: int) -> None:
    models.page.set_viewport_size({"width": width, "height": 800})
    models.say(f"GET {ROOT}/training-sets/2/compare/1", answers.set_comparison())
    for address, part in (
        ("?project=7&version=4", ".broken"),
        ("?project=7&view=sets&set=2&with=1", ".compared table"),
        ("?project=7&view=policy", ".policy"),
    ):
        page = models.open(address).page
        expect(page.locator(part).first).to_be_visible()
        wider = "(body) => body.scrollWidth - body.clientWidth"
        assert page.locator(".models").evaluate(wider) <= 0, address
        beyond = """() => [...document.querySelectorAll(".sheet")].filter(
          (one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className)"""
        assert page.evaluate(beyond) == [], address
