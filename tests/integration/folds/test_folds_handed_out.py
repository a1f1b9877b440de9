"""A queue of images that asks several people about each: who is given which image, until when."""

from collections.abc import Iterable

import pytest

from maskloop.platform.errors import ImageLeaseLostError, RefusedTransitionError
from maskloop.platform.states import FoldState, PassOutcome, SubmissionOutcome
from maskloop.services import labeling
from sites.circle import Circle
from sites.studio import Studio


def submit(circle: Circle, name: str) -> int | None:
    """The number of the photograph that they were through with."""
    turn = circle.next(name)
    if turn.image is not None:
        circle.studio.submit(circle.studio.pass_of(turn.image.image.id))
    return circle.number(turn)


def numbers(circle: Circle, names: Iterable[str]) -> list[int | None]:
    return [circle.number(circle.next(name)) for name in names]


def test_as_many_people_as_the_queue_says_get_an_image(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    turns = [circle.next(name) for name in ("ben", "carl", "dora")]
    assert [circle.number(turn) for turn in turns] == [0, 0, None]
    copies = {turn.image.image.id for turn in turns if turn.image is not None}
    assert len(copies) == 2
    assert circle.images[0].id not in copies
    assert [turn.left for turn in turns] == [1, 1, 0]
    assert circle.studio.count("image_leases") == 0


def test_nobody_gets_an_image_twice(circle: Circle) -> None:
    queue_id = circle.queue(3)
    assert [submit(circle, "ben") for _ in range(4)] == [0, 1, 2, None]
    assert [circle.next(name, queue_id).left for name in ("ben", "carl")] == [0, 3]


def test_whoever_had_to_do_with_an_image_does_not_label_it_blindly(circle: Circle) -> None:
    studio = circle.studio
    token = labeling.take(
        studio.runtime, studio.project_id, circle.images[0].id, user_id=studio.user("ben")
    ).token
    labeling.give_back(
        studio.runtime,
        studio.project_id,
        circle.images[0].id,
        user_id=studio.user("ben"),
        token=token,
    )
    made = studio.label(circle.images[1], [(Studio.ONE, studio.cat)], by="ben")
    with studio.runtime.engine.begin() as connection:
        labeling.reopen_in(
            connection,
            studio.project_id,
            circle.images[1].id,
            user_id=studio.user("ben"),
            reason=None,
        )
    assert len(made) == 1
    circle.queue(2)
    assert [submit(circle, "ben") for _ in range(3)] == [0, 2, None]
    # What is drawn on is no blank for anybody.
    assert [submit(circle, "carl") for _ in range(3)] == [0, 2, None]


def test_no_other_queue_hands_out_what_several_label(circle: Circle) -> None:
    circle.begun("ben", circle.queue(2, people=["ben"]))
    # Who has no queue gets all that is to do, but for what others label.
    turn = circle.next("carl", ahead=3)
    assert (circle.number(turn), turn.left) == (1, 2)
    assert [one.image.id for one in turn.ahead] == [circle.images[2].id]
    plain, folds = circle.queue(1, "plain"), circle.queue(2, "more folds")
    turn = circle.next("dora", plain)
    assert (circle.number(turn), turn.left) == (2, 2)
    assert circle.next("emil", folds).image is None


def test_whoever_has_one_in_hand_goes_on_with_it(circle: Circle) -> None:
    first = circle.begun("ben", circle.queue(2))
    another = circle.queue(2, "another", image="/2.png")
    for turn in (
        circle.next("ben", another),
        circle.next("ben", after=first.pass_image_id),
        circle.next("ben"),
    ):
        assert turn.image is not None
        assert turn.image.image.id == first.pass_image_id


def test_what_lies_ahead_is_what_one_may_have(circle: Circle) -> None:
    circle.queue(2)
    circle.label("ben")
    turn = circle.next("ben", ahead=2)
    assert [one.image.id for one in turn.ahead] == [circle.images[2].id]
    turn = circle.next("carl", ahead=2)
    assert [one.image.id for one in turn.ahead] == [one.id for one in circle.images[1:]]
    assert turn.left == 3


def test_a_lapsed_pass_stays_its_holders_until_somebody_needs_the_place(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    first, _ = circle.begun("ben"), circle.begun("carl")
    circle.studio.draw(first, (Studio.ONE, circle.studio.cat))
    circle.lapse(first)
    again = circle.begun("ben")
    assert again.id == first.id
    assert circle.next("dora").image is None

    circle.lapse(first)
    assert circle.number(circle.next("dora")) == 0
    abandoned = circle.studio.pass_of(first.pass_image_id)
    assert abandoned.outcome is PassOutcome.ABANDONED
    assert circle.studio.count("passes.annotations") == 1
    with pytest.raises(ImageLeaseLostError):
        circle.studio.submit(first)
    assert circle.next("ben").image is None


def test_the_lease_of_an_abandoned_pass_is_not_renewed(circle: Circle) -> None:
    studio = circle.studio
    circle.queue(2, image="/0.png")
    turn = circle.next("ben")
    assert turn.lease is not None
    found = circle.begun("ben")
    circle.begun("carl")
    circle.lapse(found)
    circle.begun("dora")
    with pytest.raises(ImageLeaseLostError):
        labeling.renew(
            studio.runtime.in_passes,
            studio.project_id,
            found.pass_image_id,
            user_id=studio.user("ben"),
            token=turn.lease.token,
        )


def test_a_place_that_is_free_is_taken_before_a_lapsed_one(circle: Circle) -> None:
    circle.queue(3, image="/0.png")
    found = circle.begun("ben")
    circle.lapse(found)
    assert numbers(circle, ["carl", "dora"]) == [0, 0]
    assert circle.studio.pass_of(found.pass_image_id).outcome is None
    assert numbers(circle, ["emil", "fay"]) == [0, None]
    assert circle.studio.pass_of(found.pass_image_id).outcome is PassOutcome.ABANDONED


def test_a_skipped_pass_takes_its_place(circle: Circle) -> None:
    circle.queue(2, image="/0.png")
    circle.label("ben", outcome=SubmissionOutcome.SKIPPED)
    assert numbers(circle, ["carl", "dora"]) == [0, None]


def test_a_closed_queue_lets_go_and_another_goes_on_with_what_was_labeled(circle: Circle) -> None:
    queue_id = circle.queue(2, image="/0.png")
    circle.label("ben")
    circle.close(queue_id)
    another = circle.queue(3, "another", image="/0.png")
    assert numbers(circle, ["ben", "carl", "dora"]) == [None, 0, None]
    fold = circle.fold()
    assert (fold.queue_id, fold.fold, fold.state) == (another, 2, FoldState.OPEN)
    circle.close(another)
    assert circle.number(circle.next("emil", circle.queue(1, "plain"))) == 0


def test_only_who_decides_opens_it_by_hand(circle: Circle) -> None:
    studio, image = circle.studio, circle.images[0]
    circle.queue(2)
    circle.begun("ben")
    asked = (studio.runtime, studio.project_id, image.id)
    with pytest.raises(RefusedTransitionError, match="labeled by several people"):
        labeling.take(*asked, user_id=studio.user("carl"), decides=False)
    assert labeling.take(*asked, user_id=studio.user("anna"), decides=True)
