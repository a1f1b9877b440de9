"""A token acts as its person until it is revoked, expires, or they are disabled."""

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.errors import (
    BadNameError,
    BadParametersError,
    NotFoundError,
    NotSignedInError,
    TooManyTokensError,
)
from maskloop.services.people import disable_user, enable_user, set_password
from maskloop.services.tokens import authenticate, create_token, list_tokens, revoke_token

if TYPE_CHECKING:
    from tests.integration.people.conftest import Door

DAY = 24 * 3600


def test_a_token_acts_as_its_person_and_only_its_digest_is_stored(door: "Door") -> None:
    made = create_token(door.runtime, "bob", name="nightly upload")
    found = authenticate(door.runtime, made.text)
    assert (found.name, found.is_admin, found.how) == ("bob", False, "token")
    assert made.text.startswith("mlk_")
    assert len(made.text) == 47
    assert made.text.startswith(made.token.prefix)
    with door.runtime.engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM api_tokens")).one()
    assert row.token_digest == hashlib.sha256(made.text.encode()).digest()
    assert made.text not in str(row)


@pytest.mark.parametrize("text", ["", "mlk_", "mlk_" + "x" * 43, "a\0b", "\ud800"])
def test_a_token_that_was_never_made_is_refused(door: "Door", text: str) -> None:
    create_token(door.runtime, "bob", name="upload")
    with pytest.raises(NotSignedInError):
        authenticate(door.runtime, text)


def test_a_token_says_when_it_was_used_last(door: "Door") -> None:
    made = create_token(door.runtime, "bob", name="upload")
    assert made.token.last_used_at is None
    authenticate(door.runtime, made.text)
    (used,) = list_tokens(door.runtime, "bob")
    authenticate(door.runtime, made.text)
    assert list_tokens(door.runtime, "bob") == [used]
    door.age("api_tokens", last_used_at=61)
    authenticate(door.runtime, made.text)
    (again,) = list_tokens(door.runtime, "bob")
    assert used.last_used_at is not None
    assert again.last_used_at is not None
    assert again.last_used_at >= used.last_used_at


def test_a_token_expires_when_it_was_told_to(door: "Door") -> None:
    made = create_token(door.runtime, "bob", name="upload", days=2)
    door.age("api_tokens", expires_at=2 * DAY - 60)
    authenticate(door.runtime, made.text)
    door.age("api_tokens", expires_at=60)
    with pytest.raises(NotSignedInError):
        authenticate(door.runtime, made.text)


def test_a_revoked_token_is_refused_and_stays_in_the_list(door: "Door") -> None:
    one, two = (create_token(door.runtime, "bob", name=name) for name in ("one", "two"))
    revoked = revoke_token(door.runtime, one.token.id)
    assert revoke_token(door.runtime, one.token.id) == revoked
    with pytest.raises(NotSignedInError):
        authenticate(door.runtime, one.text)
    assert authenticate(door.runtime, two.text).name == "bob"
    listed = list_tokens(door.runtime, "bob")
    assert [token.id for token in listed] == [one.token.id, two.token.id]
    assert [token.revoked_at for token in listed] == [revoked.revoked_at, None]


def test_nobody_revokes_the_token_of_another_who_may_not(door: "Door") -> None:
    made = create_token(door.runtime, "bob", name="upload")
    ann = door.enter("ann").principal
    with pytest.raises(NotFoundError):
        revoke_token(door.runtime, made.token.id, of_user_id=ann.user_id)
    assert authenticate(door.runtime, made.text).name == "bob"
    revoke_token(door.runtime, made.token.id, of_user_id=made.token.user_id)
    with pytest.raises(NotSignedInError):
        authenticate(door.runtime, made.text)


def test_the_token_of_a_disabled_person_sleeps(door: "Door") -> None:
    made = create_token(door.runtime, "bob", name="upload")
    set_password(door.runtime, "bob", "another horse")
    assert authenticate(door.runtime, made.text).name == "bob"
    disable_user(door.runtime, "bob")
    with pytest.raises(NotSignedInError):
        authenticate(door.runtime, made.text)
    enable_user(door.runtime, "bob")
    assert authenticate(door.runtime, made.text).name == "bob"


def test_only_living_tokens_count_against_the_limit(door: "Door") -> None:
    settings = door.runtime.settings.model_copy(update={"tokens_per_user": 2})
    door.runtime = replace(door.runtime, settings=settings)
    first = create_token(door.runtime, "bob", name="first")
    create_token(door.runtime, "bob", name="second", days=1)
    with pytest.raises(TooManyTokensError) as caught:
        create_token(door.runtime, "bob", name="third")
    assert caught.value.fields == {"user": "bob", "most": 2}
    create_token(door.runtime, "ann", name="of another")
    revoke_token(door.runtime, first.token.id)
    create_token(door.runtime, "bob", name="third")
    door.age("api_tokens", expires_at=DAY + 1)
    create_token(door.runtime, "bob", name="fourth")


@pytest.mark.parametrize("name", ["", "x" * 101, "a\0b"])
def test_a_token_needs_a_name(door: "Door", name: str) -> None:
    with pytest.raises(BadNameError):
        create_token(door.runtime, "bob", name=name)


@pytest.mark.parametrize("days", [0, -1, 3651, float("nan"), float("inf")])
def test_days_that_are_no_time_are_refused(door: "Door", days: float) -> None:
    with pytest.raises(BadParametersError):
        create_token(door.runtime, "bob", name="upload", days=days)
