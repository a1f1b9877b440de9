"""Zoom, pan and the minimap: by wheel, keys, drags, two fingers and a pen."""

from typing import Any

import numpy as np
import pytest

from browser.label.desk import Desk, sit_down
from browser.label.shapes import capsule
from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Windows

EYE = (190.5, 120.5)
SIZE = (300, 451)


def camera(desk: Desk) -> dict[str, float]:
    found: dict[str, float] = desk.see("stage.camera")
    return found


def under(desk: Desk, at: tuple[float, float]) -> list[float]:
    """The image point at a place of the screen."""
    found: list[float] = desk.see(f"stage.toImage({at[0]}, {at[1]})")
    return found


def seen_share(desk: Desk) -> float:
    return float(desk.see("stage.viewport.width / stage.camera.scale / state.image.width"))


def test_the_wheel_zooms_to_the_point_under_the_cursor(desk: Desk) -> None:
    fitted = camera(desk)["scale"]
    x, y = desk.at(*EYE)
    at = (round(x), round(y))  # a wheel knows whole pixels only
    desk.page.mouse.move(*at)
    eye = under(desk, at)
    for delta, more in ((-300, 1), (-300, 1), (-300, 1), (200, -1)):
        before = camera(desk)["scale"]
        desk.page.mouse.wheel(0, delta)
        desk.wait(f"Math.abs(stage.camera.scale - {before}) > 1e-6")
        assert np.sign(camera(desk)["scale"] - before) == more
        assert np.allclose(under(desk, at), eye)
    assert camera(desk)["scale"] > 2 * fitted


@pytest.mark.parametrize("way", ["Space", "middle", "hand"])
def test_a_drag_moves_the_picture_and_asks_nothing(desk: Desk, way: str) -> None:
    desk.press("z", "+", "+", "+", "+", "+", "+", "+", "+")
    before = camera(desk)
    start = desk.at(*EYE)
    if way == "hand":
        desk.press("h")
    if way == "Space":
        desk.page.keyboard.down("Space")
    desk.page.mouse.move(*start)
    desk.page.mouse.down(button="middle" if way == "middle" else "left")
    desk.page.mouse.move(start[0] + 70, start[1] - 40, steps=5)
    desk.page.mouse.up(button="middle" if way == "middle" else "left")
    if way == "Space":
        desk.page.keyboard.up("Space")

    after = camera(desk)
    assert after["scale"] == before["scale"]
    assert np.allclose(
        [after["x"], after["y"]],
        [before["x"] - 70 / before["scale"], before["y"] + 40 / before["scale"]],
    )
    assert desk.draft() == {}
    if way == "Space":
        desk.drag((210, 120), (240, 160))
        desk.answered(1)


def test_keys_fit_it_show_it_one_to_one_and_zoom(desk: Desk) -> None:
    fitted = camera(desk)
    desk.press("z")
    assert camera(desk)["scale"] == pytest.approx(1 / desk.see("devicePixelRatio"))
    desk.point(*EYE)
    at = desk.at(*EYE)
    desk.press("+", "+")
    assert camera(desk)["scale"] == pytest.approx(1.25**2)
    assert np.allclose(under(desk, at), EYE, atol=0.01), "at the pointer"
    desk.press("-")
    assert camera(desk)["scale"] == pytest.approx(1.25)
    desk.press("0")
    assert camera(desk) == fitted


def test_a_minimap_shows_where_one_is_and_goes_elsewhere(desk: Desk) -> None:
    minimap = desk.page.locator(".minimap")
    minimap.wait_for(state="hidden")
    desk.point(*EYE)
    for _ in range(4):
        desk.page.mouse.wheel(0, -300)
    minimap.wait_for(state="visible")
    box = minimap.bounding_box()
    assert box is not None
    desk.page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"])
    middle = desk.see(
        "[stage.camera.x + stage.viewport.width / 2 / stage.camera.scale, "
        "stage.camera.y + stage.viewport.height / 2 / stage.camera.scale]"
    )
    assert np.allclose(middle, [0.7 * 451, 0.6 * 300], atol=2)
    assert desk.draft() == {}, "a click on the minimap is none on the picture"
    desk.press("0")
    minimap.wait_for(state="hidden")


@pytest.fixture
def tablet(windows: Windows, site: PageSite, bare: PhotoProject) -> Desk:
    window = windows.of("ann", project_id=bare.id, has_touch=True)
    return sit_down(window, site, bare)


def fingers(desk: Desk, *frames: list[tuple[float, float]]) -> None:
    """Each frame: where the fingers are on the picture; they come with the first, then leave."""
    session = desk.page.context.new_cdp_session(desk.page)
    kinds = ["touchStart", *["touchMove"] * (len(frames) - 1)]
    for kind, points in zip(kinds, frames, strict=True):
        touches = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def test_two_fingers_zoom_and_move_and_draw_nothing(tablet: Desk) -> None:
    before = camera(tablet)["scale"]
    x, y = tablet.at(*EYE)
    spread = [[(x - d, y), (x + d, y)] for d in range(40, 121, 10)]
    moved = [[(x - 120 + d, y + d), (x + 120 + d, y + d)] for d in range(0, 31, 10)]
    fingers(tablet, *spread, *moved)
    tablet.wait(f"stage.camera.scale > {2.9 * before}")
    assert camera(tablet)["scale"] == pytest.approx(3 * before, rel=0.01)
    assert np.allclose(under(tablet, (x + 30, y + 30)), EYE, atol=1)
    assert tablet.draft() == {}
    assert tablet.asked == []


def test_a_tap_is_a_click(tablet: Desk) -> None:
    fingers(tablet, [tablet.at(*EYE)])
    draft = tablet.answered(1)
    assert len(draft["candidates"]) == 3


def test_a_pen_paints(desk: Desk) -> None:
    desk.press("d")
    a, b = (100.3, 80.7), (180.6, 130.2)
    session = desk.page.context.new_cdp_session(desk.page)

    def pen(kind: str, at: tuple[float, float], **more: Any) -> None:
        x, y = desk.at(*at)
        event = {"type": kind, "x": x, "y": y, "pointerType": "pen", "force": 0.5, **more}
        session.send("Input.dispatchMouseEvent", event)

    pen("mouseMoved", a)
    pen("mousePressed", a, button="left", buttons=1, clickCount=1)
    for share in (0.25, 0.5, 0.75, 1.0):
        at = (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
        pen("mouseMoved", at, button="left", buttons=1)
    pen("mouseReleased", b, button="left", clickCount=1)
    desk.wait("state.draft?.mask")
    assert np.array_equal(desk.pixels(), capsule(SIZE, a, b, 16))
