"""Leases of images: two people never get the same one, and a lapsed one goes to whoever asks."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform.db import image_leases, image_picking, images
from maskloop.platform.db.image_leases import Lease
from maskloop.platform.errors import ImageLeasedError, ImageLeaseLostError, NotFoundError
from maskloop.platform.states import ImageState
from maskloop.services import labeling
from maskloop.services.labeling import Turn

if TYPE_CHECKING:
    from tests.integration.conftest import Bench
    from tests.integration.labeling.conftest import Desk

DURATION = timedelta(minutes=10)


def add_images(desk: "Desk", bench: "Bench", number: int) -> list[int]:
    """That many more beside the desk's; their ids."""
    return [
        bench.add_image(
            desk.project_id,
            bench.png(np.full((8, 10, 3), 10 + shade, dtype=np.uint8)),
            f"/photos/more-{shade}.png",
        ).id
        for shade in range(number)
    ]


def ask(desk: "Desk", user_id: int, *, after: int | None = None, ahead: int = 0) -> Turn:
    return labeling.next_turn(
        desk.runtime, desk.project_id, user_id=user_id, after=after, ahead=ahead
    )


def image_of(turn: Turn) -> int | None:
    return None if turn.image is None else turn.image.image.id


def lease_of(turn: Turn) -> Lease:
    assert turn.lease is not None
    return turn.lease


def lapse(desk: "Desk", image_id: int) -> None:
    """As if the lease's time had passed."""
    with desk.runtime.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE image_leases SET until = now() - interval '1 s' WHERE image_id = :id"),
            {"id": image_id},
        )


def test_the_next_image_is_leased_for_the_time_that_is_set(desk: "Desk") -> None:
    turn = ask(desk, desk.anna)
    lease = lease_of(turn)
    assert image_of(turn) == desk.image.id
    assert lease.seconds == 600.0
    assert turn.image is not None
    assert turn.image.holder is not None
    assert (turn.image.holder.user, turn.image.holder.until) == ("anna", lease.until)
    assert (turn.left, list(turn.ahead)) == (1, [])


def test_each_gets_another_image_until_none_is_left(desk: "Desk", bench: "Bench") -> None:
    (second,) = add_images(desk, bench, 1)
    assert image_of(ask(desk, desk.anna)) == desk.image.id
    assert image_of(ask(desk, desk.ben)) == second
    with desk.runtime.engine.begin() as connection:
        carl = connection.execute(
            sa.text("INSERT INTO users (name, is_admin) VALUES ('carl', false) RETURNING id")
        ).scalar_one()
    assert ask(desk, carl) == Turn(None, None, (), left=2)


def test_who_asks_again_goes_on_with_the_same_image_and_token(desk: "Desk", bench: "Bench") -> None:
    add_images(desk, bench, 2)
    first = ask(desk, desk.anna)
    again = ask(desk, desk.anna)
    assert image_of(again) == image_of(first)
    assert lease_of(again).token == lease_of(first).token
    assert lease_of(again).until > lease_of(first).until


def test_who_goes_on_gets_the_one_behind_and_comes_round(desk: "Desk", bench: "Bench") -> None:
    second, third = add_images(desk, bench, 2)
    assert image_of(ask(desk, desk.anna, after=second)) == third
    with desk.runtime.engine.begin() as connection:
        images.set_state(connection, desk.project_id, third, ImageState.DONE)
    assert image_of(ask(desk, desk.anna, after=third)) == desk.image.id


def test_what_one_has_already_is_the_last_resort_for_who_goes_on(
    desk: "Desk", bench: "Bench"
) -> None:
    """Else two tabs of one person would come to the same image, and who leaves two images undone
    would be sent to and fro between them."""
    second, third = add_images(desk, bench, 2)
    assert image_of(ask(desk, desk.anna)) == desk.image.id
    assert image_of(ask(desk, desk.anna, after=desk.image.id)) == second
    assert image_of(ask(desk, desk.anna, after=second)) == third
    for image_id in (second, third):
        with desk.runtime.engine.begin() as connection:
            images.set_state(connection, desk.project_id, image_id, ImageState.DONE)
    assert image_of(ask(desk, desk.anna, after=desk.image.id)) == desk.image.id


def test_what_comes_ahead_is_what_nobody_else_has_in_order(desk: "Desk", bench: "Bench") -> None:
    second, third, fourth = add_images(desk, bench, 3)
    labeling.take(desk.runtime, desk.project_id, third, user_id=desk.ben)
    turn = ask(desk, desk.anna, after=desk.image.id, ahead=5)
    assert image_of(turn) == second
    assert [one.image.id for one in turn.ahead] == [fourth, desk.image.id]
    again = ask(desk, desk.anna, ahead=1)
    assert image_of(again) == second
    assert [one.image.id for one in again.ahead] == [fourth]


def test_two_who_ask_at_once_get_two_images(desk: "Desk", bench: "Bench") -> None:
    add_images(desk, bench, 1)
    together = Barrier(2)

    def take_next(user_id: int) -> int | None:
        together.wait(timeout=30)
        return image_of(ask(desk, user_id))

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(take_next, [desk.anna, desk.ben]))
    assert len({*found, None}) == 3


def test_an_image_that_somebody_is_taking_is_passed_over_without_waiting(
    desk: "Desk", bench: "Bench"
) -> None:
    """The first one's transaction is held open until the second has an answer."""
    (second,) = add_images(desk, bench, 1)
    with ThreadPoolExecutor(1) as pool, desk.runtime.engine.begin() as connection:
        first = image_picking.pick(connection, desk.project_id, None, after=None, lock=True)
        assert first == desk.image.id
        taken = image_leases.take(
            connection, desk.project_id, first, user_id=desk.anna, duration=DURATION
        )
        assert taken is not None
        other = pool.submit(ask, desk, desk.ben).result(timeout=30)
        assert image_of(other) == second


@pytest.mark.parametrize("keeps", [True, False])
def test_the_last_image_is_waited_for_while_somebody_is_taking_it(
    desk: "Desk", keeps: bool
) -> None:
    """The first one's transaction is held open until the second waits for it."""
    with ThreadPoolExecutor(1) as pool, desk.runtime.engine.connect() as connection:
        transaction = connection.begin()
        images.lock(connection, desk.project_id, desk.image.id)
        image_leases.take(
            connection, desk.project_id, desk.image.id, user_id=desk.anna, duration=DURATION
        )
        other = pool.submit(ask, desk, desk.ben)
        wait_until_blocked(desk)
        assert not other.done()
        (transaction.commit if keeps else transaction.rollback)()
        assert image_of(other.result(timeout=30)) == (None if keeps else desk.image.id)


def test_two_who_wait_for_images_in_different_orders_do_not_wait_for_each_other(
    desk: "Desk", bench: "Bench"
) -> None:
    """The last two images are being submitted; who comes from the first begins with the second."""
    first, (second,) = desk.image.id, add_images(desk, bench, 1)
    with ThreadPoolExecutor(2) as pool:
        with submitting(desk, second):
            with submitting(desk, first):
                anna = pool.submit(ask, desk, desk.anna)
                wait_until_blocked(desk)
                ben = pool.submit(ask, desk, desk.ben, after=first)
                wait_until_blocked(desk, sessions=2)
            wait_until_blocked(desk, sessions=2)
        assert [image_of(one.result(timeout=60)) for one in (anna, ben)] == [None, None]


@contextmanager
def submitting(desk: "Desk", image_id: int) -> Iterator[None]:
    """Somebody's transaction, which is held open until the end of the block."""
    with desk.runtime.engine.begin() as connection:
        images.lock(connection, desk.project_id, image_id)
        images.set_state(connection, desk.project_id, image_id, ImageState.DONE)
        yield


def wait_until_blocked(desk: "Desk", *, sessions: int = 1) -> None:
    """Until so many sessions of the database wait for the lock of another."""
    blocked = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    deadline = time.monotonic() + 30
    with desk.runtime.engine.connect() as connection:
        watching = connection.execution_options(isolation_level="AUTOCOMMIT")
        while watching.execute(blocked).scalar_one() < sessions:
            assert time.monotonic() < deadline, "nobody waits"


def test_an_image_of_somebody_else_is_refused_with_who_and_until_when(desk: "Desk") -> None:
    held = labeling.take(desk.runtime, desk.project_id, desk.image.id, user_id=desk.anna)
    with pytest.raises(ImageLeasedError) as caught:
        labeling.take(desk.runtime, desk.project_id, desk.image.id, user_id=desk.ben)
    assert caught.value.fields == {
        "image": desk.image.id,
        "holder": "anna",
        "until": held.until.isoformat(timespec="seconds"),
    }


def test_an_image_that_is_done_can_be_opened_by_hand_and_does_not_come_next(desk: "Desk") -> None:
    with desk.runtime.engine.begin() as connection:
        images.set_state(connection, desk.project_id, desk.image.id, ImageState.DONE)
    assert labeling.take(desk.runtime, desk.project_id, desk.image.id, user_id=desk.anna)
    assert ask(desk, desk.anna) == Turn(None, None, (), left=0)


def test_a_lapsed_lease_goes_to_whoever_asks_next(desk: "Desk") -> None:
    mine = lease_of(ask(desk, desk.anna))
    lapse(desk, desk.image.id)
    theirs = ask(desk, desk.ben)
    assert image_of(theirs) == desk.image.id
    assert lease_of(theirs).token != mine.token
    with pytest.raises(ImageLeaseLostError) as caught:
        renew(desk, desk.anna, mine.token)
    assert caught.value.fields == {"image": desk.image.id, "holder": "ben"}


def test_a_lapsed_lease_that_nobody_took_goes_on(desk: "Desk") -> None:
    mine = lease_of(ask(desk, desk.anna))
    lapse(desk, desk.image.id)
    again = renew(desk, desk.anna, mine.token)
    assert (again.token, again.seconds) == (mine.token, 600.0)


def renew(desk: "Desk", user_id: int, token: uuid.UUID) -> Lease:
    return labeling.renew(
        desk.runtime, desk.project_id, desk.image.id, user_id=user_id, token=token
    )


def test_a_token_is_of_its_user(desk: "Desk") -> None:
    mine = lease_of(ask(desk, desk.anna))
    with pytest.raises(ImageLeaseLostError, match="now anna has it"):
        renew(desk, desk.ben, mine.token)


def test_an_image_that_is_given_back_is_free_and_giving_it_back_twice_is_no_error(
    desk: "Desk",
) -> None:
    mine = lease_of(ask(desk, desk.anna))
    for _ in range(2):
        labeling.give_back(
            desk.runtime, desk.project_id, desk.image.id, user_id=desk.anna, token=mine.token
        )
    with pytest.raises(ImageLeaseLostError, match="now nobody has it"):
        renew(desk, desk.anna, mine.token)
    assert image_of(ask(desk, desk.ben)) == desk.image.id


def test_giving_back_what_somebody_else_took_leaves_it_with_them(desk: "Desk") -> None:
    mine = lease_of(ask(desk, desk.anna))
    lapse(desk, desk.image.id)
    ask(desk, desk.ben)
    labeling.give_back(
        desk.runtime, desk.project_id, desk.image.id, user_id=desk.anna, token=mine.token
    )
    with desk.runtime.engine.connect() as connection:
        holder = image_leases.holder(connection, desk.project_id, desk.image.id)
    assert holder is not None
    assert holder.user == "ben"


def test_an_image_of_another_project_is_not_there(desk: "Desk", bench: "Bench") -> None:
    bench.project = "others"
    others, token = bench.make_project(), uuid.uuid4()
    with pytest.raises(NotFoundError, match="no image"):
        labeling.take(desk.runtime, others, desk.image.id, user_id=desk.anna)
    with pytest.raises(NotFoundError, match="no image"):
        labeling.renew(desk.runtime, others, desk.image.id, user_id=desk.anna, token=token)
    with pytest.raises(NotFoundError, match="no image"):
        labeling.give_back(desk.runtime, others, desk.image.id, user_id=desk.anna, token=token)
    assert labeling.next_turn(desk.runtime, others, user_id=desk.anna).image is None
