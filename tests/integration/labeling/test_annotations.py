"""Annotations: every change is a revision, and the first one of two wins."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform.db import image_summaries, images
from maskloop.platform.db.image_summaries import Filters
from maskloop.platform.errors import (
    AnnotationConflictError,
    BadMaskError,
    NotFoundError,
    NotYourAnnotationError,
)
from maskloop.platform.masks import Rle
from maskloop.services import annotations
from maskloop.services.annotations import Editor

if TYPE_CHECKING:
    from tests.integration.labeling.conftest import Desk

    from sites.bench import Bench


def make(desk: "Desk", top: int = 1, left: int = 1) -> annotations.Annotation:
    drawn = desk.drawn(desk.square(top, left))
    return annotations.create(
        desk.runtime, desk.project_id, desk.image.id, drawn, author_id=desk.anna
    )


def test_a_new_annotation_is_measured_and_says_where_it_came_from(desk: "Desk") -> None:
    submitted = replace(
        desk.drawn(desk.square(2, 4)),
        prompts=({"points": [[5, 3, 1]], "multimask": True, "chosen": 0},),
        model_version_id=desk.model_version_id,
        predicted_iou=0.5,
    )
    made = annotations.create(
        desk.runtime, desk.project_id, desk.image.id, submitted, author_id=desk.anna
    )
    assert (made.revision, made.category, made.author, made.deleted) == (1, "cat", "anna", False)
    assert made.drawing.mask.rle == Rle.encode(desk.square(2, 4))
    assert (made.drawing.mask.bbox_xywh, made.drawing.mask.area) == ((4, 2, 2, 2), 9)
    assert made.drawing.prompts == [{"points": [[5, 3, 1]], "multimask": True, "chosen": 0}]
    assert (made.drawing.model_version_id, made.drawing.predicted_iou) == (
        desk.model_version_id,
        0.5,
    )
    assert annotations.get(desk.runtime, desk.project_id, made.id) == made


def test_a_change_and_a_delete_are_revisions_and_the_history_keeps_all(desk: "Desk") -> None:
    made, editor = make(desk), Editor(desk.anna, of_others=False)
    changed = annotations.update(
        desk.runtime,
        desk.project_id,
        made.id,
        desk.drawn(desk.square(4, 4), desk.dog),
        expected=1,
        editor=editor,
    )
    assert (changed.id, changed.revision, changed.category) == (made.id, 2, "dog")
    assert annotations.of_image(desk.runtime, desk.project_id, desk.image.id) == [changed]
    annotations.delete(desk.runtime, desk.project_id, made.id, expected=2, editor=editor)
    assert annotations.of_image(desk.runtime, desk.project_id, desk.image.id) == []
    assert annotations.page(desk.runtime, desk.project_id) == []
    with pytest.raises(NotFoundError):
        annotations.get(desk.runtime, desk.project_id, made.id)
    history = annotations.history(desk.runtime, desk.project_id, made.id)
    assert [(one.revision, one.deleted) for one in history] == [(1, False), (2, False), (3, True)]
    assert history[:2] == [made, changed]


@pytest.mark.parametrize("expected", [0, 1, 3, 99])
def test_a_change_of_another_revision_is_told_which_there_is_and_whose(
    desk: "Desk", expected: int
) -> None:
    made, drawn = make(desk), desk.drawn(desk.square(0, 0))
    args = (desk.runtime, desk.project_id, made.id, drawn)
    annotations.update(*args, expected=1, editor=Editor(desk.ben, of_others=True))
    with pytest.raises(AnnotationConflictError) as caught:
        annotations.update(*args, expected=expected, editor=Editor(desk.anna, of_others=True))
    assert caught.value.fields == {"annotation": made.id, "revision": 2, "author": "ben"}
    assert len(annotations.history(desk.runtime, desk.project_id, made.id)) == 2


def test_of_two_changes_at_once_one_wins_and_the_other_hears_of_it(desk: "Desk") -> None:
    """Both have read revision 1 before either writes."""
    made, together = make(desk), Barrier(2)

    def change(user_id: int) -> str:
        together.wait(timeout=30)
        try:
            annotations.update(
                desk.runtime,
                desk.project_id,
                made.id,
                desk.drawn(desk.square(0, 0)),
                expected=1,
                editor=Editor(user_id, of_others=True),
            )
        except AnnotationConflictError as error:
            return f"lost to {error.fields['author']}"
        return "won"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(change, [desk.anna, desk.ben]))
    assert outcomes in (["won", "lost to anna"], ["lost to ben", "won"])
    assert len(annotations.history(desk.runtime, desk.project_id, made.id)) == 2


def test_one_who_may_change_only_their_own_is_refused_those_of_others(desk: "Desk") -> None:
    made = make(desk)
    with pytest.raises(NotYourAnnotationError, match="is of anna"):
        annotations.delete(
            desk.runtime,
            desk.project_id,
            made.id,
            expected=1,
            editor=Editor(desk.ben, of_others=False),
        )
    assert annotations.get(desk.runtime, desk.project_id, made.id) == made


def test_a_bad_mask_or_a_thing_of_another_project_stores_nothing(
    desk: "Desk", bench: "Bench"
) -> None:
    bench.project = "others"
    other = bench.make_project(["cat"])
    good = desk.drawn(desk.square(1, 1))
    with pytest.raises(NotFoundError, match="no image"):
        annotations.create(desk.runtime, other, desk.image.id, good, author_id=desk.anna)
    for bad, error in [
        (replace(good, counts=b"garbage!"), BadMaskError),
        (desk.drawn(np.ones((8, 11), dtype=np.bool_)), BadMaskError),
        (replace(good, category_id=desk.dog + 1), NotFoundError),
        (replace(good, model_version_id=99), NotFoundError),
    ]:
        with pytest.raises(error):
            annotations.create(
                desk.runtime, desk.project_id, desk.image.id, bad, author_id=desk.anna
            )
    assert annotations.page(desk.runtime, desk.project_id) == []
    made = make(desk)
    with pytest.raises(NotFoundError, match="no annotation"):
        annotations.get(desk.runtime, other, made.id)


def test_pages_go_newest_first_and_end(desk: "Desk") -> None:
    ids = [make(desk, top).id for top in range(5)]
    seen: list[int] = []
    while page := annotations.page(
        desk.runtime, desk.project_id, before=seen[-1] if seen else None, limit=2
    ):
        assert len(page) <= 2
        seen += [one.id for one in page]
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotations SET deleted = true",
        "DELETE FROM annotations",
        "TRUNCATE reviews CASCADE",
    ],
)
def test_what_people_did_is_never_changed(desk: "Desk", statement: str) -> None:
    make(desk)
    with (
        pytest.raises(sa.exc.IntegrityError, match="never changed or removed"),
        desk.runtime.engine.begin() as connection,
    ):
        connection.execute(sa.text(statement))


def test_images_are_listed_with_counts_and_found_by_what_is_on_them(
    desk: "Desk", bench: "Bench"
) -> None:
    picture = bench.png(np.ones((8, 10, 3), dtype=np.uint8))
    plain = bench.add_image(desk.project_id, picture, "/photos/50%_Off.png")
    make(desk)
    make(desk, 3)
    wanted = {
        Filters(): [(desk.image.id, 2, 1), (plain.id, 0, 0)],
        Filters(has_annotations=True): [(desk.image.id, 2, 1)],
        Filters(has_annotations=False): [(plain.id, 0, 0)],
        Filters(has_pending_proposals=True): [(desk.image.id, 2, 1)],
        Filters(has_pending_proposals=False): [(plain.id, 0, 0)],
        Filters(source_holds="50%_off"): [(plain.id, 0, 0)],
        Filters(source_holds="5_%"): [],
    }
    with desk.runtime.engine.connect() as connection:
        for filters, expected in wanted.items():
            page = image_summaries.page(connection, desk.project_id, limit=10, filters=filters)
            found = [(one.image.id, one.annotations, one.pending_proposals) for one in page]
            assert found == expected, filters
        after = image_summaries.page(connection, desk.project_id, after=desk.image.id, limit=10)
        assert [one.image for one in after] == [plain]
        assert images.next_after(connection, desk.project_id, desk.image.id, 5) == [plain]
