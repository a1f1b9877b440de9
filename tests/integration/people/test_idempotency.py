"""A request repeated with its key gets the first answer, and its effect happens once."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from pydantic import JsonValue

from maskloop.platform.db import idempotency, projects
from maskloop.platform.db.idempotency import Answer
from maskloop.platform.errors import BadParametersError, IdempotencyConflictError
from maskloop.services.people import list_users
from maskloop.services.projects import list_projects
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.integration.people.conftest import Door

DIGEST = hashlib.sha256(b"POST /projects cats").digest()
OTHER = hashlib.sha256(b"POST /projects dogs").digest()


@pytest.fixture
def user_id(door: "Door") -> int:
    return list_users(door.runtime)[0].id


def make(runtime: Runtime, user_id: int, key: str = "k1", name: str = "cats") -> Answer:
    """As a handler does it."""
    digest = hashlib.sha256(f"POST /projects {name}".encode()).digest()
    with runtime.engine.begin() as connection:
        earlier = idempotency.claim(connection, user_id=user_id, key=key, request_digest=digest)
        if earlier is not None:
            return earlier
        made = projects.create(connection, name)
        return idempotency.remember(
            connection, user_id=user_id, key=key, status=201, response={"id": made.id}
        )


def test_the_second_request_gets_the_first_answer(runtime: Runtime, user_id: int) -> None:
    first = make(runtime, user_id)
    assert first.status == 201
    assert make(runtime, user_id) == first
    assert len(list_projects(runtime)) == 1


@pytest.mark.parametrize("response", [None, [], "text", {"deep": [1, 2.5, None, {"a": "ü"}]}])
def test_any_document_is_given_back_as_it_was(
    runtime: Runtime, user_id: int, response: JsonValue
) -> None:
    with runtime.engine.begin() as connection:
        idempotency.claim(connection, user_id=user_id, key="k", request_digest=DIGEST)
        idempotency.remember(connection, user_id=user_id, key="k", status=200, response=response)
    with runtime.engine.begin() as connection:
        again = idempotency.claim(connection, user_id=user_id, key="k", request_digest=DIGEST)
    assert again == Answer(200, response)


def test_a_key_belongs_to_one_request_and_one_person(door: "Door", user_id: int) -> None:
    make(door.runtime, user_id)
    with pytest.raises(IdempotencyConflictError) as caught:
        make(door.runtime, user_id, name="dogs")
    assert caught.value.code == "idempotency_conflict"
    bob = list_users(door.runtime)[1].id
    assert make(door.runtime, bob, name="dogs").status == 201


def test_what_failed_left_no_key(runtime: Runtime, user_id: int) -> None:
    def fail() -> None:
        with runtime.engine.begin() as connection:
            idempotency.claim(connection, user_id=user_id, key="k1", request_digest=DIGEST)
            raise RuntimeError("the effect failed")

    with pytest.raises(RuntimeError, match="the effect failed"):
        fail()
    assert make(runtime, user_id).status == 201


def test_a_key_that_was_claimed_and_never_answered_is_refused(
    runtime: Runtime, user_id: int
) -> None:
    with runtime.engine.begin() as connection:
        idempotency.claim(connection, user_id=user_id, key="k1", request_digest=DIGEST)
    with pytest.raises(IdempotencyConflictError, match="left no answer"):
        make(runtime, user_id)


@pytest.mark.parametrize("key", ["", "x" * 201, "a\0b", "two\nlines"])
def test_a_key_that_cannot_be_one_is_refused(runtime: Runtime, user_id: int, key: str) -> None:
    with pytest.raises(BadParametersError):
        make(runtime, user_id, key)


@pytest.mark.parametrize("first_commits", [True, False])
def test_of_two_at_a_time_the_second_waits_for_the_first(
    runtime: Runtime, user_id: int, first_commits: bool
) -> None:
    """It waits on the row, sees the first's answer, or does the work when the first gave up."""
    claimed, may_end = Event(), Event()

    def first() -> None:
        with runtime.engine.connect() as connection, connection.begin() as transaction:
            assert (
                idempotency.claim(connection, user_id=user_id, key="k1", request_digest=DIGEST)
                is None
            )
            idempotency.remember(
                connection, user_id=user_id, key="k1", status=202, response={"first": True}
            )
            claimed.set()
            assert may_end.wait(timeout=30)
            if not first_commits:
                transaction.rollback()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert claimed.wait(timeout=30)
        two = pool.submit(make, runtime, user_id)
        try:
            deadline = time.monotonic() + 30
            while waiting(runtime) == 0:
                assert time.monotonic() < deadline, "the second does not wait"
            assert not two.done()
        finally:
            may_end.set()
        one.result(timeout=30)
        answer = two.result(timeout=30)
    if first_commits:
        assert answer == Answer(202, {"first": True})
        assert list_projects(runtime) == []
    else:
        assert answer.status == 201
        assert [s.project.name for s in list_projects(runtime)] == ["cats"]


def waiting(runtime: Runtime) -> int:
    """Transactions that wait for another one, in this database."""
    query = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with runtime.engine.connect() as connection:
        counted: int = connection.execute(sa.text(query)).scalar_one()
        return counted


def test_after_a_day_a_key_is_free_again_and_others_are_collected(
    door: "Door", user_id: int
) -> None:
    make(door.runtime, user_id, "k1")
    make(door.runtime, user_id, "k2", "dogs")
    door.age("idempotency_keys", created_at=24 * 3600 - 60)
    assert make(door.runtime, user_id, "k1").status == 201
    assert door.count("idempotency_keys") == 2
    door.age("idempotency_keys", created_at=120)
    assert make(door.runtime, user_id, "k1", "birds").status == 201
    assert door.count("idempotency_keys") == 1
