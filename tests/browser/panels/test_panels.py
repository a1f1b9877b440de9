"""Dialogs, toasts and the look of the page; and that everybody can use them."""

from typing import Literal

import pytest
from playwright.sync_api import expect

from browser.accessibility import Axe
from browser.panels.panel_page import Panels

ASK = """(field) => {
  const input = document.createElement("input");
  Object.assign(input, { type: "text", ariaLabel: "Reason", autofocus: true });
  const check = () => !field || input.value !== "";
  window.answer = "open";
  ask({ title: "Skip this image?", content: field ? input : "Why?", actions: [
    { label: "Keep it", value: "keep", kind: "bare", keys: ["K"] },
    { label: "Skip", value: "skip", kind: "primary", keys: ["Enter"], check },
  ] }).then((answer) => (window.answer = answer));
}"""
LOOK = "store.state.look"


@pytest.mark.parametrize(("key", "answer"), [("Enter", "skip"), ("k", "keep"), ("Escape", None)])
def test_a_question_is_answered_by_one_key(panels: Panels, key: str, answer: str | None) -> None:
    panels.open()
    panels.page.evaluate(ASK, False)
    panels.press(key, "n")  # the next key is the page's again
    assert panels.value("answer") == answer
    assert panels.value("ran") == ["submit"]


def test_no_command_runs_below_a_question(panels: Panels) -> None:
    panels.open()
    panels.page.evaluate(ASK, False)
    panels.press("n", "1", "Shift+Tab", "Tab")
    assert panels.value("ran") == []
    assert panels.value("document.activeElement.closest('dialog') !== null")


def test_enter_in_a_field_answers_once_it_is_filled(panels: Panels) -> None:
    panels.open()
    panels.page.evaluate(ASK, True)
    panels.press("Enter")
    assert panels.value("answer") == "open"
    panels.type("k: too dark")
    panels.press("Enter")
    panels.until("answer === 'skip'")


def test_a_dialog_gives_the_focus_back(panels: Panels) -> None:
    panels.open()
    panels.page.get_by_role("checkbox", name="Masks").focus()
    panels.page.evaluate(ASK, False)
    panels.press("Escape")
    assert panels.value("document.activeElement.type") == "checkbox"


def test_a_toast_leaves_but_bad_news_stays_until_it_is_closed(panels: Panels) -> None:
    panels.page.clock.install()
    panels.open()
    panels.value("say('Saved.', { kind: 'good' }) && null")
    panels.value("say('The server cannot be reached.', { kind: 'bad' }) && null")
    toasts = panels.page.locator(".toast p")
    assert toasts.all_inner_texts() == ["Saved.", "The server cannot be reached."]
    panels.page.clock.run_for(60_000)
    assert toasts.all_inner_texts() == ["The server cannot be reached."]
    panels.page.get_by_role("button", name="Close: The server cannot be reached.").click()
    assert toasts.count() == 0


def test_a_toast_that_is_pointed_at_waits(panels: Panels) -> None:
    panels.page.clock.install()
    panels.open()
    panels.value("say('Rejected.') && null")
    panels.page.locator(".toast").hover()
    panels.page.clock.run_for(60_000)
    assert panels.page.locator(".toast").count() == 1
    panels.page.mouse.move(5, 5)
    panels.page.clock.run_for(60_000)
    assert panels.page.locator(".toast").count() == 0


def test_news_of_one_thing_replaces_older_news_of_it(panels: Panels) -> None:
    panels.open()
    panels.value("say('Offline.', { kind: 'bad', key: 'net' }) && null")
    panels.value("say('Saved.') && null")
    panels.value("say('Back again.', { kind: 'good', key: 'net' }) && null")
    assert panels.page.locator(".toast p").all_inner_texts() == ["Back again.", "Saved."]
    panels.value("say.dismiss('net')")
    assert panels.page.locator(".toast p").all_inner_texts() == ["Saved."]


def test_bad_news_is_never_pushed_out(panels: Panels) -> None:
    panels.open()
    panels.value("say('Lost.', { kind: 'bad' }) && null")
    panels.value("[1, 2, 3, 4, 5, 6].forEach((count) => say(`Saved ${count}.`))")
    texts = panels.page.locator(".toast p").all_inner_texts()
    assert texts == ["Lost.", "Saved 4.", "Saved 5.", "Saved 6."]


def test_the_action_of_a_toast_runs_and_takes_it_away(panels: Panels) -> None:
    panels.open()
    panels.value(
        "say('Rejected.', { action: { label: 'Undo', run: () => ran.push('undone') } }) && null"
    )
    panels.page.get_by_role("button", name="Undo").click()
    assert panels.value("ran") == ["undone"]
    assert panels.page.locator(".toast").count() == 0


def test_screen_readers_hear_bad_news_at_once_and_the_rest_in_turn(panels: Panels) -> None:
    panels.open()
    panels.value("say('Saved.') && null")
    expect(panels.page.locator(".unseen[role=status]").last).to_have_text("Saved.")
    panels.value("say('Lost.', { kind: 'bad' }) && null")
    expect(panels.page.locator(".unseen[role=alert]")).to_have_text("Lost.")


def test_the_look_is_changed_by_pointer_and_keys_and_kept(panels: Panels) -> None:
    panels.open()
    panels.page.get_by_label("Brightness").fill("1.5")
    panels.page.get_by_role("radio", name="Outline").check()
    panels.page.get_by_label("Colour by").select_option("score")
    panels.page.get_by_label("Only the object in hand").check()
    panels.press("t")
    expected = {
        "brightness": 1.5,
        "mode": "outline",
        "colour": "score",
        "others": False,
        "masks": False,
    }
    assert {**panels.value(LOOK), **expected} == panels.value(LOOK)
    assert panels.page.locator(".look-slider output").nth(1).inner_text() == "150 %"
    expect(panels.page.locator(".look-legend")).to_be_visible()
    kept = panels.value(LOOK)
    panels.open()
    assert panels.value(LOOK) == kept
    panels.page.get_by_role("button", name="Reset sliders").click()
    assert panels.value(LOOK) == {**kept, "brightness": 1}


def test_the_theme_is_the_systems_or_ones_own(panels: Panels) -> None:
    panels.theme("dark")
    panels.open()
    root = panels.page.locator(".maskloop")
    expect(root).to_have_attribute("data-theme", "dark")
    panels.page.get_by_role("radio", name="Light").check()
    expect(root).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_is_accessible(
    panels: Panels, axe: Axe, theme: Literal["light", "dark"]
) -> None:
    panels.theme(theme)
    panels.open(permissions=("project.manage",))
    panels.press("1", "3")
    for kind in ("info", "good", "warn", "bad"):
        panels.page.evaluate("(kind) => { say(`News: ${kind}.`, { kind }); }", kind)
    assert axe(panels.page) == []
    panels.press("/")
    panels.type("zebra")
    assert axe(panels.page) == []
    panels.press("Escape", "?")
    assert axe(panels.page) == []
    panels.page.locator(".keys-chord[data-command='tool.box']").click()
    panels.press("p")
    assert axe(panels.page) == []
    panels.press("Tab", "Enter", "Escape")
    panels.page.evaluate(ASK, True)
    assert axe(panels.page) == []
