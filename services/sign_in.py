"""Signing in by password, sessions, and the one who need not sign in."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from maskloop.platform.access import Principal
from maskloop.platform.db import login_failures, sessions, users
from maskloop.platform.db.users import User
from maskloop.platform.errors import AlreadyExistsError, NotSignedInError, WrongPasswordError
from maskloop.platform.settings import Settings
from maskloop.services.passwords import hash_password, is_outdated, is_password
from maskloop.services.people import LOCAL, is_user_name
from maskloop.services.runtime import Runtime
from maskloop.services.session_cookies import SessionCookies

_NO_NAME: Final = ""
"""All that cannot name a user are throttled as one; nobody is kept out by it."""


@dataclass(frozen=True)
class SignedIn:
    """`cookie` goes to the browser, HttpOnly; `csrf_token` to its page."""

    principal: Principal
    cookie: str
    csrf_token: str
    expires_at: datetime
    """Unless the session is seen again."""


def sign_in(
    runtime: Runtime, cookies: SessionCookies, *, name: str, password: str, address: str
) -> SignedIn:
    """Open a session. `address` is where the request came from, for the throttle.

    Raises `WrongPasswordError`, `TooManyAttemptsError`.
    """
    return _enter(runtime, cookies, name=name, password=password, address=address, new_hash=None)


def change_password(
    runtime: Runtime, cookies: SessionCookies, *, name: str, old: str, new: str, address: str
) -> SignedIn:
    """One's own. Ends all sessions and opens another; tokens stay.

    Raises `BadPasswordError`, `WrongPasswordError`, `TooManyAttemptsError`.
    """
    new_hash = hash_password(new)
    return _enter(runtime, cookies, name=name, password=old, address=address, new_hash=new_hash)


def _enter(
    runtime: Runtime,
    cookies: SessionCookies,
    *,
    name: str,
    password: str,
    address: str,
    new_hash: str | None,
) -> SignedIn:
    """Who knows the password comes in; with a new hash, only they do."""
    known = name if is_user_name(name) else _NO_NAME
    with runtime.engine.begin() as connection:
        login_failures.admit(connection, known, _source(address))
        password_hash = users.password_hash(connection, known)
    right = is_password(password_hash, password)
    if password_hash is None or not right:
        raise WrongPasswordError
    renewed = new_hash
    if renewed is None and is_outdated(password_hash):
        renewed = hash_password(password)
    cookie = cookies.new()
    with runtime.engine.begin() as connection:
        found = users.locked(connection, known)
        if found.password_hash != password_hash or found.user.disabled_at is not None:
            raise WrongPasswordError  # changed while the password was judged
        login_failures.forgive(connection, known)
        if renewed is not None:
            users.set_password_hash(connection, found.user.id, renewed)
        if new_hash is not None:
            sessions.end_all(connection, found.user.id)
        expires_at = sessions.open_one(
            connection,
            found.user.id,
            token_digest=cookies.digest(cookie),
            idle=_idle(runtime.settings),
            longest=_longest(runtime.settings),
            most=runtime.settings.sessions_per_user,
        )
    principal = _by_session(found.user)
    return SignedIn(principal, cookie, cookies.csrf_token(cookie), expires_at)


def principal_of_cookie(runtime: Runtime, cookies: SessionCookies, cookie: str) -> Principal:
    """Asks the database; `Principals` does so less often. Raises `NotSignedInError`."""
    digest = cookies.digest(cookie)
    idle, longest = _idle(runtime.settings), _longest(runtime.settings)
    with runtime.engine.begin() as connection:
        user = sessions.user_of_session(connection, digest, idle=idle, longest=longest)
    if user is None:
        raise NotSignedInError("the session has ended")
    return _by_session(user)


def sign_out(runtime: Runtime, cookies: SessionCookies, cookie: str) -> None:
    """Raises `NotSignedInError` for a cookie not of ours; an ended session is no error."""
    digest = cookies.digest(cookie)
    with runtime.engine.begin() as connection:
        sessions.end(connection, digest)


def sign_out_everywhere(runtime: Runtime, user_id: int) -> int:
    """End all sessions of the user; how many there were."""
    with runtime.engine.begin() as connection:
        return sessions.end_all(connection, user_id)


def signs_in_by_itself(runtime: Runtime) -> bool:
    """Whether nobody has a password yet. Only for requests from the machine itself."""
    with runtime.engine.connect() as connection:
        return not users.any_password(connection)


def local_principal(runtime: Runtime) -> Principal:
    """The user `local`, an admin, made when first asked for. For requests from the machine itself.

    Raises `NotSignedInError` once anybody has a password, or when `local` was disabled.
    """
    if not signs_in_by_itself(runtime):
        raise NotSignedInError("there are users with passwords here")
    user = local_user(runtime)
    if user.disabled_at is not None:
        raise NotSignedInError(f"the user {LOCAL} is disabled")
    return Principal(user.id, user.name, user.is_admin, "local")


def local_user(runtime: Runtime) -> User:
    """Whom what commands on this machine make is ascribed to; made when first asked for."""
    with runtime.engine.connect() as connection:
        known = {user.name: user for user in users.list_all(connection)}
    return known.get(LOCAL) or _make_local(runtime)


def _make_local(runtime: Runtime) -> User:
    try:
        with runtime.engine.begin() as connection:
            return users.create(connection, LOCAL, is_admin=True, password_hash=None)
    except AlreadyExistsError:  # by another process, just now
        with runtime.engine.connect() as connection:
            return users.by_name(connection, LOCAL)


def _by_session(user: User) -> Principal:
    return Principal(user.id, user.name, user.is_admin, "session")


def _idle(settings: Settings) -> timedelta:
    return timedelta(hours=settings.session_hours)


def _longest(settings: Settings) -> timedelta:
    return timedelta(days=settings.session_days_most)


def _source(address: str) -> str:
    """An IPv6 network of 64 bits is one source: whoever has one has all its addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a socket file, a name
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, 64), strict=False))
