"""How picture and masks are looked at: what changes on the canvas when a slider or a key does."""

import numpy as np
import pytest
from playwright.sync_api import Page

from browser.label.desk import Desk
from browser.label.shapes import deep_inside, rectangle

BOX = rectangle(60.3, 60.2, 120, 140)
INSIDE, BESIDE = (120.5, 130.5), (300.5, 60.5)
TOLERANCE = 6


@pytest.fixture
def drawn(desk: Desk) -> Desk:
    """An annotation of category `cup` is there, nothing is pointed at, the look panel is open."""
    desk.press("2")
    desk.outline(*BOX)
    desk.keep()
    desk.press("p")
    desk.page.locator(".look-panel summary").click()
    overlay(desk.page)
    return desk


def overlay(page: Page) -> None:
    """Masks on the canvas are those of now."""
    page.evaluate("() => document.querySelector('#maskloop').page.views.label.stage.overlayReady()")


def colours(desk: Desk) -> tuple[list[int], list[int]]:
    overlay(desk.page)
    return desk.colour(*INSIDE), desk.colour(*BESIDE)


def slide(desk: Desk, label: str, value: float) -> None:
    desk.page.get_by_label(label, exact=True).fill(str(value))


def photo(desk: Desk, at: tuple[float, float] = INSIDE) -> list[int]:
    """The picture alone."""
    desk.press("t")
    overlay(desk.page)
    desk.wait("!state.look.masks")
    found = desk.colour(*at)
    desk.press("t")
    overlay(desk.page)
    return found


def test_opacity_mixes_mask_and_picture(drawn: Desk) -> None:
    drawn.page.locator("[data-stage]").focus()
    bare = np.array(photo(drawn))
    slide(drawn, "Opacity of masks", 1)
    full = np.array(colours(drawn)[0])
    assert np.abs(full - bare).max() > 40
    slide(drawn, "Opacity of masks", 0.3)
    mixed = np.array(colours(drawn)[0])
    assert np.abs(mixed - (0.3 * full + 0.7 * bare)).max() <= TOLERANCE
    slide(drawn, "Opacity of masks", 0)
    assert np.abs(np.array(colours(drawn)[0]) - bare).max() <= TOLERANCE


def test_brightness_and_contrast_change_the_picture(drawn: Desk) -> None:
    _, before = colours(drawn)
    slide(drawn, "Brightness", 1.5)
    _, bright = colours(drawn)
    expected = np.minimum(255, 1.5 * np.array(before))
    assert np.abs(np.array(bright) - expected).max() <= TOLERANCE
    drawn.page.get_by_role("button", name="Reset sliders").click()
    assert colours(drawn)[1] == before
    slide(drawn, "Contrast", 2)
    _, strong = colours(drawn)
    expected = np.clip((np.array(before) - 127.5) * 2 + 127.5, 0, 255)
    assert np.abs(np.array(strong) - expected).max() <= TOLERANCE


def test_outline_fill_and_both(drawn: Desk) -> None:
    drawn.page.locator("[data-stage]").focus()
    bare = photo(drawn)
    seen = {}
    for _ in range(3):
        drawn.press("l")
        seen[drawn.see("state.look.mode")] = colours(drawn)[0]
    assert np.abs(np.array(seen["outline"]) - bare).max() <= TOLERANCE
    assert seen["fill"] == seen["both"] != seen["outline"]
    drawn.page.get_by_role("radio", name="Outline").check(force=True)
    assert colours(drawn)[0] == seen["outline"]


def test_colour_by_category_score_or_object(proposed: Desk) -> None:
    best = proposed.shown()[-1]
    at = deep_inside(proposed.proposal(best).mask.rle.decode())
    proposed.page.mouse.move(2, 2)
    seen = {}
    for _ in range(3):
        proposed.press("Shift+L")
        overlay(proposed.page)
        seen[proposed.see("state.look.colour")] = tuple(proposed.colour(*at))
    assert set(seen) == {"category", "score", "object"}
    assert len(set(seen.values())) == 3


def test_masks_and_others_are_hidden_by_keys(drawn: Desk) -> None:
    drawn.page.locator("[data-stage]").focus()
    bare = photo(drawn)
    with_mask = colours(drawn)[0]
    assert with_mask != bare
    drawn.press("y")
    drawn.wait("!state.look.others")
    assert np.abs(np.array(colours(drawn)[0]) - bare).max() <= TOLERANCE
    drawn.point(*INSIDE)
    drawn.wait("state.pointer !== null")
    assert drawn.see("state.hovered") is None
    drawn.page.mouse.move(2, 2)
    drawn.press("y")
    drawn.until(lambda: colours(drawn)[0] == with_mask)


def test_light_and_dark_by_choice_and_by_the_system(drawn: Desk) -> None:
    root = drawn.page.locator("#maskloop")

    def theme() -> str | None:
        return root.get_attribute("data-theme")

    for scheme in ("dark", "light"):
        drawn.page.emulate_media(color_scheme=scheme)
        drawn.until(lambda wanted=scheme: theme() == wanted)
    background = drawn.page.locator(".top").evaluate("top => getComputedStyle(top).backgroundColor")
    drawn.page.get_by_role("radio", name="Dark").check(force=True)
    drawn.until(lambda: theme() == "dark")
    now = drawn.page.locator(".top").evaluate("top => getComputedStyle(top).backgroundColor")
    assert now != background
    drawn.page.reload()
    drawn.until(lambda: theme() == "dark")
