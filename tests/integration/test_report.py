"""A job's report: one page that holds what the ledger and the result files say."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from skimage import data as photographs

from maskloop.platform.db import jobs
from maskloop.platform.db.images import Image
from maskloop.platform.errors import BadLocationError, NotFoundError
from maskloop.platform.forecast import Measured, forecast
from maskloop.platform.states import ItemState, JobState
from maskloop.services.report import default_path, write_report
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench, StartedJob


@dataclass
class Page(HTMLParser):
    """`text` is what a reader sees; `links` every address the page would ask for."""

    source: str
    text: str = ""
    cards: list[dict[str, str | None]] = field(default_factory=list)
    drawings: list[dict[str, Any]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._inside = ""
        self.feed(self.source)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = dict(attrs).get("type") or tag
        self.links += [value for name, value in attrs if name in ("src", "href") and value]
        if tag == "article":
            self.cards.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""
        self.text += " "

    def handle_data(self, data: str) -> None:
        if self._inside == "application/json":
            self.drawings.append(json.loads(data))
        elif self._inside not in ("style", "script"):
            self.text += data


@pytest.fixture
def images(bench: "Bench") -> list[Image]:
    project = bench.make_project()
    named = {
        "/a/astronaut.png": photographs.astronaut(),
        "s3://bucket/<b>Gerät & co.png": photographs.coffee(),
        "/a/chelsea.png": photographs.chelsea(),
    }
    return [bench.add_image(project, bench.png(pixels), uri) for uri, pixels in named.items()]


@pytest.fixture
def job(bench: "Bench", images: list[Image]) -> "StartedJob":
    return bench.start_job(1)


def squares(bench: "Bench", image: Image, *sides: int) -> list[Any]:
    """Nested squares from the corner, each with a predicted IoU one hundredth below the last."""
    masks = []
    for number, side in enumerate(sides):
        pixels = np.zeros((image.height, image.width), dtype=bool)
        pixels[:side, :side] = True
        masks.append(bench.mask_of(pixels, predicted_iou=0.98 - number / 100))
    return masks


def read(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_a_finished_job_shows_its_figures_cards_and_what_went_wrong(
    runtime: Runtime, bench: "Bench", images: list[Image], job: "StartedJob", tmp_path: Path
) -> None:
    job.done(images[0], squares(bench, images[0], 40, 80, 20), {"encode": 1.0, "decode": 9.0})
    job.done(images[1], squares(bench, images[1], 50, 60), {"encode": 2.0, "decode": 0.5})
    job.bad(images[2], ItemState.QUARANTINED, "/a/chelsea.png ends before its picture does.")
    job.finish()
    page = read(write_report(runtime, job.id, tmp_path / "new" / "report.html"))
    for words in (
        "Autolabel job 1 model minisam, version 1 16×16 points",
        "Succeeded",
        "2 of 3 images done",
        "5 masks",
        "2.5 masks an image, median",
        "1 quarantined",
        "decode 9.5 s encode 3.0 s",
        "astronaut.png 3 masks 512×512 · IoU 0.97, best 0.98",
        "<b>Gerät & co.png 2 masks 600×400 · IoU 0.97, best 0.98",
        "/a/chelsea.png quarantined 1 /a/chelsea.png ends before its picture does.",
    ):
        assert words in page.text
    assert "failed" not in page.text
    assert [card["data-masks"] for card in page.cards] == ["3", "2"]


def test_a_forecast_stands_beside_what_it_was_in_the_end(
    runtime: Runtime, bench: "Bench", images: list[Image], job: "StartedJob", tmp_path: Path
) -> None:
    made = forecast(
        [Measured(10, 3, 0), Measured(12, 1, 0)], images=3, workers=2, start_seconds=5, stretch=1
    )
    with runtime.engine.begin() as connection:
        assert jobs.set_forecast(connection, job.id, job.held, made)
    job.done(images[0], squares(bench, images[0], 40, 80, 20), {"decode": 10.0})
    page = read(write_report(runtime, job.id, tmp_path / "before.html"))
    assert "Forecast from 2 of 3 images, 95 % interval" in page.text
    assert "as forecast" not in page.text
    job.done(images[1], squares(bench, images[1], 50), {"decode": 12.0})
    job.done(images[2], squares(bench, images[2], *range(10, 70)), {"decode": 11.0})
    job.finish()
    page = read(write_report(runtime, job.id, tmp_path / "after.html"))
    assert "time of all workers 22 s – 55 s 33 s as forecast" in page.text
    assert "masks 4 – 28 64 not as forecast" in page.text


def test_masks_are_drawn_the_largest_first_with_score_and_colour(
    runtime: Runtime, bench: "Bench", images: list[Image], job: "StartedJob", tmp_path: Path
) -> None:
    job.done(images[0], squares(bench, images[0], 40, 80, 20))
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    (drawing,) = page.drawings
    assert drawing["view"] == [2048, 2048]
    assert [score for _, _, score, _ in drawing["masks"]] == [0.97, 0.98, 0.96]
    assert [share for _, _, _, share in drawing["masks"]] == [0.0244, 0.0061, 0.0015]
    assert all(re.fullmatch(r"(M\d+ \d+l[-\d ]+z)+", path) for path, _, _, _ in drawing["masks"])
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for _, colour, _, _ in drawing["masks"])
    assert page.cards[0]["data-scores"] == "[0.98, 0.97, 0.96]"


def test_the_page_asks_the_network_for_nothing(
    runtime: Runtime, bench: "Bench", images: list[Image], job: "StartedJob", tmp_path: Path
) -> None:
    job.done(images[0], squares(bench, images[0], 40))
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    assert [link[:11] for link in page.links] == ["data:,", "data:image/"]
    assert not re.search(r"https?://|@import|url\(|import\(|fetch\(", page.source)


def test_a_job_at_work_says_so_and_as_of_when(
    runtime: Runtime, bench: "Bench", images: list[Image], job: "StartedJob", tmp_path: Path
) -> None:
    job.done(images[0], squares(bench, images[0], 40))
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    assert re.search(r"In progress, as of \d+ \w+ \d{4}, \d\d:\d\d UTC", page.text)
    assert "1 of 3 images done" in page.text
    assert "2 waiting" in page.text


def test_a_job_at_work_without_results_says_that_nothing_is_done_yet(
    runtime: Runtime, job: "StartedJob", tmp_path: Path
) -> None:
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    assert "Nothing is done yet 3 images in the job." in page.text
    assert page.cards == []


def test_a_job_whose_images_are_all_quarantined_lists_the_reasons(
    runtime: Runtime, images: list[Image], job: "StartedJob", tmp_path: Path
) -> None:
    for image in images:
        job.bad(image, ItemState.QUARANTINED, f"no picture in {image.id}")
    job.finish()
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    assert "No image was done What went wrong with each is listed below." in page.text
    assert [f"no picture in {number}" in page.text for number in (1, 2, 3)] == [True] * 3


def test_a_job_of_an_empty_project_says_that_there_were_no_images(
    runtime: Runtime, bench: "Bench", tmp_path: Path
) -> None:
    job = bench.start_job(bench.make_project())
    job.finish(JobState.CANCELLED)
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    assert "No images The project held none" in page.text
    assert "Cancelled" in page.text


def test_an_image_without_masks_has_a_card_that_says_why(
    runtime: Runtime, images: list[Image], job: "StartedJob", tmp_path: Path
) -> None:
    job.done(images[0], [])
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    assert "astronaut.png 0 masks 512×512 · nothing passed the thresholds" in page.text
    assert page.drawings == [{"view": [2048, 2048], "masks": []}]


@pytest.mark.parametrize("gone", ["photograph", "result"])
def test_an_object_that_is_gone_costs_its_card_the_picture_and_no_more(
    runtime: Runtime,
    bench: "Bench",
    images: list[Image],
    job: "StartedJob",
    tmp_path: Path,
    gone: str,
) -> None:
    result = job.done(images[0], squares(bench, images[0], 40))
    job.done(images[1], squares(bench, images[1], 40))
    key = images[0].key if gone == "photograph" else result
    runtime.objects.delete(key)
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    assert f"There is no object {key}" in page.text
    assert len(page.cards) == 2
    assert len(page.drawings) == 1


def test_a_page_of_many_images_is_cut_off_and_says_so(
    runtime: Runtime, bench: "Bench", images: list[Image], job: "StartedJob", tmp_path: Path
) -> None:
    for image in images:
        job.done(image, squares(bench, image, 40, 50))
    page = read(write_report(runtime, job.id, tmp_path / "report.html", max_images=2))
    assert "Showing the first 2 of 3 images; the figures above are of all." in page.text
    assert len(page.cards) == 2
    assert "6 masks" in page.text


def test_a_name_cannot_break_out_of_the_page(
    runtime: Runtime, bench: "Bench", tmp_path: Path
) -> None:
    project = bench.make_project()
    name = "</script><script>alert(1)</script>\"'.png"
    image = bench.add_image(project, bench.png(photographs.chelsea()), f"s3://bucket/{name}")
    job = bench.start_job(project)
    job.done(image, squares(bench, image, 40))
    page = read(write_report(runtime, job.id, tmp_path / "report.html"))
    assert "<script>alert" not in page.source
    assert page.cards[0]["data-name"] == "script>\"'.png"


def test_an_older_page_is_replaced_whole_and_nothing_else_is_left(
    runtime: Runtime, job: "StartedJob", tmp_path: Path
) -> None:
    out = tmp_path / "pages" / "report.html"
    out.parent.mkdir()
    out.write_text("old")
    assert write_report(runtime, job.id, out) == out
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in out.parent.iterdir()] == ["report.html"]


def test_a_page_that_cannot_be_written_names_the_place(
    runtime: Runtime, job: "StartedJob", tmp_path: Path
) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(BadLocationError, match=r"report\.html cannot be used"):
        write_report(runtime, job.id, tmp_path / "report.html")


def test_a_job_that_is_not_there_is_named(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no job 7"):
        write_report(runtime, 7, tmp_path / "report.html")


def test_the_default_place_is_under_the_home_folder(runtime: Runtime) -> None:
    assert default_path(runtime, 3) == runtime.settings.home / "reports" / "job-3.html"
