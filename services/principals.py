"""Who asks, and what they may do: every request's first question, answered from memory."""

import time
from collections.abc import Callable

from maskloop.platform.access import Permission, Principal, Role, allowed
from maskloop.platform.db import members, projects
from maskloop.services import sign_in, tokens
from maskloop.services.access_cache import AccessCache
from maskloop.services.runtime import Runtime
from maskloop.services.session_cookies import SessionCookies

__all__ = ["Principal", "Principals"]

_MOST = 10_000
"""Entries of each kind that are kept."""


class Principals:
    """A revocation acts within the setting `access_cache_seconds`; within the process that makes
    it at once, if it calls `forget`. While the database does not answer, what was read less than
    `access_cache.OUTAGE_SECONDS` ago holds.
    """

    def __init__(
        self,
        runtime: Runtime,
        cookies: SessionCookies,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime, self._cookies = runtime, cookies
        seconds = runtime.settings.access_cache_seconds
        self._people: AccessCache[tuple[str, bytes], Principal] = AccessCache(
            seconds, most=_MOST, clock=clock
        )
        self._roles: AccessCache[tuple[int, int, bool], frozenset[Role]] = AccessCache(
            seconds, most=_MOST, clock=clock
        )

    def principal_of_session(self, cookie: str) -> Principal:
        """Raises `NotSignedInError`, `DatabaseUnavailableError`."""
        key = ("session", self._cookies.digest(cookie))
        return self._people.get(
            key, lambda: sign_in.principal_of_cookie(self._runtime, self._cookies, cookie)
        )

    def principal_of_token(self, text: str) -> Principal:
        """Raises `NotSignedInError`, `DatabaseUnavailableError`."""
        key = ("token", tokens.token_digest(text))
        return self._people.get(key, lambda: tokens.authenticate(self._runtime, text))

    def local_principal(self) -> Principal:
        """For requests from the machine itself. Raises `NotSignedInError` once there are passwords,
        `DatabaseUnavailableError`."""
        return self._people.get(("local", b""), lambda: sign_in.local_principal(self._runtime))

    def roles(self, principal: Principal, project_id: int) -> frozenset[Role]:
        """Empty for somebody who is no member, and where there is no such project. Raises
        `DatabaseUnavailableError`."""
        return self._roles.get(
            (project_id, principal.user_id, principal.is_admin),
            lambda: self._read_roles(principal, project_id),
        )

    def permissions(self, principal: Principal, project_id: int) -> frozenset[Permission]:
        """Empty for somebody who is no member. Raises `DatabaseUnavailableError`."""
        return allowed(self.roles(principal, project_id))

    def forget(self) -> None:
        """After a change of people in this process: sign-out, revocation, roles."""
        self._people.forget()
        self._roles.forget()

    def _read_roles(self, principal: Principal, project_id: int) -> frozenset[Role]:
        with self._runtime.engine.connect() as connection:
            if principal.is_admin:
                there = projects.exists(connection, project_id)
                return frozenset({Role.ADMIN}) if there else frozenset()
            return members.roles_of(connection, project_id, principal.user_id)
