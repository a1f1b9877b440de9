"""The keyboard is enough: a mask from the first key to the next image, without a mouse."""

import pytest
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Window
from browser.work.desk import Desk, desk, rows, submitted, verdicts

FOCUSED = "document.activeElement.matches('.stage')"


@pytest.fixture
def ann(window: Window, photos: PhotoProject) -> Desk:
    """Ann, with a photograph of a cup of coffee and both hands on the keys."""
    return desk(window, photos)


def to(ann: Desk, x: float, y: float) -> None:
    """Moves the keyboard's pointer there by arrows, as near as its steps allow."""
    ann.press("ArrowRight")
    for axis, less, more, wanted in (
        ("x", "ArrowLeft", "ArrowRight", x),
        ("y", "ArrowUp", "ArrowDown", y),
    ):
        for far, step in (("Shift+", 5), ("", 1)):
            pixels = ann.ask("views.label.stage.camera.scale")
            away = wanted - ann.ask(f"state.pointer.{axis}")
            times = round(abs(away) / (8 * step / pixels))
            ann.press(*[far + (more if away > 0 else less)] * times)
    assert ann.ask("state.pointer.byKeyboard")
    assert abs(ann.ask("state.pointer.x") - x) < 9
    assert abs(ann.ask("state.pointer.y") - y) < 9


def test_an_object_and_the_next_image_without_a_mouse(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    assert ann.ask(FOCUSED)
    ann.press("2")
    to(ann, 300, 200)
    ann.press("a")
    ann.until("state.draft?.candidates.length === 3")
    ann.press("Tab")
    assert ann.ask("state.draft.chosen") == 1
    to(ann, 360, 220)
    ann.press("a")
    ann.until("state.draft.asked.length === 2")
    to(ann, 60, 380)
    ann.press("Shift+A")
    ann.until("state.draft.asked.length === 3 && state.draft.mask")
    ann.press("Enter", "n")
    ann.shows("chelsea.png")
    ann.saved()

    [made] = rows(site, photos, "coffee.png")
    assert made["category"] == "cup"
    assert [label for *_, label in made["prompts"][-1]["points"]] == [1, 1, 0]
    assert made["prompts"][0]["chosen"] == 1
    assert [one["outcome"] for one in submitted(site, photos)] == ["done"]
    assert ann.ask(FOCUSED)


def test_with_the_mouse_for_the_click_only(ann: Desk, site: PageSite, photos: PhotoProject) -> None:
    ann.press("2")
    ann.click(300, 200)
    ann.until("state.draft?.mask")
    ann.press("Shift+Tab", "Enter")
    ann.saved()
    [made] = rows(site, photos, "coffee.png")
    assert made["prompts"][-1]["chosen"] == 2


def test_a_box_is_two_corners_by_key(ann: Desk, site: PageSite, photos: PhotoProject) -> None:
    ann.press("2", "b")
    to(ann, 80, 60)
    ann.press("a")
    to(ann, 480, 390)
    ann.press("a")
    ann.until("state.draft?.mask")
    ann.press("Enter")
    ann.saved()
    [made] = rows(site, photos, "coffee.png")
    assert made["prompts"][-1]["box"] == [pytest.approx(v, abs=9) for v in (80, 60, 480, 390)]


def test_proposals_are_walked_over_and_judged_by_key(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    best_first = ann.ask(
        "[...state.objects.values()]"
        ".sort((a, b) => b.score - a.score || a.key.localeCompare(b.key)).map(({id}) => id)"
    )
    ann.press("3", ".")
    assert ann.ask("[...state.selected]") == [f"p{best_first[0]}"]
    ann.press("Enter", ".", "x", ".", ".", ",", "Enter")
    ann.saved()
    assert verdicts(site, photos) == {
        best_first[0]: "accepted",
        best_first[1]: "rejected",
        best_first[2]: "accepted",
    }
    assert {row["category"] for row in rows(site, photos, "coffee.png")} == {"person"}


def test_the_focus_is_never_trapped_and_always_seen(ann: Desk) -> None:
    ann.press("Tab")
    assert not ann.ask(FOCUSED)
    seen = []
    for _ in range(60):
        ann.press("Tab")
        seen.append(
            ann.ask(
                "(() => { const at = document.activeElement; const style = getComputedStyle(at);"
                " const frame = getComputedStyle(at, '::after').borderStyle;"
                " return [at.className || at.tagName, style.outlineStyle, frame]; })()"
            )
        )
        if ann.ask(FOCUSED):
            break
    assert ann.ask(FOCUSED), "Tab never comes back to the image"
    hidden = [name for name, outline, frame in seen if {outline, frame} <= {"none"}]
    assert [name for name in hidden if name != "BODY"] == []
    ann.press("Shift+Tab")
    assert not ann.ask(FOCUSED)
    ann.press("w")
    assert ann.ask(FOCUSED)


def test_escape_lets_go_of_one_thing_after_the_other(ann: Desk) -> None:
    ann.press(".")
    assert ann.ask("state.selected.size") == 1
    ann.press("Escape")
    assert ann.ask("state.selected.size") == 0
    ann.press("b", "ArrowRight", "a", "Escape", "Escape")
    assert ann.ask("state.pointer === null && state.draft === null")
    ann.press("/")
    ann.page.keyboard.type("rock")
    ann.press("Escape", "Escape")
    assert not ann.ask(FOCUSED)
    ann.press("w", "?")
    dialog = ann.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    ann.press("Escape")
    expect(dialog).to_have_count(0)
    assert ann.ask(FOCUSED)
    ann.press("Shift+N")
    expect(dialog).to_be_visible()
    ann.press("n", "Escape")
    expect(dialog).to_have_count(0)
    assert ann.ask(FOCUSED)


def test_a_key_that_was_changed_holds_after_a_reload(ann: Desk) -> None:
    ann.press("?")
    ann.page.get_by_role("button", name="Box: B. Change").click()
    ann.press("j")
    ann.press("Escape")
    ann.press("j")
    assert ann.ask("state.tool") == "box"

    ann.page.reload()
    ann.shows("coffee.png")
    ann.press("p", "b")
    assert ann.ask("state.tool") == "point"
    ann.press("j")
    assert ann.ask("state.tool") == "box"
