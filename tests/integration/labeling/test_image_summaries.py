"""Images as lists show them: found by what is on them and by who works on them, and counted."""

from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from maskloop.platform.db import image_summaries, images
from maskloop.platform.db.image_summaries import Counts, Filters
from maskloop.platform.states import ImageState
from maskloop.services import annotations, labeling, reviews
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from tests.integration.conftest import Bench
    from tests.integration.labeling.conftest import Desk


def test_images_are_found_and_counted_by_state_lease_category_and_score(
    desk: "Desk", bench: "Bench"
) -> None:
    picture = bench.png(np.ones((8, 10, 3), dtype=np.uint8))
    other = bench.add_image(desk.project_id, picture, "/photos/two.png").id
    drawn = desk.drawn(desk.square(1, 1), desk.dog)
    annotations.create(desk.runtime, desk.project_id, other, drawn, author_id=desk.anna)
    with desk.runtime.engine.begin() as connection:
        images.set_state(connection, desk.project_id, desk.image.id, ImageState.SKIPPED)
    labeling.take(desk.runtime, desk.project_id, other, user_id=desk.ben)
    mine = desk.image.id
    wanted = {
        Filters(): [mine, other],
        Filters(state=ImageState.TODO): [other],
        Filters(state=ImageState.SKIPPED): [mine],
        Filters(state=ImageState.DONE): [],
        Filters(leased=True): [other],
        Filters(leased=False): [mine],
        Filters(category_id=desk.dog): [other],
        Filters(category_id=desk.cat): [],
        Filters(score_least=0.95, score_most=0.95): [mine],
        Filters(score_least=0.96): [],
        Filters(score_most=0.94): [],
        Filters(score_least=0.5, leased=True): [],
    }
    with desk.runtime.engine.connect() as connection:
        for filters, expected in wanted.items():
            page = image_summaries.page(connection, desk.project_id, limit=10, filters=filters)
            assert [one.image.id for one in page] == expected, filters
        assert image_summaries.counts(connection, desk.project_id) == Counts(2, 1, 0, 1, 1)
    reviews.review(
        desk.runtime, desk.project_id, desk.proposal_id, Judgement.reject(), reviewer_id=desk.ben
    )
    with desk.runtime.engine.connect() as connection:
        scored = Filters(score_least=0.0)
        assert image_summaries.page(connection, desk.project_id, limit=9, filters=scored) == []


def test_a_page_of_images_takes_two_queries_whatever_its_size(desk: "Desk", bench: "Bench") -> None:
    for shade in range(5):
        picture = bench.png(np.full((8, 10, 3), 9 + shade, dtype=np.uint8))
        bench.add_image(desk.project_id, picture, f"/photos/more-{shade}.png")
    with desk.runtime.engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        asked: list[str] = []
        sa.event.listen(
            connection, "before_cursor_execute", lambda *event: asked.append(str(event[2]))
        )
        assert len(image_summaries.page(connection, desk.project_id, limit=10)) == 6
    assert len(asked) == 2, asked
