"""Every step is undone and done again, also after the server has it: revisions tell."""

from collections.abc import Callable

import pytest

from browser.label.desk import Desk
from browser.label.shapes import rectangle

LEFT, RIGHT = rectangle(60.3, 60.2, 120, 140), rectangle(240.3, 80.2, 120, 90)
IN_LEFT, IN_RIGHT = (100, 150), (300, 120)
STROKE = ((100.3, 60.4), (150.6, 50.7))
NEW = rectangle(20.3, 220.2, 60, 60)

Seen = set[tuple[str, bytes]]


def seen(desk: Desk) -> Seen:
    """What the server has: categories and pixels."""
    return {(kept.category, kept.drawing.mask.rle.counts) for kept in desk.kept()}


def draw(desk: Desk) -> None:
    desk.outline(*NEW)
    desk.press("Enter")


def prompt(desk: Desk) -> None:
    desk.press("p")
    desk.ask(225, 110)
    desk.ask(300, 240)
    desk.press("Tab", "Enter")


def paint(desk: Desk) -> None:
    desk.point(*IN_LEFT)
    desk.press("e", "d")
    desk.drag(*STROKE)
    desk.press("Enter")


def erase(desk: Desk) -> None:
    desk.point(*IN_LEFT)
    desk.press("e", "f")
    desk.drag(*STROKE)
    desk.press("Enter")


def cut_out(desk: Desk) -> None:
    desk.point(*IN_LEFT)
    desk.press("e", "Shift+G")
    for corner in rectangle(80.3, 80.2, 30, 30):
        desk.click(*corner)
    desk.press("Enter", "Enter")


def split(desk: Desk) -> None:
    desk.press("k")
    desk.drag((40, 120), (200, 131))


def merge(desk: Desk) -> None:
    desk.select(*IN_LEFT)
    desk.select(*IN_RIGHT)
    desk.press("m", "Enter")


def recategorize(desk: Desk) -> None:
    desk.select(*IN_LEFT)
    desk.press("3", "Escape")


def delete(desk: Desk) -> None:
    desk.point(*IN_LEFT)
    desk.press("Delete")


def snap(desk: Desk) -> None:
    desk.point(*IN_LEFT)
    desk.press("e")
    asked = len(desk.draft()["asked"])
    desk.press("Shift+S")
    desk.answered(asked + 1)
    desk.press("Enter")


def fill_holes(desk: Desk) -> None:
    desk.point(*IN_LEFT)
    desk.press("e", "d")
    desk.drag(*STROKE)
    desk.press("Shift+G")
    for corner in rectangle(80.3, 120.2, 30, 30):
        desk.click(*corner)
    desk.press("Enter", "o", "Enter")


def remove_islands(desk: Desk) -> None:
    desk.point(*IN_LEFT)
    desk.press("e", "d")
    desk.drag(*STROKE)
    desk.click(400, 260)
    desk.press("i", "Enter")


STEPS = [
    *(draw, prompt, paint, erase, cut_out, fill_holes, remove_islands),
    *(split, merge, recategorize, delete, snap),
]


def two(desk: Desk) -> None:
    for corners in (LEFT, RIGHT):
        desk.outline(*corners)
        desk.keep()
    desk.press("p")
    desk.point(20, 20)


def undo_to(desk: Desk, steps: int) -> None:
    while desk.see("state.history.undo") > steps:
        desk.press("Control+z")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_is_undone_and_done_again_after_it_was_saved(
    desk: Desk, step: Callable[[Desk], None]
) -> None:
    two(desk)
    before, steps = seen(desk), desk.see("state.history.undo")
    step(desk)
    desk.wait("state.draft === null")
    desk.save()
    after = seen(desk)
    assert after != before
    ids = {kept.id for kept in desk.kept()}
    last = {one: desk.revisions(one)[-1].revision for one in ids}

    undo_to(desk, steps)
    desk.save()
    assert seen(desk) == before
    assert desk.draft() == {}
    assert desk.see("state.saving.refused.length + state.saving.conflicts.length") == 0
    assert any(desk.revisions(one)[-1].revision > last[one] for one in ids) or step is delete

    while desk.see("state.history.redo") > 0:
        desk.press("Control+Shift+z")
    desk.save()
    assert seen(desk) == after
    assert desk.draft() == {}


def test_clicks_are_undone_one_by_one_with_their_answers(desk: Desk) -> None:
    areas = [desk.ask(*at)["mask"] for at in ((225, 110), (300, 240), (60, 60))]
    for wanted in (areas[1], areas[0]):
        desk.press("Control+z")
        assert desk.draft()["mask"] == wanted
    desk.press("Control+z")
    assert desk.draft() == {}
    for wanted in areas:
        desk.press("Control+Shift+z")
        assert desk.draft()["mask"] == wanted
    desk.press("Control+z")
    desk.ask(400, 40)
    assert [len(sent["points"]) for sent in desk.draft()["asked"]] == [1, 2, 3]
    assert desk.see("state.history.redo") == 0


def test_a_step_that_is_undone_before_it_is_sent_leaves_no_trace(desk: Desk) -> None:
    desk.window.drop_network()
    desk.outline(*NEW)
    desk.press("Enter", "Control+z")
    assert desk.draft() != {}
    desk.press("Control+z")
    desk.window.restore_network()
    desk.save()
    assert desk.kept() == []
