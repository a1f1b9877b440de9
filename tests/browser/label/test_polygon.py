"""Polygons to add and to subtract, holes and islands."""

import numpy as np

from browser.label.desk import Desk
from browser.label.shapes import Point, capsule, polygon, rectangle

SIZE = (300, 451)
CORNERS: list[Point] = [(100.3, 60.2), (260.7, 80.9), (230.4, 210.6), (140.8, 190.1)]
HOLE = rectangle(160.3, 100.4, 40, 50)


def draw(desk: Desk, corners: list[Point]) -> None:
    for corner in corners:
        desk.click(*corner)


def test_corners_and_enter_make_a_polygon(desk: Desk) -> None:
    desk.press("g")
    draw(desk, CORNERS)
    assert desk.draft() == {}
    desk.press("Enter")
    assert np.array_equal(desk.pixels(), polygon(SIZE, CORNERS))
    desk.press("Enter")
    desk.save()
    [kept] = desk.kept()
    assert np.array_equal(kept.drawing.mask.rle.decode(), polygon(SIZE, CORNERS))
    assert kept.drawing.model_version_id is None


def test_the_first_corner_and_a_double_click_close_it(desk: Desk) -> None:
    desk.press("g")
    draw(desk, [*CORNERS, CORNERS[0]])
    assert np.array_equal(desk.pixels(), polygon(SIZE, CORNERS))
    desk.press("Escape")
    draw(desk, CORNERS[:3])
    desk.page.mouse.dblclick(*desk.at(*CORNERS[3]))
    assert np.array_equal(desk.pixels(), polygon(SIZE, CORNERS))


def test_backspace_takes_back_a_corner_and_escape_all(desk: Desk) -> None:
    desk.press("g")
    draw(desk, [*CORNERS, (20, 20)])
    desk.press("Backspace", "Enter")
    assert np.array_equal(desk.pixels(), polygon(SIZE, CORNERS))
    draw(desk, HOLE)
    desk.press("Escape")
    assert np.array_equal(desk.pixels(), polygon(SIZE, CORNERS)), "the object stays in hand"


def test_a_second_polygon_adds_or_subtracts(desk: Desk) -> None:
    desk.press("g")
    draw(desk, CORNERS)
    desk.press("Enter", "Shift+G")
    draw(desk, HOLE)
    desk.press("Enter")
    ring = polygon(SIZE, CORNERS) & ~polygon(SIZE, HOLE)
    assert np.array_equal(desk.pixels(), ring)
    desk.press("g")
    beside = rectangle(240.4, 60.3, 100, 30)
    draw(desk, beside)
    desk.press("Enter")
    assert np.array_equal(desk.pixels(), ring | polygon(SIZE, beside))


def test_holes_are_filled_and_islands_removed(desk: Desk) -> None:
    desk.press("g")
    draw(desk, CORNERS)
    desk.press("Enter", "Shift+G")
    draw(desk, HOLE)
    desk.press("Enter", "d")
    desk.click(400.3, 250.6)
    ring = polygon(SIZE, CORNERS) & ~polygon(SIZE, HOLE)
    dot = capsule(SIZE, (400.3, 250.6), (400.3, 250.6), 16)
    assert np.array_equal(desk.pixels(), ring | dot)

    desk.press("o")
    assert np.array_equal(desk.pixels(), polygon(SIZE, CORNERS) | dot)
    desk.press("i")
    assert np.array_equal(desk.pixels(), polygon(SIZE, CORNERS))
    desk.press("Control+z", "Control+z")
    assert np.array_equal(desk.pixels(), ring | dot)
    desk.press("Control+Shift+z", "Control+y", "Enter")
    desk.save()
    [kept] = desk.kept()
    assert np.array_equal(kept.drawing.mask.rle.decode(), polygon(SIZE, CORNERS))
