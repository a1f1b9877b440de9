"""The category in hand: by number, by search, made anew, and the same after a reload."""

from browser.label.conftest import Sit
from browser.label.desk import Desk, sit_down
from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Windows
from maskloop.services.projects import list_categories

BOX = ((120, 30), (330, 280))


def in_hand(desk: Desk) -> str | None:
    name: str | None = desk.see(
        "state.project.categories.find(({ id }) => id === state.category_id)?.name ?? null"
    )
    return name


def recent(desk: Desk) -> list[str]:
    row = desk.page.get_by_role("group", name="Recent categories")
    return [chip.inner_text().strip() for chip in row.get_by_role("button").all()]


def test_number_keys_take_a_category_for_what_is_in_hand_too(desk: Desk) -> None:
    desk.press("2")
    assert in_hand(desk) == "cup"
    desk.drag(*BOX)
    desk.answered(1)
    assert "cup" in desk.hand()
    desk.press("3")
    assert "person" in desk.hand()
    desk.keep()
    assert [kept.category for kept in desk.kept()] == ["person"]
    desk.press("9")
    assert in_hand(desk) == "person", "there is no ninth"


def test_a_search_and_enter_take_the_closest_one(desk: Desk) -> None:
    desk.press("/")
    desk.page.keyboard.type("rock")
    desk.press("Enter")
    assert in_hand(desk) == "rocket"
    assert desk.page.evaluate("() => document.activeElement.dataset.stage") == "true"
    desk.press("1")
    assert in_hand(desk) == "cat", "the keys go to the picture again"


def test_recent_ones_come_first_and_the_last_one_stays_over_a_reload(desk: Desk) -> None:
    desk.press("2", "5", "3")
    assert recent(desk)[:3] == ["person", "background", "cup"]
    desk.page.reload()
    desk.wait("state.image !== null && state.loading === null")
    assert in_hand(desk) == "person"
    assert recent(desk)[:3] == ["person", "background", "cup"]
    desk.page.get_by_role("group", name="Recent categories").get_by_role("button").nth(2).click()
    assert in_hand(desk) == "cup"


def test_who_manages_the_project_makes_a_category_by_its_name(
    windows: Windows, site: PageSite, bare: PhotoProject
) -> None:
    desk = sit_down(windows.of("max", project_id=bare.id, is_admin=True), site, bare)
    desk.press("/")
    desk.page.keyboard.type("whisker")
    desk.press("Enter")
    desk.wait("state.project.categories.length === 6")
    assert in_hand(desk) == "whisker"
    desk.drag(*BOX)
    desk.answered(1)
    desk.keep()
    assert [kept.category for kept in desk.kept()] == ["whisker"]
    names = [category.name for category in list_categories(site.runtime, bare.id)]
    assert names[-1] == "whisker"


def test_a_labeler_makes_none(sit: Sit, site: PageSite, bare: PhotoProject) -> None:
    desk = sit()
    desk.press("/")
    desk.page.keyboard.type("whisker")
    assert desk.page.get_by_role("listbox", name="Categories").locator("[role=option]").count() == 0
    desk.press("Enter", "Escape")
    assert in_hand(desk) == "cat"
    assert len(list_categories(site.runtime, bare.id)) == 5
