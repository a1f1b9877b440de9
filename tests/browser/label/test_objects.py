"""What is done to objects that are there already: split, merge, correct, recategorize, delete."""

import numpy as np

from browser.label.desk import Desk, Pixels
from browser.label.shapes import capsule, polygon, rectangle
from maskloop.platform.db.annotations import Annotation

SIZE = (300, 451)
LEFT, RIGHT = rectangle(60.3, 60.2, 120, 140), rectangle(240.3, 80.2, 120, 90)
IN_LEFT, IN_RIGHT = (100, 150), (300, 120)


def pixels(kept: Annotation) -> Pixels:
    return kept.drawing.mask.rle.decode()


def two(desk: Desk) -> list[Annotation]:
    """Both saved, in the order of their ids; nothing in hand, the pointer on neither."""
    for corners in (LEFT, RIGHT):
        desk.outline(*corners)
        desk.keep()
    desk.press("p")
    desk.point(20, 20)
    return desk.kept()


def test_a_line_across_an_annotation_makes_two_of_it(desk: Desk) -> None:
    whole, other = two(desk)
    desk.press("k")
    desk.drag((40, 120), (200, 131))
    desk.wait("state.objects.size === 3")
    assert desk.draft() == {}
    desk.save()

    first, untouched, second = desk.kept()
    assert untouched == other
    assert (first.id, first.revision, second.revision) == (whole.id, 2, 1)
    assert first.drawing.category_id == second.drawing.category_id == whole.drawing.category_id
    assert np.array_equal(pixels(first) | pixels(second), polygon(SIZE, LEFT))
    assert not (pixels(first) & pixels(second)).any()
    assert min(first.drawing.mask.area, second.drawing.mask.area) > 5000

    desk.press("Control+z")
    desk.save()
    again, _ = desk.kept()
    assert np.array_equal(pixels(again), polygon(SIZE, LEFT))
    assert (again.id, again.revision) == (whole.id, 3)
    assert desk.revisions(second.id)[-1].deleted


def test_what_is_in_hand_is_split_into_objects_that_are_kept(desk: Desk) -> None:
    desk.outline(*LEFT)
    desk.press("k")
    desk.click(40, 120)
    desk.click(200, 131)
    desk.wait("state.draft === null")
    desk.save()
    first, second = desk.kept()
    assert np.array_equal(pixels(first) | pixels(second), polygon(SIZE, LEFT))
    assert not (pixels(first) & pixels(second)).any()


def test_a_line_that_divides_nothing_is_said(desk: Desk) -> None:
    before = two(desk)
    desk.press("k")
    desk.drag((100, 100), (120, 110))
    desk.page.locator(".toast").filter(has_text="divides nothing").wait_for()
    desk.save()
    assert desk.kept() == before


def test_two_that_are_selected_become_one(desk: Desk) -> None:
    left, right = two(desk)
    desk.select(*IN_LEFT)
    desk.select(*IN_RIGHT)
    assert "2 selected" in desk.hand()
    desk.press("m")
    desk.keep()
    [kept] = desk.kept()
    assert np.array_equal(pixels(kept), polygon(SIZE, LEFT) | polygon(SIZE, RIGHT))
    assert kept.id in (left.id, right.id)
    assert kept.revision == 2
    gone = right if kept.id == left.id else left
    assert [one.deleted for one in desk.revisions(gone.id)] == [False, True]

    desk.press("Control+z", "Control+z")
    desk.save()
    now = sorted(mask.tobytes() for mask in map(pixels, desk.kept()))
    assert now == sorted(mask.tobytes() for mask in (polygon(SIZE, LEFT), polygon(SIZE, RIGHT)))


def test_an_annotation_is_taken_into_hand_and_changed(desk: Desk) -> None:
    left, right = two(desk)
    desk.point(*IN_LEFT)
    desk.press("e", "d")
    desk.drag((100.3, 60.4), (150.6, 50.7))
    desk.keep()
    changed, same = desk.kept()
    assert same == right
    assert (changed.id, changed.revision) == (left.id, 2)
    stroke = capsule(SIZE, (100.3, 60.4), (150.6, 50.7), 16)
    assert np.array_equal(pixels(changed), polygon(SIZE, LEFT) | stroke)


def test_escape_lets_go_of_an_annotation_as_it_was(desk: Desk) -> None:
    before = two(desk)
    desk.point(*IN_LEFT)
    desk.press("e", "d")
    desk.drag((100.3, 60.4), (150.6, 50.7))
    desk.press("Escape")
    desk.save()
    assert desk.kept() == before


def test_delete_deletes_what_the_pointer_is_over(desk: Desk) -> None:
    left, right = two(desk)
    desk.point(*IN_LEFT)
    desk.press("Delete")
    desk.save()
    assert desk.kept() == [right]
    assert [one.deleted for one in desk.revisions(left.id)] == [False, True]


def test_a_number_key_gives_the_selected_ones_another_category(desk: Desk) -> None:
    left, right = two(desk)
    desk.select(*IN_LEFT)
    desk.press("3")
    desk.save()
    changed, same = desk.kept()
    assert same == right
    assert (changed.id, changed.revision, changed.category) == (left.id, 2, "person")
    assert np.array_equal(pixels(changed), pixels(left))


def test_snap_asks_for_the_mask_in_the_box_of_what_is_in_hand(desk: Desk) -> None:
    desk.outline((120.3, 30.2), (330.4, 40.3), (320.2, 280.3), (110.7, 270.1))
    x, y, width, height = desk.see("state.draft.mask.bbox_xywh")
    desk.press("Shift+S")
    draft = desk.answered(1)
    assert desk.asked[-1]["box"] == [x, y, x + width, y + height]
    assert desk.asked[-1]["points"] == []
    assert draft["score"] is not None
    desk.keep()
    [kept] = desk.kept()
    assert kept.drawing.model_version_id == 1
    assert kept.drawing.prompts[0]["box"] == [x, y, x + width, y + height]
