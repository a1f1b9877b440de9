"""While the model is asked: what is said, what is asked again, and that no late answer wins."""

import re

import numpy as np

from browser.label.conftest import Sit
from browser.label.desk import Desk, holding_answers, is_click
from browser.page_site import PageSite
from maskloop.platform.errors import BadPromptError, ServingUnavailableError

HEAD = (225, 110)
FLANK = (300, 220)
CORNER = (20, 20)
ENCODING = "Encoding this picture"


def test_a_first_click_says_that_the_picture_is_encoded(site: PageSite, sit: Sit) -> None:
    site.predictor.kept = {}
    with site.predictor.one_at_a_time:  # the model is at something else
        desk = sit(warm=False)
        desk.click(*HEAD)
        waiting = desk.page.locator(".hand .waiting")
        waiting.wait_for()
        assert ENCODING in waiting.inner_text()
    desk.answered(1)
    waiting.wait_for(state="detached")

    with holding_answers(desk) as held:
        desk.click(*FLANK)
        waiting.wait_for()
        assert ENCODING not in waiting.inner_text(), "the picture has been encoded"
        held.let()
        desk.answered(2)
    waiting.wait_for(state="detached")


def test_a_late_answer_does_not_overwrite_a_newer_one(desk: Desk) -> None:
    with holding_answers(desk) as held:
        desk.click(*HEAD)
        desk.until(lambda: len(held.routes) == 1)
        desk.click(*FLANK)
        desk.until(lambda: len(held.routes) == 2)
        held.let(1)
        newest = desk.answered(1)
        held.let(0)
        desk.page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")

    assert [len(sent["points"]) for sent in newest["asked"]] == [2]
    after = desk.ask(*CORNER, button="right")
    assert [len(sent["points"]) for sent in after["asked"]] == [2, 3]
    assert desk.asked[-1]["previous"] == newest["candidates"][0]["reference"]


def test_an_answer_to_what_was_dropped_makes_no_object(desk: Desk) -> None:
    with holding_answers(desk) as held:
        desk.click(*HEAD)
        desk.until(lambda: len(held.routes) == 1)
        desk.press("Escape")
        assert desk.draft() == {}
        held.let()
    after = desk.ask(*FLANK)
    assert [len(sent["points"]) for sent in after["asked"]] == [1]
    assert np.allclose(after["asked"][0]["points"][0][:2], FLANK, atol=0.5)


def test_a_busy_model_is_asked_again(desk: Desk) -> None:
    desk.window.watch.expect("503 .*/masks")
    desk.site.predictor.raises = ServingUnavailableError("model", "it starts")
    desk.click(*HEAD)
    waiting = desk.page.locator(".hand .waiting")
    waiting.filter(has_text=re.compile("Asking again")).wait_for()
    assert desk.draft()["mask"] is None
    desk.site.predictor.raises = None

    draft = desk.answered(1)

    assert len(draft["candidates"]) == 3
    clicks = [asked for asked in desk.asked if is_click(asked)]
    assert len(clicks) >= 2
    assert all(sent == clicks[0] for sent in clicks)
    waiting.wait_for(state="detached")


def test_a_refused_prompt_says_why_and_keeps_its_points(desk: Desk) -> None:
    desk.window.watch.expect("422 .*/masks")
    desk.site.predictor.raises = BadPromptError("the point lies on a seam")
    desk.click(*HEAD)
    toast = desk.page.locator(".toast").filter(has_text="the point lies on a seam")
    toast.wait_for()
    assert [label for _, _, label in desk.draft()["prompt"]["points"]] == [1]
    assert desk.draft()["mask"] is None
    desk.press("Enter")
    desk.page.locator(".toast").filter(has_text="There is no mask yet").wait_for()
    assert desk.draft() != {}

    desk.site.predictor.raises = None
    toast.get_by_role("button", name="Ask again").click()

    assert len(desk.answered(1)["candidates"]) == 3
    clicks = [asked for asked in desk.asked if is_click(asked)]
    first, *_, last = clicks
    assert last == first
