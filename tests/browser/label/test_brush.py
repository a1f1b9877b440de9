"""Brush and eraser: exactly the pixels under the stroke, saved as they are seen."""

import numpy as np

from browser.label.desk import Desk
from browser.label.shapes import capsule

SIZE = (300, 451)
RADIUS = 16
A, B = (100.3, 80.7), (180.6, 130.2)
C, D = (140.2, 60.4), (139.1, 160.9)


def test_the_brush_draws_what_lies_under_its_stroke(desk: Desk) -> None:
    desk.press("d")
    desk.drag(A, B)
    desk.press("Enter")
    desk.save()

    [kept] = desk.kept()
    assert np.array_equal(kept.drawing.mask.rle.decode(), capsule(SIZE, A, B, RADIUS))
    assert kept.drawing.prompts == []
    assert kept.drawing.model_version_id is None
    assert kept.drawing.predicted_iou is None
    assert desk.asked == []


def test_the_eraser_takes_away_and_alt_turns_both_round(desk: Desk) -> None:
    first, across = capsule(SIZE, A, B, RADIUS), capsule(SIZE, C, D, RADIUS)
    desk.press("d")
    desk.drag(A, B)
    desk.press("f")
    desk.drag(C, D)
    assert np.array_equal(desk.pixels(), first & ~across)

    with desk.holding("Alt"):
        desk.drag(C, D)
    assert np.array_equal(desk.pixels(), first | across)

    desk.press("d")
    with desk.holding("Alt"):
        desk.drag(C, D)
    assert np.array_equal(desk.pixels(), first & ~across)
    desk.drag(A, B)
    desk.drag(C, D, button="right")
    assert np.array_equal(desk.pixels(), first & ~across)


def test_a_click_is_a_dot_and_keys_change_its_size(desk: Desk) -> None:
    desk.press("d", "]")
    assert desk.see("state.radius") == 20
    desk.click(*A)
    assert np.array_equal(desk.pixels(), capsule(SIZE, A, A, 20))
    desk.press("[", "[")
    radius = desk.see("state.radius")
    assert radius < 16
    desk.click(*D)
    both = capsule(SIZE, A, A, 20) | capsule(SIZE, D, D, radius)
    assert np.array_equal(desk.pixels(), both)


def test_a_stroke_over_the_edge_stops_there_and_grows_its_window(desk: Desk) -> None:
    desk.press("d")
    start, end = (400.3, 20.4), (465.7, -8.2)
    desk.drag(start, end)
    assert np.array_equal(desk.pixels(), capsule(SIZE, start, end, RADIUS))
    far = (30.6, 280.3)
    desk.drag(start, far)
    expected = capsule(SIZE, start, end, RADIUS) | capsule(SIZE, start, far, RADIUS)
    assert np.array_equal(desk.pixels(), expected)


def test_a_mask_of_the_model_is_by_hand_once_it_is_painted_on(desk: Desk) -> None:
    desk.ask(225, 110)
    before = desk.pixels()
    desk.press("f")
    desk.drag(A, B)
    desk.press("Enter")
    desk.save()
    [kept] = desk.kept()
    assert np.array_equal(kept.drawing.mask.rle.decode(), before & ~capsule(SIZE, A, B, RADIUS))
    assert len(kept.drawing.prompts) == 1
    assert kept.drawing.predicted_iou is None, "the model said that of another mask"


def test_erasing_all_of_it_is_not_done(desk: Desk) -> None:
    desk.press("d")
    desk.click(*A)
    desk.press("f", "]")
    desk.click(*A)
    desk.page.locator(".toast").filter(has_text="Nothing would be left").wait_for()
    assert np.array_equal(desk.pixels(), capsule(SIZE, A, A, RADIUS))
