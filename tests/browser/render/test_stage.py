"""What people see on the stage, pixel by pixel, in a real Chromium."""

import pytest
from playwright.sync_api import Page

from .conftest import QUARTERS, Open, Served

RED, GREEN, BLUE, GREY = *QUARTERS[0], *QUARTERS[1]
YELLOW, WHITE = [240, 228, 66], [255, 255, 255]
CLOSE = 6  # JPEG, and rounding of translucent colours


def colour(page: Page, x: float, y: float) -> list[int]:
    """At a point of the image."""
    point = "[(x - stage.camera.x) * stage.camera.scale, (y - stage.camera.y) * stage.camera.scale]"
    found: list[int] = page.evaluate(f"([x, y]) => stage.snapshot(...{point})", [x, y])
    return found[:3]


def is_close(found: list[int], wanted: list[int] | tuple[int, ...]) -> bool:
    return all(abs(a - b) <= CLOSE for a, b in zip(found, wanted, strict=True))


def over(above: list[int], below: tuple[int, int, int], opacity: float) -> list[int]:
    return [round(a * opacity + b * (1 - opacity)) for a, b in zip(above, below, strict=True)]


def zoom(page: Page, scale: float, x: float, y: float) -> None:
    """Image point (x, y) in the middle, with nothing left to draw."""
    page.evaluate(
        """async ([scale, x, y]) => {
          const { width, height } = stage.viewport;
          stage.setCamera({ scale, x: x - width / 2 / scale, y: y - height / 2 / scale });
          await stage.overlayReady();
        }""",
        [scale, x, y],
    )


@pytest.mark.parametrize("scale", [0.2, 0.63, 1, 8])
def test_masks_lie_over_the_photograph_at_any_scale(stage: Page, scale: float) -> None:
    look = {"opacity": 0.5, "mode": "fill", "colours": {"a": YELLOW, "b": WHITE}}
    boxes = {"a": [400, 300, 1000, 700], "b": [500, 400, 600, 500]}
    stage.evaluate("([boxes, look]) => show(boxes, look)", [boxes, look])

    zoom(stage, scale, 500, 450)

    assert is_close(colour(stage, 480, 450), over(YELLOW, RED, 0.5))
    assert is_close(colour(stage, 520, 450), over(WHITE, RED, 0.5)), "the smaller mask is on top"


def test_every_part_of_the_picture_is_in_its_place(stage: Page, served: Served) -> None:
    for (x, y), wanted in {
        (1100, 700): RED, (1300, 700): GREEN, (1100, 900): BLUE, (1300, 900): GREY,
    }.items():  # fmt: skip
        zoom(stage, 1, x, y)
        assert is_close(colour(stage, x, y), wanted)
    assert any(name.startswith("tile/0/") for name in served.asked)


@pytest.mark.parametrize("scale", [0.37, 0.71, 1.3, 5.7])
def test_tiles_meet_without_a_seam(stage: Page, scale: float) -> None:
    look = {"opacity": 0.5, "mode": "fill", "colours": {"a": YELLOW}}
    stage.evaluate("([boxes, look]) => show(boxes, look)", [{"a": [0, 0, 1200, 800]}, look])
    zoom(stage, scale, 512, 512)

    found = stage.evaluate("line(300, 300, 500)")

    wanted = over(YELLOW, RED, 0.5)
    assert all(is_close(pixel[:3], wanted) for pixel in found)


def test_a_change_of_looks_and_of_what_is_hidden_is_seen_at_once(stage: Page) -> None:
    boxes = {"whole": [300, 200, 900, 700], "part": [500, 400, 600, 500]}
    look = {"opacity": 1, "mode": "fill", "colours": {"whole": YELLOW, "part": WHITE}}
    stage.evaluate("([boxes, look]) => show(boxes, look)", [boxes, look])
    zoom(stage, 0.5, 550, 450)
    assert is_close(colour(stage, 550, 450), WHITE)
    assert stage.evaluate("stage.at(550.5, 450.5)") == ["part", "whole"]

    stage.evaluate("async () => { look({ hidden: ['part'] }); await stage.overlayReady(); }")
    assert is_close(colour(stage, 550, 450), YELLOW)
    assert stage.evaluate("stage.at(550.5, 450.5)") == ["whole"]

    stage.evaluate("async () => { look({ mode: 'outline' }); await stage.overlayReady(); }")
    assert is_close(colour(stage, 550, 450), RED)
    assert is_close(colour(stage, 302, 450), YELLOW)

    stage.evaluate("async () => { look({ hidden: [] }); await stage.overlayReady(); }")
    assert is_close(colour(stage, 502, 450), WHITE)
    assert is_close(colour(stage, 550, 450), RED)

    stage.evaluate("look({ masks: false })")
    assert is_close(colour(stage, 302, 450), RED)
    assert stage.evaluate("stage.at(550.5, 450.5)") == []


def test_a_mask_that_is_replaced_or_taken_away_leaves_no_trace(stage: Page) -> None:
    look = {"opacity": 1, "mode": "both", "colours": {"a": YELLOW, "b": WHITE}}
    boxes = {"a": [300, 200, 600, 700], "b": [100, 100, 150, 150]}
    stage.evaluate("([boxes, look]) => show(boxes, look)", [boxes, look])
    zoom(stage, 0.5, 550, 450)
    assert is_close(colour(stage, 310, 450), YELLOW)

    move = "async (boxes) => { show(boxes); await stage.overlayReady(); }"
    stage.evaluate(move, {"a": [700, 200, 900, 700]})

    assert is_close(colour(stage, 310, 450), RED)
    assert is_close(colour(stage, 125, 125), RED)
    assert is_close(colour(stage, 710, 450), YELLOW)


def test_brightness_changes_the_photograph_and_not_the_masks(stage: Page) -> None:
    look = {"opacity": 1, "mode": "fill", "colours": {"a": YELLOW}, "brightness": 0.5}
    boxes = {"a": [300, 200, 600, 700]}
    stage.evaluate("([boxes, look]) => show(boxes, look)", [boxes, look])
    zoom(stage, 0.5, 550, 450)

    assert is_close(colour(stage, 310, 450), YELLOW)
    assert is_close(colour(stage, 700, 450), [value // 2 for value in RED])


def test_a_highlighted_mask_is_outlined_whole_although_another_covers_it(stage: Page) -> None:
    look = {"opacity": 0.5, "mode": "both", "colours": {"a": YELLOW, "b": YELLOW}}
    boxes = {"a": [300, 300, 500, 500], "b": [480, 280, 620, 400]}
    stage.evaluate("([boxes, look]) => show(boxes, look)", [boxes, look])
    zoom(stage, 1, 450, 400)
    covered = colour(stage, 498, 350)

    stage.evaluate("stage.setHighlight({ hovered: null, selected: new Set(['a']) })")

    assert covered != WHITE
    assert colour(stage, 498, 350) == WHITE
    assert colour(stage, 470, 350) != WHITE, "it is an outline"


@pytest.mark.parametrize("scale", [0.3, 1, 12])
def test_what_is_painted_on_a_draft_is_seen(stage: Page, scale: float) -> None:
    unit = 2 * round(30 / scale)  # so that all is larger than outlines
    left, middle = 800 - 2 * unit, 400
    hole = [left + unit // 2, middle - unit, left + 3 * unit // 2, middle + unit]
    more = [800, middle - unit, 800 + unit, middle + unit]
    box = [left, middle - 2 * unit, 800, middle + 2 * unit]
    stage.evaluate("box => draft(box, [255, 255, 255])", box)
    zoom(stage, scale, 800, middle)
    assert is_close(colour(stage, left + unit, middle), over(WHITE, RED, 0.45))
    assert is_close(colour(stage, 800 + unit / 2, middle), RED)

    stage.evaluate("([hole, more]) => { brush(more, 1); brush(hole, 0); }", [hole, more])

    assert is_close(colour(stage, left + unit, middle), RED)
    assert is_close(colour(stage, 800 + unit / 2, middle), over(WHITE, RED, 0.45))
    assert is_close(colour(stage, 800 - 1 / scale, middle), over(WHITE, RED, 0.45)), "one shape"

    stage.evaluate("stage.setDraft(null)")
    assert is_close(colour(stage, 800 + unit / 2, middle), RED)


def test_painters_draw_in_css_pixels_on_a_fine_screen(open_stage: Open) -> None:
    page = open_stage(ratio=2)
    page.evaluate(
        """() => { window.takeAway = stage.addPainter((context) => {
          context.fillStyle = "white"; context.fillRect(100, 100, 10, 10); }); }"""
    )
    assert page.evaluate("document.querySelector('canvas').width") == 1600
    assert page.evaluate("stage.snapshot(109, 109)")[:3] == WHITE
    assert page.evaluate("stage.snapshot(111, 109)")[:3] != WHITE

    page.evaluate("takeAway()")
    assert page.evaluate("stage.snapshot(109, 109)")[:3] != WHITE


def test_a_window_that_changes_its_size_keeps_the_picture_fitted(stage: Page) -> None:
    stage.set_viewport_size({"width": 500, "height": 700})
    stage.evaluate("until(() => stage.viewport.width === 500)")
    around = stage.evaluate("stage.camera.scale * (2400 - 2 * stage.camera.x)")
    assert around == pytest.approx(500)
    assert is_close(colour(stage, 100, 100), RED)


def test_the_minimap_appears_when_the_picture_does_not_fit_and_moves_the_view(stage: Page) -> None:
    minimap = stage.locator(".minimap")
    assert minimap.is_hidden()
    zoom(stage, 2, 400, 300)
    minimap.wait_for(state="visible")

    minimap.click(position={"x": 120, "y": 80})

    middle = (
        "[400 / stage.camera.scale + stage.camera.x, 300 / stage.camera.scale + stage.camera.y]"
    )
    assert stage.evaluate(middle) == pytest.approx([1800, 1200], abs=16)
    stage.evaluate("stage.fit()")
    minimap.wait_for(state="hidden")


def test_a_picture_that_fails_is_named_and_tried_again(open_stage: Open, served: Served) -> None:
    served.refusals[:] = [503]
    page = open_stage()

    assert page.evaluate("troubles") == [
        "The picture could not be loaded: the server answered 503 Service Unavailable."
        " Trying again in 1 s."
    ]
    assert is_close(colour(page, 100, 100), RED)


def test_a_picture_that_is_not_there_is_not_asked_for_again(
    open_stage: Open, served: Served
) -> None:
    served.refusals[:] = [404]
    page = open_stage(wait=False)
    page.evaluate("until(() => troubles.length > 0)")

    assert page.evaluate("troubles") == [
        "The picture cannot be shown: the server answered 404 Not Found."
        " Reload the page, or skip this image."
    ]
    assert served.asked == ["rendition/1024"]


def test_the_next_picture_is_shown_without_anything_of_the_last(stage: Page) -> None:
    look = {"opacity": 1, "mode": "fill", "colours": {"a": YELLOW}}
    stage.evaluate("([b, look]) => show(b, look)", [{"a": [0, 0, 1000, 700]}, look])
    stage.evaluate("draft([100, 100, 200, 200], [255, 255, 255])")
    zoom(stage, 1, 600, 400)

    stage.evaluate("async () => { open_(); await stage.ready; await stage.overlayReady(); }")

    assert is_close(colour(stage, 150, 150), RED)
    assert stage.evaluate("stage.at(150, 150)") == []
