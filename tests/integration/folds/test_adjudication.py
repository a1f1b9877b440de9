"""Somebody decides what several people do not agree on."""

import pytest

from maskloop.platform.db.passes import Pass
from maskloop.platform.errors import ImageLeasedError, NotFoundError, RefusedTransitionError
from maskloop.platform.states import FoldState
from maskloop.services import adjudication, annotations, labeling
from sites.circle import Circle
from sites.studio import Studio


@pytest.fixture
def disputed(circle: Circle) -> tuple[Pass, Pass]:
    """Ben drew two objects, carl one of them."""
    circle.queue(2, image="/0.png")
    studio = circle.studio
    studio.user("anna")
    one, other = (Studio.ONE, studio.cat), (Studio.TWO, studio.dog)
    return circle.label("ben", one, other), circle.label("carl", one)


def test_a_pass_is_taken_over(circle: Circle, disputed: tuple[Pass, Pass]) -> None:
    made = circle.settle(disputed[1])
    assert (made.fold.state, made.fold.taken_pass_id) == (FoldState.SETTLED, disputed[1].id)
    assert circle.on() == [("carl", "cat", 100)]
    assert circle.state_of() == "done"
    assert circle.studio.count("image_leases") == 0
    assert circle.studio.rows(
        "SELECT u.name, action, subject, subject_id, detail FROM audit_events "
        "JOIN users AS u ON u.id = user_id WHERE action = 'settled'"
    ) == [
        (
            "anna",
            "settled",
            "image",
            circle.images[0].id,
            {"pass": made.fold.taken_pass_id, "finish": True},
        )
    ]
    with pytest.raises(RefusedTransitionError, match="is settled and cannot be settled again"):
        circle.settle(disputed[0])


def test_or_is_left_to_whoever_decided_to_be_mended(
    circle: Circle, disputed: tuple[Pass, Pass]
) -> None:
    circle.settle(disputed[0], finish=False)
    assert circle.on() == [("ben", "cat", 100), ("ben", "dog", 100)]
    assert circle.state_of() == "todo"
    turn = circle.next("anna")
    assert turn.image is not None
    assert turn.image.image.id == circle.images[0].id
    assert circle.next("dora").image is None
    circle.studio.label(circle.images[0], [(Studio.THREE, circle.studio.cat)])
    assert (circle.state_of(), circle.fold().taken_pass_id) == ("done", disputed[0].id)


def test_nothing_is_shown_or_decided_before_all_are_through(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    first = circle.label("ben", (Studio.ONE, circle.studio.cat))
    asked = (circle.studio.runtime, circle.studio.project_id)
    with pytest.raises(RefusedTransitionError, match="still labelled by others"):
        adjudication.one(*asked, circle.images[0].id)
    with pytest.raises(RefusedTransitionError, match="still labelled by others"):
        circle.settle(first)
    (listed,) = adjudication.page(*asked)
    assert [drawn for _, drawn in listed.passes] == [None]


def test_what_a_closed_queue_left_may_be_decided(circle: Circle) -> None:
    queue_id = circle.queue(2, image="/0.png")
    first = circle.label("ben", (Studio.ONE, circle.studio.cat))
    circle.close(queue_id)
    circle.settle(first)
    assert circle.on() == [("ben", "cat", 100)]


def test_what_others_hold_or_drew_on_is_not_settled(
    circle: Circle, disputed: tuple[Pass, Pass]
) -> None:
    studio, image = circle.studio, circle.images[0]
    user_id = studio.user("dora")
    asked = (studio.runtime, studio.project_id, image.id)
    token = labeling.take(*asked, user_id=user_id).token
    with pytest.raises(ImageLeasedError):
        circle.settle(disputed[0])
    labeling.give_back(*asked, user_id=user_id, token=token)
    drawn = studio.submitted((Studio.THREE, studio.cat))
    annotations.create(*asked, drawn, author_id=user_id)
    with pytest.raises(RefusedTransitionError, match="drawn on by hand meanwhile"):
        circle.settle(disputed[0])
    assert circle.on() == [("dora", "cat", 100)]


def test_only_passes_of_the_image_are_taken(circle: Circle, disputed: tuple[Pass, Pass]) -> None:
    circle.queue(2, "others", image="/1.png")
    other = circle.label("ben")
    circle.label("carl")
    assert other.new.image_id == circle.images[1].id
    with pytest.raises(NotFoundError), circle.studio.runtime.engine.begin() as connection:
        adjudication.settle_in(
            connection,
            circle.studio.runtime,
            circle.studio.project_id,
            circle.images[0].id,
            other.id,
            finish=True,
            by=circle.studio.user("anna"),
        )
    with pytest.raises(NotFoundError, match="fold of image"):
        adjudication.one(circle.studio.runtime, circle.studio.project_id, circle.images[2].id)
    assert circle.on() == []


def test_how_alike_they_are(circle: Circle, disputed: tuple[Pass, Pass]) -> None:
    found = adjudication.one(circle.studio.runtime, circle.studio.project_id, circle.images[0].id)
    assert found.likeness is not None
    assert (found.likeness.mean_iou, found.likeness.matched, found.likeness.objects) == (1, 1, 2)
    drawn = {one.id: len(each or ()) for one, each in found.passes}
    assert drawn == {disputed[0].id: 2, disputed[1].id: 1}
