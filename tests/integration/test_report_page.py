"""The report in a real browser: masks are drawn, filtered, hidden, sorted and enlarged."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data

pytest.importorskip("playwright", reason="the Python package playwright is not installed")
from playwright.sync_api import Page, expect, sync_playwright

from maskloop.services.report import write_report
from maskloop.services.runtime import Runtime

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; apt-get install chromium")

DRAWN = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
DRAWN_PIXELS = f"canvas => ({DRAWN})(canvas).reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0)"


@pytest.fixture
def report(runtime: Runtime, bench: Any, tmp_path: Path) -> Path:
    """Two photographs: coffee.png, masks of IoU 0.90 and 0.96, and astronaut.png, one of 0.99."""
    project_id = bench.make_project()
    boxes = {"coffee.png": [(0.90, 50), (0.96, 100)], "astronaut.png": [(0.99, 80)]}
    images = {}
    for name in boxes:
        pixels = skimage.data.coffee() if name == "coffee.png" else skimage.data.astronaut()
        images[name] = (bench.add_image(project_id, bench.png(pixels), f"/photos/{name}"), pixels)
    job = bench.start_job(project_id)
    for name, (image, pixels) in images.items():
        masks = []
        for score, side in boxes[name]:
            mask = np.zeros(pixels.shape[:2], dtype=np.bool_)
            mask[100 : 100 + side, 200 : 200 + side] = True
            masks.append(bench.mask_of(mask, predicted_iou=score))
        job.done(image, masks)
    job.finish()
    return write_report(runtime, job.id, tmp_path / "report.html")


@pytest.fixture
def page(report: Path) -> Iterator[Page]:
    """The report, open; an error of its script or a request to anywhere fails the test."""
    faults: list[str] = []
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        opened = browser.new_page(viewport={"width": 1280, "height": 720})
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on(
            "request", lambda r: None if r.url[:5] in ("file:", "data:") else faults.append(r.url)
        )
        opened.goto(report.as_uri())
        opened.wait_for_function("document.querySelector('#shown').textContent === '3 masks'")
        yield opened
        browser.close()
    assert faults == []


def names(page: Page) -> list[str]:
    return page.locator(".card h3").all_text_contents()


def drawn(page: Page, card: int) -> int:
    """Pixels of the card's canvas that something is drawn on, once the next frame is painted."""
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    return int(page.locator(".card canvas").nth(card).evaluate(DRAWN_PIXELS))


def test_masks_are_drawn_and_can_be_hidden_by_key(page: Page) -> None:
    before = drawn(page, 0)
    page.keyboard.press("m")
    hidden = drawn(page, 0)
    page.keyboard.press("m")

    assert before > 1000
    assert hidden == 0
    assert drawn(page, 0) == before


def test_the_slider_keeps_masks_of_a_higher_predicted_iou(page: Page) -> None:
    before = drawn(page, 0)
    page.locator("#score").fill("0.95")

    assert drawn(page, 0) <= before
    assert page.locator("#shown").text_content() == "2 of 3 masks"
    assert page.locator(".card .masks").first.text_content() == "1 of 2 masks"


def test_images_are_sorted_by_number_of_masks_and_by_score(page: Page) -> None:
    page.locator("#sort").select_option("score")
    by_score = names(page)
    page.locator("#sort").select_option("masks")

    assert by_score == ["astronaut.png", "coffee.png"]
    assert names(page) == ["coffee.png", "astronaut.png"]


def test_an_image_is_enlarged_and_left_by_keyboard_alone(page: Page) -> None:
    first = page.locator("button.picture").first
    first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    title = page.locator("#large h3").text_content()
    page.keyboard.press("Escape")

    assert title == "astronaut.png"
    assert not page.locator("#large").is_visible()
    # A dialog tells of its end in a task of its own, and only then does the page move the focus.
    expect(page.get_by_role("button", name="Enlarge astronaut.png")).to_be_focused()
