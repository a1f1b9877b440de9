"""API tokens: what programs show instead of a password. The text is shown once and not stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from maskloop.platform.access import Principal
from maskloop.platform.db import api_tokens, users
from maskloop.platform.db.api_tokens import ApiToken
from maskloop.platform.errors import (
    BadNameError,
    BadParametersError,
    NotSignedInError,
    TooManyTokensError,
)
from maskloop.services.runtime import Runtime

_START = "mlk_"
_SHOWN = len(_START) + 6
"""Characters that tell a person's tokens apart, of 47."""
_DAYS_MOST = 3650


@dataclass(frozen=True)
class NewToken:
    text: str
    token: ApiToken


def create_token(runtime: Runtime, user: str, *, name: str, days: float | None = None) -> NewToken:
    """It acts as the user. `days` until it expires; None: it does not.

    Raises `NotFoundError`, `BadNameError`, `BadParametersError`, `TooManyTokensError`.
    """
    if not (1 <= len(name) <= 100 and name.isprintable()):
        raise BadNameError("token", name, "use 1 to 100 printable characters")
    if days is not None and not 0 < days <= _DAYS_MOST:
        raise BadParametersError("days", days, f"give more than 0, and {_DAYS_MOST} at most")
    text = _START + secrets.token_urlsafe(32)
    most = runtime.settings.tokens_per_user
    with runtime.engine.begin() as connection:
        user_id = users.locked(connection, user).user.id
        if api_tokens.count_living(connection, user_id) >= most:
            raise TooManyTokensError(user, most)
        token = api_tokens.insert(
            connection,
            user_id,
            name=name,
            token_digest=token_digest(text),
            prefix=text[:_SHOWN],
            lasts=None if days is None else timedelta(days=days),
        )
    return NewToken(text, token)


def list_tokens(runtime: Runtime, user: str) -> list[ApiToken]:
    """Oldest first, the revoked ones too. Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return api_tokens.of_user(connection, users.by_name(connection, user).id)


def revoke_token(runtime: Runtime, token_id: int, *, of_user_id: int | None = None) -> ApiToken:
    """`of_user_id`: only if it is theirs. Revoking again is no error. Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        return api_tokens.revoke(connection, token_id, of_user_id=of_user_id)


def authenticate(runtime: Runtime, text: str) -> Principal:
    """Asks the database; `Principals` does so less often. Raises `NotSignedInError`."""
    digest = token_digest(text)
    with runtime.engine.begin() as connection:
        user = api_tokens.user_of_token(connection, digest)
    if user is None:
        raise NotSignedInError("the token is unknown, expired or revoked")
    return Principal(user.id, user.name, user.is_admin, "token")


def token_digest(text: str) -> bytes:
    """Under which it is stored. 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
