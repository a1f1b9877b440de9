"""What several drew blindly: taken over where they agree, in dispute where they do not."""

from collections.abc import Sequence

import pytest

from maskloop.platform.db import figures
from maskloop.platform.states import FoldState, SubmissionOutcome
from maskloop.services import labeling
from maskloop.services.reviews import Judgement, review
from sites.circle import Circle
from sites.studio import Box, Studio

SKIPPED = SubmissionOutcome.SKIPPED
NEAR: Box = (2, 2, 10, 9)
"""IoU 0.9 with `Studio.ONE`."""
FAR: Box = (2, 2, 10, 7)
"""IoU 0.7 with it."""


def test_all_agree_and_the_one_in_the_middle_is_taken_over(circle: Circle) -> None:
    circle.queue(3, image="/0.png")
    cat, dog = circle.studio.cat, circle.studio.dog
    circle.label("ben", ((2, 2, 10, 11), cat), (Studio.TWO, dog))
    middle = circle.label("carl", (Studio.TWO, dog), (Studio.ONE, cat))
    assert circle.fold().state is FoldState.OPEN
    assert circle.on() == []
    circle.label("dora", (NEAR, cat), (Studio.TWO, dog))
    fold = circle.fold()
    assert (fold.state, fold.taken_pass_id) == (FoldState.SETTLED, middle.id)
    assert circle.on() == [("carl", "dog", 100), ("carl", "cat", 100)]
    assert circle.state_of() == "done"
    said = "SELECT u.name, outcome FROM submissions JOIN users AS u ON u.id = user_id"
    assert circle.studio.rows(said) == [("carl", "done")]
    assert circle.next("emil").image is None


def test_of_equal_ones_the_first_is_taken_over(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    found = [circle.label(name, (Studio.ONE, circle.studio.cat)) for name in ("ben", "carl")]
    assert circle.fold().taken_pass_id == found[0].id


def test_nothing_on_it_is_agreed_on_too(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    for name in ("ben", "carl"):
        circle.label(name)
    assert (circle.state_of(), circle.on()) == ("done", [])


def test_all_skip_it(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    for name in ("ben", "carl"):
        circle.label(name, outcome=SKIPPED)
    assert circle.state_of() == "skipped"
    assert circle.studio.rows("SELECT outcome, reason FROM submissions") == [
        ("skipped", "too dark")
    ]


@pytest.mark.parametrize(
    "other",
    [
        [(FAR, "cat"), (Studio.TWO, "cat")],
        [(Studio.ONE, "cat")],
        [(Studio.ONE, "cat"), (Studio.TWO, "cat"), (Studio.THREE, "cat")],
        [(Studio.ONE, "cat"), (Studio.TWO, "dog")],
        [(Studio.ONE, "cat"), (Studio.THREE, "cat")],
        [],
    ],
    ids=["outline", "miss", "extra", "category", "other object", "nothing"],
)
def test_where_they_differ_it_waits_for_somebody(
    circle: Circle, other: Sequence[tuple[Box, str]]
) -> None:
    circle.queue(3, image="/0.png")
    studio = circle.studio
    ids = {"cat": studio.cat, "dog": studio.dog}
    for name in ("ben", "carl"):
        circle.label(name, (Studio.ONE, studio.cat), (Studio.TWO, studio.cat))
    circle.label("dora", *((box, ids[category]) for box, category in other))
    assert (circle.fold().state, circle.fold().taken_pass_id) == (FoldState.DISPUTED, None)
    assert (circle.state_of(), circle.on()) == ("todo", [])
    assert circle.next("emil", circle.queue(1, "plain", image="/0.png")).image is None


def test_where_one_skips_it_waits_for_somebody(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    circle.label("ben")
    circle.label("carl", outcome=SKIPPED)
    assert circle.fold().state is FoldState.DISPUTED


def test_proposals_are_decided_as_their_twins_were(circle: Circle) -> None:
    """One is accepted, one rejected; another person draws the same by hand."""
    circle.queue(2, image="/0.png")
    studio, found = circle.studio, circle.begun("ben")
    waiting = studio.rows(
        "SELECT id FROM passes.proposals WHERE image_id = "
        f"{found.pass_image_id} ORDER BY bbox_xywh[1]"
    )
    judgements = [Judgement.accept(studio.cat), Judgement.reject()]
    for (proposal_id,), judgement in zip(waiting, judgements, strict=True):
        assert isinstance(proposal_id, int)
        review(
            studio.runtime.in_passes,
            studio.project_id,
            proposal_id,
            judgement,
            reviewer_id=studio.user("ben"),
        )
    studio.submit(found)
    circle.label("carl", (NEAR, studio.cat))
    assert circle.on() == [("ben", "cat", 100)]
    assert studio.rows(
        "SELECT verdict, u.name, annotation_id IS NULL FROM reviews "
        "JOIN users AS u ON u.id = reviewer_id ORDER BY reviews.id"
    ) == [("accepted", "ben", False), ("rejected", "ben", True)]
    image_id = circle.images[0].id
    states = studio.rows(f"SELECT state FROM proposals WHERE image_id = {image_id} ORDER BY state")
    assert states == [("accepted",), ("rejected",)]


def test_what_is_drawn_after_a_submission_changes_nothing(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    studio = circle.studio
    first = circle.label("ben", (Studio.ONE, studio.cat))
    with studio.runtime.in_passes.engine.begin() as connection:
        user_id = studio.user("ben")
        copy = first.pass_image_id
        labeling.reopen_in(connection, studio.project_id, copy, user_id=user_id, reason=None)
    studio.draw(first, (Studio.THREE, studio.dog))
    circle.label("carl", (Studio.ONE, studio.cat))
    studio.submit(first)
    assert circle.on() == [("ben", "cat", 100)]


def test_nothing_is_taken_over_into_an_image_that_somebody_opened(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    studio, image = circle.studio, circle.images[0]
    circle.label("ben")
    last = circle.begun("carl")
    anna = studio.user("anna")
    labeling.take(studio.runtime, studio.project_id, image.id, user_id=anna)
    studio.submit(last)
    assert circle.fold().state is FoldState.DISPUTED
    studio.label(image, [(Studio.ONE, studio.cat)])
    assert (circle.fold().state, circle.fold().taken_pass_id) == (FoldState.SETTLED, None)
    assert circle.on() == [("anna", "cat", 100)]


def test_a_pass_that_ends_after_somebody_decided_changes_nothing(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    late = circle.begun("ben")
    circle.studio.label(circle.images[0], [(Studio.ONE, circle.studio.cat)])
    circle.studio.submit(late)
    assert circle.next("carl").image is None
    assert circle.on() == [("anna", "cat", 100)]
    assert circle.fold().state is FoldState.SETTLED


def test_what_somebody_got_done_is_counted_once(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    studio = circle.studio

    def done() -> tuple[int, int]:
        with studio.runtime.engine.connect() as connection:
            found = figures.of_user(connection, studio.project_id, studio.user("ben"), since=None)
        return found.done, found.objects

    circle.label("ben", (Studio.ONE, studio.cat))
    assert done() == (1, 1)
    circle.label("carl", (Studio.ONE, studio.cat))
    assert circle.on() == [("ben", "cat", 100)]
    assert done() == (1, 1)
