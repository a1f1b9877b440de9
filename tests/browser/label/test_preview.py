"""The hover preview: what a click here would give, without a click."""

import time

import numpy as np

from browser.label.conftest import Sit
from browser.label.desk import Desk, holding_answers, is_any
from browser.page_site import PageSite

HEAD = (225, 110)
FLANK = (300, 220)


def asked_at(desk: Desk) -> list[list[float]]:
    return [sent["points"][0][:2] for sent in desk.asked]


def test_a_warm_picture_shows_a_preview_where_the_pointer_is(desk: Desk) -> None:
    before = desk.colour(*HEAD)
    desk.point(*HEAD)
    desk.until(desk.preview)
    desk.until(lambda: desk.colour(*HEAD) != before)
    assert np.allclose(asked_at(desk)[-1], HEAD, atol=0.5)
    assert desk.asked[-1]["multimask"] is True
    assert desk.draft() == {}

    desk.page.mouse.move(2, 2)

    desk.until(lambda: not desk.preview())
    desk.until(lambda: desk.colour(*HEAD) == before)


def test_the_preview_is_the_mask_that_a_click_gives(desk: Desk) -> None:
    desk.point(*HEAD)
    desk.until(desk.preview)
    area = desk.see("label.preview.shown.answer.masks[0].mask.area")
    assert desk.ask(*HEAD)["mask"] == area
    assert not desk.preview()


def test_a_hand_that_moves_all_the_time_asks_ten_times_a_second_at_most(desk: Desk) -> None:
    began = time.monotonic()
    for step in range(120):
        desk.point(100 + 2 * step, 60 + step)
    desk.until(desk.preview)
    seconds = time.monotonic() - began
    assert 2 <= len(desk.asked) <= 10 * seconds + 1


def test_nothing_is_asked_while_an_object_is_in_hand(desk: Desk) -> None:
    desk.ask(*HEAD)
    count = len(desk.asked)
    for step in range(20):
        desk.point(100 + 5 * step, 200)
    desk.ask(*FLANK)
    assert len(desk.asked) == count + 1


def test_a_preview_that_is_stale_is_called_off(desk: Desk) -> None:
    with holding_answers(desk, of=is_any) as held:
        desk.point(*HEAD)
        desk.until(lambda: len(held.routes) == 1)
        with desk.page.expect_event("requestfailed", lambda failed: "/masks" in failed.url):
            desk.click(*FLANK)
        desk.until(lambda: len(held.routes) == 2)
        held.let(1)
        desk.answered(1)
        held.routes.clear()
    assert not desk.preview()
    assert np.allclose(desk.draft()["asked"][0]["points"][0][:2], FLANK, atol=0.5)


def test_a_cold_picture_is_not_asked_about_at_each_move(site: PageSite, sit: Sit) -> None:
    site.predictor.kept = {}
    with site.predictor.one_at_a_time:
        desk = sit(warm=False)
        for step in range(20):
            desk.point(100 + 5 * step, 200)
        assert desk.asked == []
    desk.wait("label.asking.isWarm(state.image.id)")
    desk.point(*HEAD)
    desk.until(desk.preview)
