"""Clicks, boxes and strokes in the browser, the model's answers, and what is saved of them."""

import numpy as np
import pytest

from browser.label.desk import Desk, holding_answers
from sites.site import VERSION

HEAD = (225, 110)
FLANK = (300, 220)


def test_a_click_gives_three_masks_and_the_chosen_one_is_saved(desk: Desk) -> None:
    draft = desk.ask(*HEAD)
    assert len(draft["candidates"]) == 3
    assert draft["chosen"] == 0
    scores = [candidate["predicted_iou"] for candidate in draft["candidates"]]
    assert scores == sorted(scores, reverse=True)

    chosen = [desk.press(key) or desk.draft()["chosen"] for key in ("Tab", "Tab", "c", "Shift+Tab")]
    assert chosen == [1, 2, 0, 2]
    radios = desk.page.locator(".candidate").all()
    checked = [radio.get_attribute("aria-checked") for radio in radios]
    assert checked == ["false", "false", "true"]
    pixels = desk.pixels()
    desk.press("Enter")
    desk.save()

    [kept] = desk.kept()
    drawing = kept.drawing
    assert np.array_equal(drawing.mask.rle.decode(), pixels)
    assert (kept.category, kept.author, kept.revision) == ("cat", "ann", 1)
    x, y = HEAD
    [prompt] = drawing.prompts
    assert prompt["chosen"] == 2
    assert prompt["multimask"] is True
    assert np.allclose(prompt["points"], [[x, y, 1]], atol=0.5)
    assert drawing.predicted_iou == pytest.approx(scores[2], rel=1e-6)
    assert drawing.model_version_id == VERSION.number
    assert drawing.seconds is not None
    assert 0 <= drawing.seconds < 60


@pytest.mark.parametrize("way", ["right button", "Alt"])
def test_a_right_click_and_alt_click_take_away(desk: Desk, way: str) -> None:
    first = desk.ask(*FLANK)
    with desk.holding("Alt" if way == "Alt" else "Shift"):
        second = desk.ask(*HEAD, button="right" if way == "right button" else "left")

    asked = desk.asked[-1]
    assert [label for _, _, label in asked["points"]] == [1, 0]
    assert np.allclose(asked["points"][1][:2], HEAD, atol=0.5)
    assert asked["previous"] == first["candidates"][0]["reference"]
    assert asked["multimask"] is False
    assert len(second["candidates"]) == 1
    x, y = HEAD
    assert not desk.pixels()[y, x]


def test_a_drag_is_a_box_and_points_keep_it(desk: Desk) -> None:
    desk.drag((120, 30), (200, 150), (330, 280))
    first = desk.answered(1)
    assert np.allclose(desk.asked[-1]["box"], [120, 30, 330, 280], atol=0.6)
    assert desk.asked[-1]["points"] == []
    assert desk.asked[-1]["previous"] is None

    desk.ask(*HEAD)

    assert desk.asked[-1]["box"] == desk.asked[-2]["box"]
    assert [label for _, _, label in desk.asked[-1]["points"]] == [1]
    assert desk.asked[-1]["previous"] == first["candidates"][0]["reference"]
    desk.press("Enter")
    desk.save()
    [kept] = desk.kept()
    assert [prompt["box"] for prompt in kept.drawing.prompts] == [desk.asked[-1]["box"]] * 2


def test_the_box_tool_draws_one_from_corner_to_corner_by_two_clicks(desk: Desk) -> None:
    desk.press("b")
    desk.click(120, 30)
    desk.point(200, 200)
    desk.click(330, 280)
    desk.answered(1)
    assert np.allclose(desk.asked[-1]["box"], [120, 30, 330, 280], atol=0.6)


def test_a_stroke_sends_points_along_itself(desk: Desk) -> None:
    desk.press("s")
    desk.drag((180, 120), (225, 120), (270, 120))
    desk.answered(1)
    points = np.array(desk.asked[-1]["points"])
    assert 3 <= len(points) <= 8
    assert points[:, 2].tolist() == [1] * len(points)
    assert np.allclose(points[:, 1], 120, atol=0.6)
    assert (np.diff(points[:, 0]) > 4).all()
    assert points[0, 0] > 180
    assert points[-1, 0] < 270

    with desk.holding("Alt"):
        desk.drag((20, 20), (60, 20))
    desk.answered(2)
    labels = [label for _, _, label in desk.asked[-1]["points"]]
    assert labels[: len(points)] == [1] * len(points)
    assert set(labels[len(points) :]) == {0}


def test_the_mask_that_was_chosen_is_what_the_next_click_refines(desk: Desk) -> None:
    first = desk.ask(*HEAD)
    desk.press("Tab")
    desk.ask(*FLANK)
    assert desk.asked[-1]["previous"] == first["candidates"][1]["reference"]
    desk.press("Enter")
    desk.save()
    [kept] = desk.kept()
    assert [prompt["chosen"] for prompt in kept.drawing.prompts] == [1, 0]
    assert [len(prompt["points"]) for prompt in kept.drawing.prompts] == [1, 2]


def test_a_candidate_is_chosen_by_a_click_on_its_score(desk: Desk) -> None:
    desk.ask(*HEAD)
    desk.page.locator(".candidate").nth(2).click()
    assert desk.draft()["chosen"] == 2
    desk.press("Tab")
    assert desk.draft()["chosen"] == 0, "the keys go to the picture again"


def test_tool_and_category_stay_from_object_to_object(desk: Desk) -> None:
    desk.press("2", "b")
    for box in ([(120, 30), (330, 280)], [(10, 10), (60, 60)]):
        desk.drag(*box)
        desk.answered(1)
        desk.press("Enter")
        desk.wait("state.draft === null")
    assert desk.see("state.tool") == "box"
    desk.save()
    assert [kept.category for kept in desk.kept()] == ["cup", "cup"]


def test_tab_stays_on_the_picture_while_there_is_nothing_to_choose(desk: Desk) -> None:
    with holding_answers(desk) as held:
        desk.click(*HEAD)
        desk.until(lambda: len(held.routes) == 1)
        desk.press("Tab")
        held.let()
        desk.answered(1)
    desk.ask(*FLANK)
    desk.press("Tab")
    desk.keep()
    assert len(desk.kept()) == 1
    desk.press("Tab")
    assert desk.page.evaluate("() => document.activeElement.dataset.stage") is None
