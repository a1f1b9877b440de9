"""A password opens a session, which ends; guessing is slowed down; nobody learns who exists."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from maskloop.platform.access import Principal
from maskloop.platform.errors import (
    BadPasswordError,
    CsrfRefusedError,
    NotSignedInError,
    TooManyAttemptsError,
    WrongPasswordError,
)
from maskloop.services import passwords
from maskloop.services.people import create_user, disable_user, enable_user, set_password
from maskloop.services.runtime import Runtime
from maskloop.services.sign_in import (
    local_principal,
    principal_of_cookie,
    sign_out,
    sign_out_everywhere,
    signs_in_by_itself,
)

if TYPE_CHECKING:
    from tests.integration.people.conftest import Door

HOUR = 3600
DAY = 24 * HOUR


def asked(door: "Door", cookie: str) -> Principal:
    return principal_of_cookie(door.runtime, door.cookies, cookie)


def test_a_password_opens_a_session_of_that_person(door: "Door") -> None:
    ann, bob = door.enter("ann"), door.enter("bob")
    assert asked(door, ann.cookie) == ann.principal
    assert (ann.principal.name, ann.principal.is_admin, ann.principal.how) == (
        "ann",
        True,
        "session",
    )
    assert (bob.principal.name, bob.principal.is_admin) == ("bob", False)
    door.cookies.check_csrf(ann.cookie, ann.csrf_token)
    with pytest.raises(CsrfRefusedError):
        door.cookies.check_csrf(ann.cookie, bob.csrf_token)


def test_the_database_holds_neither_password_nor_cookie(door: "Door") -> None:
    cookie = door.enter("ann").cookie
    with door.runtime.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT users, sessions FROM users, sessions")).all()
    assert "correct horse" not in str(rows)
    assert cookie.partition(".")[0] not in str(rows)


@pytest.mark.parametrize("name", ["ann", "nobody", "No Handle", "", "a\0b", "disabled", "tokens"])
def test_a_wrong_password_says_the_same_whoever_is_meant(door: "Door", name: str) -> None:
    create_user(door.runtime, "disabled", password="wrong password")
    disable_user(door.runtime, "disabled")
    create_user(door.runtime, "tokens")
    with pytest.raises(WrongPasswordError) as caught:
        door.enter(name, "wrong password")
    assert caught.value.fields == {}


@pytest.mark.parametrize("length", [0, 9, 1025])
def test_a_password_of_the_wrong_length_cannot_be_set(door: "Door", length: int) -> None:
    with pytest.raises(BadPasswordError) as caught:
        set_password(door.runtime, "ann", "x" * length)
    assert "xxx" not in str(caught.value)
    assert door.enter("ann").principal.name == "ann"


@pytest.mark.parametrize("password", ["x" * 10, "x" * 1024, "ééééé", "\ud800 half a pair"])
def test_a_password_may_be_anything_of_10_to_1024_bytes(door: "Door", password: str) -> None:
    set_password(door.runtime, "ann", password)
    assert door.enter("ann", password).principal.name == "ann"


def test_a_password_may_be_typed_in_either_spelling_of_unicode(door: "Door") -> None:
    set_password(door.runtime, "ann", "caf\u00e9 at noon")
    assert door.enter("ann", "cafe\u0301 at noon").principal.name == "ann"


def test_a_hash_of_other_parameters_is_renewed_when_the_password_is_given(
    door: "Door", argon2_as_shipped: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", argon2_as_shipped)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")
    with door.runtime.engine.begin() as connection:
        connection.execute(sa.text("UPDATE users SET password_hash = :weak"), {"weak": weak})
    door.enter("ann")
    with door.runtime.engine.connect() as connection:
        query = sa.text("SELECT password_hash FROM users ORDER BY name")
        ann, bob = connection.execute(query).scalars()
    assert bob == weak
    assert not PasswordHasher().check_needs_rehash(ann)
    assert door.enter("ann").principal.name == "ann"


def test_a_session_ends_when_it_was_silent_too_long(door: "Door") -> None:
    cookie = door.enter("ann").cookie
    door.age("sessions", expires_at=12 * HOUR - 60)
    asked(door, cookie)
    door.age("sessions", expires_at=120)
    with pytest.raises(NotSignedInError):
        asked(door, cookie)


def test_a_session_lasts_longer_for_being_seen_but_not_for_ever(door: "Door") -> None:
    cookie = door.enter("ann").cookie
    for _ in range(4):
        door.age("sessions", created_at=7 * DAY, last_seen_at=11 * HOUR, expires_at=11 * HOUR)
        asked(door, cookie)
    assert seconds_left(door) == pytest.approx(12 * HOUR, abs=60)
    door.age("sessions", created_at=2 * DAY - HOUR, last_seen_at=120)
    asked(door, cookie)
    assert seconds_left(door) == pytest.approx(HOUR, abs=60)
    door.age("sessions", created_at=HOUR, last_seen_at=HOUR, expires_at=HOUR)
    with pytest.raises(NotSignedInError):
        asked(door, cookie)


def seconds_left(door: "Door") -> float:
    with door.runtime.engine.connect() as connection:
        query = sa.text("SELECT extract(epoch FROM expires_at - now()) FROM sessions")
        return float(connection.execute(query).scalar_one())


def test_one_session_too_many_ends_the_one_that_was_silent_longest(door: "Door") -> None:
    settings = door.runtime.settings.model_copy(update={"sessions_per_user": 2})
    door.runtime = replace(door.runtime, settings=settings)
    first = door.enter("ann").cookie
    door.age("sessions", last_seen_at=30)
    second = door.enter("ann").cookie
    of_bob = door.enter("bob").cookie
    third = door.enter("ann").cookie
    with pytest.raises(NotSignedInError):
        asked(door, first)
    assert {asked(door, c).name for c in (second, third)} == {"ann"}
    assert asked(door, of_bob).name == "bob"


def test_signing_out_ends_one_session_or_all(door: "Door") -> None:
    one, two, three = (door.enter("ann") for _ in range(3))
    sign_out(door.runtime, door.cookies, one.cookie)
    sign_out(door.runtime, door.cookies, one.cookie)
    with pytest.raises(NotSignedInError):
        asked(door, one.cookie)
    assert asked(door, two.cookie).name == "ann"
    assert sign_out_everywhere(door.runtime, two.principal.user_id) == 2
    with pytest.raises(NotSignedInError):
        asked(door, three.cookie)


@pytest.mark.parametrize("change", ["password", "disable"])
def test_a_new_password_and_being_disabled_end_all_sessions(door: "Door", change: str) -> None:
    cookie = door.enter("bob").cookie
    if change == "password":
        set_password(door.runtime, "bob", "another horse")
    else:
        disable_user(door.runtime, "bob")
        enable_user(door.runtime, "bob")
    with pytest.raises(NotSignedInError):
        asked(door, cookie)


def test_expired_sessions_are_collected(door: "Door") -> None:
    door.enter("ann")
    door.age("sessions", expires_at=13 * HOUR)
    door.enter("bob")
    assert door.count("sessions") == 1


# --- guessing -------------------------------------------------------------------------------------


def guess(door: "Door", name: str, *, address: str) -> None:
    with pytest.raises(WrongPasswordError):
        door.enter(name, "a wrong guess", address=address)


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_five_wrong_guesses_at_a_name_close_it_for_a_quarter_of_an_hour(
    door: "Door", name: str
) -> None:
    for number in range(5):
        guess(door, name, address=f"192.0.2.{number}")
    door.age("login_failures", failed_at=600)
    with pytest.raises(TooManyAttemptsError) as caught:
        door.enter(name, address="192.0.2.99")
    assert caught.value.retryable
    assert 290 <= caught.value.args[0] <= 300
    assert door.enter("bob", address="192.0.2.99").principal.name == "bob"
    door.age("login_failures", failed_at=301)
    guess(door, name, address="192.0.2.99")


@pytest.mark.parametrize(
    ("addresses", "other"),
    [
        (["192.0.2.1"], "192.0.2.2"),
        (["::ffff:192.0.2.1", "192.0.2.1"], "::ffff:192.0.2.2"),
        (["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"], "2001:db8:0:1::1"),
        (["a socket"], "another"),
    ],
)
def test_twenty_wrong_guesses_from_an_address_close_it(
    door: "Door", addresses: list[str], other: str
) -> None:
    for number in range(20):
        guess(door, f"name{number}", address=addresses[number % len(addresses)])
    with pytest.raises(TooManyAttemptsError):
        door.enter("ann", address=addresses[0])
    assert door.enter("ann", address=other).principal.name == "ann"


def test_the_right_password_forgives_the_name_but_not_the_address(door: "Door") -> None:
    for number in range(4):
        guess(door, "ann", address=f"192.0.2.{number}")
    for number in range(19):
        guess(door, f"name{number}", address="198.51.100.1")
    door.enter("ann", address="198.51.100.1")
    guess(door, "ann", address="198.51.100.1")
    with pytest.raises(TooManyAttemptsError):
        door.enter("ann", address="198.51.100.1")
    assert door.enter("ann", address="192.0.2.1").principal.name == "ann"


def test_guesses_made_all_at_once_are_five_too(door: "Door") -> None:
    together = Barrier(8)

    def try_it(number: int) -> str:
        together.wait(timeout=30)
        try:
            door.enter("ann", "a wrong guess", address=f"192.0.2.{number}")
        except (WrongPasswordError, TooManyAttemptsError) as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(try_it, range(8)))
    assert outcomes == ["too_many_attempts"] * 3 + ["wrong_password"] * 5


def test_old_failures_are_collected(door: "Door") -> None:
    guess(door, "ann", address="192.0.2.1")
    door.age("login_failures", failed_at=901)
    guess(door, "bob", address="192.0.2.1")
    assert door.count("login_failures") == 1


# --- on the machine itself ------------------------------------------------------------------------


def test_without_users_the_one_on_the_machine_is_an_admin_made_once(runtime: Runtime) -> None:
    assert signs_in_by_itself(runtime)
    together = Barrier(4)

    def ask(_: int) -> Principal:
        together.wait(timeout=30)
        return local_principal(runtime)

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(ask, range(4)))
    assert len(found) == 1
    only = found.pop()
    assert (only.name, only.is_admin, only.how) == ("local", True, "local")
    create_user(runtime, "robot")
    assert signs_in_by_itself(runtime)
    assert local_principal(runtime) == only


def test_the_first_password_ends_signing_in_by_itself(runtime: Runtime) -> None:
    local_principal(runtime)
    create_user(runtime, "bob", password="correct horse")
    disable_user(runtime, "bob")
    assert not signs_in_by_itself(runtime)
    with pytest.raises(NotSignedInError):
        local_principal(runtime)
