"""Figures of a person: images, objects, seconds and clicks, from what the database holds."""

from typing import TYPE_CHECKING

from maskloop.platform.db import figures
from maskloop.platform.db.figures import Figures
from maskloop.platform.states import SubmissionOutcome
from maskloop.services import annotations, labeling, reviews
from maskloop.services.annotations import Editor, Submitted
from maskloop.services.labeling import Conclusion
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from tests.integration.labeling.conftest import Desk


def figures_of(desk: "Desk", user_id: int) -> Figures:
    with desk.runtime.engine.connect() as connection:
        return figures.of_user(connection, desk.project_id, user_id, since=None)


def submit(desk: "Desk", user_id: int) -> None:
    token = labeling.take(desk.runtime, desk.project_id, desk.image.id, user_id=user_id).token
    conclusion = Conclusion(token, SubmissionOutcome.DONE)
    with desk.runtime.engine.begin() as connection:
        labeling.submit_in(connection, desk.project_id, desk.image.id, conclusion, user_id=user_id)


def test_figures_are_counted_from_what_somebody_made(desk: "Desk") -> None:
    def draw(prompts: list[dict[str, object]], seconds: float | None) -> int:
        counts = desk.drawn(desk.square(1, 1)).counts
        new = Submitted(desk.cat, counts, prompts=tuple(prompts), seconds=seconds)
        made = annotations.create(
            desk.runtime, desk.project_id, desk.image.id, new, author_id=desk.anna
        )
        return made.id

    click = {"points": [[1, 1, 1]], "box": None}
    draw([click, {"points": [[1, 1, 1], [2, 2, 0]], "box": [0, 0, 5, 5]}], seconds=4.0)
    changed = draw([click], seconds=1.0)
    draw([], seconds=None)
    again = Submitted(desk.dog, desk.drawn(desk.square(1, 1)).counts, seconds=1.0)
    annotations.update(
        desk.runtime,
        desk.project_id,
        changed,
        again,
        expected=1,
        editor=Editor(desk.anna, of_others=False),
    )
    judgement = Judgement.accept(desk.cat, seconds=0.5)
    reviews.review(
        desk.runtime, desk.project_id, desk.proposal_id, judgement, reviewer_id=desk.anna
    )
    submit(desk, desk.anna)
    assert figures_of(desk, desk.anna) == Figures(
        done=1,
        skipped=0,
        objects=4,
        seconds_median=2.0,
        seconds_mean=6.5 / 3,
        clicks_mean=1.0,
    )
    assert figures_of(desk, desk.ben) == Figures(0, 0, 0, None, None, None)
