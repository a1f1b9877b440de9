"""Choosing and making categories, by keys and by the pointer."""

import pytest
from playwright.sync_api import expect

from browser.panels.panel_page import STREET, Panels

MAKE = "POST /projects/7/categories"
MANAGER = ("project.manage",)


def selected(panels: Panels) -> str:
    return panels.page.locator("[role=option][aria-selected=true] .categories-name").inner_text()


def test_nobody_is_given_a_category_that_they_never_chose(panels: Panels) -> None:
    panels.open()
    assert panels.value("store.state.category_id") is None
    assert panels.page.locator("[aria-selected=true]").count() == 0


def test_a_number_key_chooses_and_the_choice_is_there_after_a_reload(panels: Panels) -> None:
    panels.open()
    panels.press("3", "2")
    assert panels.value("chosen") == ["car", "bicycle"]
    assert selected(panels) == "bicycle"
    panels.open()
    assert panels.value("store.state.category_id") == 11
    assert selected(panels) == "bicycle"
    recent = panels.page.get_by_role("group", name="Recent categories").get_by_role("button")
    assert recent.all_inner_texts() == ["bicycle", "car"]


def test_a_number_without_a_category_does_nothing(panels: Panels) -> None:
    panels.open()
    panels.press("9")
    assert panels.value("chosen") == []


def test_number_keys_follow_the_projects_order_whatever_was_used_last(panels: Panels) -> None:
    panels.open(tuple("abcdefghijk"))
    panels.press("9", "1", "/")
    panels.type("k")
    panels.press("Enter", "9")
    assert panels.value("chosen") == ["i", "a", "k", "i"]
    keys = panels.page.locator(".categories-row kbd").all_inner_texts()
    assert keys == [str(number) for number in range(1, 10)]


def test_search_narrows_and_enter_takes_the_first(panels: Panels) -> None:
    panels.open()
    panels.press("/")
    panels.type("b")
    assert panels.page.locator(".categories-name").all_inner_texts() == ["bicycle", "bus"]
    panels.press("Enter")
    assert panels.value("chosen") == ["bicycle"]
    assert panels.value("document.activeElement === document.body")
    panels.press("1")  # the field is left: keys are commands again
    assert panels.value("chosen") == ["bicycle", "person"]


def test_arrows_move_through_the_list_and_say_where_they_are(panels: Panels) -> None:
    panels.open()
    field = panels.page.get_by_role("combobox", name="Search categories")
    panels.press("/", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp")
    active = field.get_attribute("aria-activedescendant")
    assert panels.page.locator(f"#{active}").inner_text().startswith("bus")
    panels.press("Enter")
    assert panels.value("chosen") == ["bus"]


def test_enter_on_an_empty_search_chooses_nothing(panels: Panels) -> None:
    panels.open()
    panels.press("/", "Enter")
    assert panels.value("chosen") == []


def test_escape_leaves_the_search_as_if_it_had_not_been(panels: Panels) -> None:
    panels.open()
    panels.press("/")
    panels.type("bus")
    panels.press("Escape")
    assert panels.page.locator(".categories-name").count() == len(STREET)
    assert panels.value("document.activeElement === document.body")


def test_a_click_chooses(panels: Panels) -> None:
    panels.open()
    panels.page.get_by_role("option", name="car, key 3").click()
    assert panels.value("chosen") == ["car"]


def test_counts_follow_the_image(panels: Panels) -> None:
    panels.open()
    first = panels.page.get_by_role("option").first
    expect(first).to_have_accessible_name("person, key 1, 1,204 objects on this image")
    panels.value("store.set({ counts: new Map([[10, 1]]) })")
    expect(first).to_have_accessible_name("person, key 1, 1 object on this image")


def test_who_manages_the_project_makes_a_category_by_its_name(panels: Panels) -> None:
    panels.answers[MAKE] = (201, {"id": 99, "name": "zebra crossing"})
    panels.open(permissions=MANAGER)
    panels.press("/")
    panels.type("zebra  crossing")
    panels.press("Enter")
    expect(panels.page.locator("[aria-selected=true] .categories-name")).to_have_text(
        "zebra crossing"
    )
    assert panels.bodies == [{"name": "zebra crossing"}]
    assert panels.value("chosen") == ["zebra crossing"]
    assert panels.value("store.state.project.categories.at(-1).id") == 99


def test_a_close_match_comes_before_a_new_one(panels: Panels) -> None:
    panels.open(permissions=MANAGER)
    panels.press("/")
    panels.type("b")
    names = panels.page.locator(".categories-name").all_inner_texts()
    assert names == ["bicycle", "bus", "Create “b”"]
    panels.type("us")
    assert panels.page.locator(".categories-name").all_inner_texts() == ["bus"]


def test_a_category_that_somebody_made_meanwhile_is_taken(panels: Panels) -> None:
    panels.answers[MAKE] = (409, {"code": "already_exists", "detail": "There is a “tram”."})
    everything = [*({"id": 10 + at, "name": name} for at, name in enumerate(STREET))]
    listed = {"items": [*everything, {"id": 50, "name": "tram"}]}
    panels.answers["GET /projects/7/categories"] = (200, listed)
    panels.open(permissions=MANAGER)
    panels.press("/")
    panels.type("tram")
    panels.press("Enter")
    expect(panels.page.locator("[aria-selected=true] .categories-name")).to_have_text("tram")
    assert panels.value("problems") == []


def test_a_refusal_is_said_and_the_name_is_still_there(panels: Panels) -> None:
    panels.answers[MAKE] = (403, {"code": "forbidden", "detail": "You are no longer an admin."})
    panels.open(permissions=MANAGER)
    panels.press("/")
    panels.type("tram")
    panels.press("Enter")
    panels.until("problems.length === 1")
    said = "The category “tram” was not made: You are no longer an admin."
    assert panels.value("problems") == [said]
    assert panels.page.get_by_role("combobox", name="Search categories").input_value() == "tram"
    assert panels.value("chosen") == []


@pytest.mark.parametrize("categories", [STREET, ()])
def test_others_are_told_who_can_make_one(panels: Panels, categories: tuple[str, ...]) -> None:
    panels.open(categories)
    panels.press("/")
    panels.type("tram")
    expect(panels.page.locator(".categories-note")).to_have_text(
        "No category matches “tram”. An admin of this project can add it."
    )
    panels.press("Enter")
    assert panels.value("chosen") == []
