"""Looking keys up and changing them."""

from playwright.sync_api import Locator, expect

from browser.panels.panel_page import Panels

KEPT = "JSON.parse(localStorage.getItem('maskloop.keys') ?? '{}')"


def key_of(panels: Panels, command: str) -> Locator:
    return panels.page.locator(f".keys-chord[data-command='{command}']")


def dialogs(panels: Panels) -> int:
    return panels.page.locator("dialog[open]").count()


def test_a_key_is_changed_by_keys_alone_and_stays_changed(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    panels.type("box")
    panels.press("Tab", "Enter", "r")
    assert key_of(panels, "tool.box").inner_text() == "R"
    assert panels.value("document.activeElement.dataset.command") == "tool.box"
    panels.press("Escape", "r", "b")
    assert panels.value("ran") == ["help", "tool.box"]
    panels.open()
    panels.press("r")
    assert panels.value("ran") == ["tool.box"]


def test_a_key_that_is_taken_is_swapped_only_when_asked(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    key_of(panels, "tool.box").click()
    panels.press("p")
    expect(panels.page.get_by_role("alert").filter(has_text="runs")).to_have_text("P runs “Point”.")
    assert panels.value(KEPT) == {}
    panels.press("Enter")
    assert panels.value(KEPT) == {"tool.box": ["P"], "tool.point": ["B"]}
    assert key_of(panels, "tool.point").inner_text() == "B"


def test_a_key_that_is_taken_can_be_left_alone(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    key_of(panels, "tool.box").click()
    panels.press("p")
    panels.page.get_by_role("button", name="Cancel", exact=True).click()
    assert panels.value(KEPT) == {}
    assert key_of(panels, "tool.box").inner_text() == "B"


def test_escape_ends_the_recording_and_then_the_sheet(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    key_of(panels, "tool.box").click()
    panels.press("Escape")
    assert dialogs(panels) == 1
    assert panels.value(KEPT) == {}
    panels.press("Escape")
    assert dialogs(panels) == 0


def test_tab_and_enter_can_be_recorded(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    key_of(panels, "candidate.cycle").click()
    panels.press("Control+Enter")
    assert panels.value(KEPT) == {"candidate.cycle": ["Mod+Enter"]}
    key_of(panels, "candidate.cycle").click()
    panels.press("Tab")
    assert "Next answer" in panels.page.locator(".keys-panel").inner_text()


def test_keys_of_the_browser_are_refused(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    key_of(panels, "tool.box").click()
    panels.press("Space")
    expect(panels.page.locator(".keys-panel p")).to_contain_text("moves the view")
    panels.press("r")
    assert panels.value(KEPT) == {"tool.box": ["R"]}


def test_a_command_gets_another_key_loses_one_and_is_reset(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    panels.page.get_by_role("button", name="Another key for Box").click()
    panels.press("r")
    assert panels.value(KEPT) == {"tool.box": ["B", "R"]}
    key_of(panels, "tool.box").first.click()
    panels.page.get_by_role("button", name="Remove", exact=True).click()
    assert panels.value(KEPT) == {"tool.box": ["R"]}
    panels.page.get_by_role("button", name="Reset Box").click()
    assert panels.value(KEPT) == {}


def test_everything_is_reset_at_once(panels: Panels) -> None:
    panels.open()
    panels.value("keymap.rebindAll({ 'tool.box': ['R'], submit: ['J'] })")
    panels.press("?")
    panels.page.get_by_role("button", name="Reset all keys").click()
    assert panels.value(KEPT) == {}
    assert key_of(panels, "tool.box").inner_text() == "B"


def test_another_key_may_be_clicked_while_one_is_being_recorded(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    key_of(panels, "tool.box").click()
    key_of(panels, "tool.point").click()
    panels.press("r")
    assert panels.value(KEPT) == {"tool.point": ["R"]}


def test_the_search_finds_commands_keys_and_gestures(panels: Panels) -> None:
    panels.open()
    panels.press("?")
    titles = panels.page.locator(".keys-title")
    panels.type("pgdn")
    assert titles.all_inner_texts() == ["Next image"]
    field = panels.page.get_by_role("searchbox", name="Search commands and keys")
    field.fill("wheel")
    gestures = panels.page.locator(".keys-row")
    assert gestures.all_inner_texts() == ["Wheel\nZoom at the pointer"]
    field.fill("nothing like it")
    expect(panels.page.get_by_text("No command or key matches “nothing like it”.")).to_be_visible()


def test_panels_show_the_keys_that_were_chosen(panels: Panels) -> None:
    panels.open()
    panels.value("keymap.rebindAll({ 'category.1': ['J'], 'look.masks': ['U'] })")
    person = panels.page.get_by_role("option").first
    expect(person).to_have_accessible_name("person, key J, 1,204 objects on this image")
    assert panels.page.locator("kbd[data-command='look.masks']").inner_text() == "U"
