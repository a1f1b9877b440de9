"""Who asks, and whether they may: what every route depends on.

A request is signed in by an API token, by a session's cookie, or, as long as nobody has a password
and only this machine can reach the server, by being there. Browsers send cookies and loopback
requests for any page that asks them to; so what changes something must come from our own origin,
and with a session also carry its CSRF token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import anyio
from anyio import CapacityLimiter
from fastapi import Depends, Path, Request

from maskloop.platform.access import Permission, Principal
from maskloop.platform.errors import (
    ForbiddenError,
    ForeignOriginError,
    NotFoundError,
    NotSignedInError,
)
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.sign_in import signs_in_by_itself

COOKIE: Final = "maskloop_session"
CSRF_HEADER: Final = "X-CSRF-Token"
MOST_ID: Final = 2**63 - 1
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOKUPS: Final = 16
"""Threads that ask the database who somebody is: a silent one must not hold up all others."""

Id = Annotated[int, Path(ge=1, le=MOST_ID)]


@dataclass(frozen=True)
class ProjectAccess:
    """Somebody who may do what the route asks for, in this project. `in_pass`: on an image that
    they label blindly, or, managing the project, look at."""

    principal: Principal
    project_id: int
    permissions: frozenset[Permission]
    in_pass: bool = False


async def signed_in(request: Request) -> Principal:
    """Raises `NotSignedInError`, `CsrfRefusedError`, `ForeignOriginError`."""
    context = context_of(request)
    principal: Principal = await _looked_up(request, lambda: _principal(context, request))
    return principal


def project(permission: Permission) -> Callable[..., Any]:
    """A dependency that gives `ProjectAccess`. Who is no member is told that there is no such
    project. Raises `NotFoundError`, `ForbiddenError`."""

    async def access(request: Request, project_id: Id) -> ProjectAccess:
        context = context_of(request)

        def look() -> ProjectAccess:
            principal = _principal(context, request)
            permissions = context.principals.permissions(principal, project_id)
            in_pass = Permission.VIEW in permissions and _is_in_pass(
                context, request, principal, permissions
            )
            return ProjectAccess(principal, project_id, permissions, in_pass)

        found: ProjectAccess = await _looked_up(request, look)
        if Permission.VIEW not in found.permissions:
            raise NotFoundError("project", str(project_id), "See yours at /api/v1/projects.")
        if permission not in found.permissions:
            raise ForbiddenError(found.principal.name, permission.value)
        request.state.in_pass = found.in_pass
        return found

    access.permission = permission  # type: ignore[attr-defined]
    return access


def _is_in_pass(
    context: ApiContext,
    request: Request,
    principal: Principal,
    permissions: frozenset[Permission],
) -> bool:
    """Others' passes are looked for among the project's images, where they are not."""
    owners = context.known_passes.owners(request.path_params, request.query_params)
    looks = Permission.MANAGE in permissions and request.method in _SAFE
    return bool(owners) and (looks or owners == {principal.user_id})


def instance_admin(principal: Annotated[Principal, Depends(signed_in)]) -> Principal:
    """Raises `ForbiddenError`."""
    if not principal.is_admin:
        raise ForbiddenError(principal.name, "instance.manage")
    return principal


async def _looked_up(request: Request, look: Callable[[], Any]) -> Any:
    limiter: CapacityLimiter = request.app.state.lookups
    return await anyio.to_thread.run_sync(look, limiter=limiter)


def new_limiter() -> CapacityLimiter:
    return CapacityLimiter(_LOOKUPS)


def _principal(context: ApiContext, request: Request) -> Principal:
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedInError("the Authorization header is not of the form: Bearer TOKEN")
        return context.principals.principal_of_token(token.strip())
    check_origin(request)
    cookie = request.cookies.get(COOKIE)
    if cookie is not None:
        # One that another instance left for this host keeps nobody out who needs none.
        try:
            principal = context.principals.principal_of_session(cookie)
        except NotSignedInError:
            if not (context.on_loopback and signs_in_by_itself(context.runtime)):
                raise
        else:
            if request.method not in _SAFE:
                context.cookies.check_csrf(cookie, request.headers.get(CSRF_HEADER))
            return principal
    if context.on_loopback:
        return context.principals.local_principal()
    raise NotSignedInError("the request carries no token and no session")


def check_origin(request: Request) -> None:
    """Raises `ForeignOriginError` for a change that another site's page asks the browser for."""
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    if foreign or site not in ("same-origin", "none"):
        raise ForeignOriginError(origin or site)
