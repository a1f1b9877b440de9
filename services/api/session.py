"""/session: signing in by password, who one is, and signing out."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from maskloop.platform.access import Principal
from maskloop.platform.errors import NotSignedInError
from maskloop.services import people, projects, sign_in
from maskloop.services.api.access import COOKIE, CSRF_HEADER, check_origin, signed_in
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.sign_in import SignedIn

router = APIRouter(tags=["session"])
Someone = Annotated[Principal, Depends(signed_in)]
_SECONDS_OF_DAY = 24 * 60 * 60


class Credentials(BaseModel):
    name: str = Field(max_length=200)
    password: SecretStr


class PasswordChange(BaseModel):
    old: SecretStr
    new: SecretStr


class WhoShown(BaseModel):
    id: int
    name: str
    is_admin: bool = Field(description="of the instance")


class ProjectRoles(BaseModel):
    id: int
    name: str
    roles: list[str]


class SessionShown(BaseModel):
    """`how`: session, token or local. `csrf_token` goes with every change as `X-CSRF-Token`; only
    a session has one."""

    user: WhoShown
    how: str
    csrf_token: str | None
    projects: list[ProjectRoles]


class SessionOpened(SessionShown):
    """`expires_at`: unless it is used until then."""

    expires_at: datetime


@router.post("/session", status_code=201, summary="Sign in by password")
def open_session(request: Request, response: Response, given: Credentials) -> SessionOpened:
    """Sets the session's cookie. After some wrong passwords one has to wait (429)."""
    check_origin(request)
    context = context_of(request)
    opened = sign_in.sign_in(
        context.runtime,
        context.cookies,
        name=given.name,
        password=given.password.get_secret_value(),
        address=_address(request),
    )
    return _opened(request, response, opened)


@router.get("/session", summary="Who one is, and what one may see")
def who(request: Request, response: Response, principal: Someone) -> SessionShown:
    response.headers["Cache-Control"] = "no-store"
    context = context_of(request)
    by_session = principal.how == "session"
    token = context.cookies.csrf_token(request.cookies[COOKIE]) if by_session else None
    return _shown(context, principal, token)


@router.delete("/session", status_code=204, summary="Sign out")
def close_session(request: Request) -> Response:
    """Also takes away the cookie of a session that has ended already."""
    check_origin(request)
    context = context_of(request)
    answer = Response(status_code=204)
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return answer
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=_is_secure(request))
    try:
        context.cookies.check_csrf(cookie, request.headers.get(CSRF_HEADER))
    except NotSignedInError:  # not made here
        return answer
    sign_in.sign_out(context.runtime, context.cookies, cookie)
    context.principals.forget()
    return answer


@router.put("/session/password", summary="Change one's own password")
def change_password(
    request: Request, response: Response, principal: Someone, given: PasswordChange
) -> SessionOpened:
    """Ends all one's sessions and opens another; tokens stay."""
    context = context_of(request)
    opened = sign_in.change_password(
        context.runtime,
        context.cookies,
        name=principal.name,
        old=given.old.get_secret_value(),
        new=given.new.get_secret_value(),
        address=_address(request),
    )
    return _opened(request, response, opened)


def _opened(request: Request, response: Response, opened: SignedIn) -> SessionOpened:
    context = context_of(request)
    context.principals.forget()
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        COOKIE,
        opened.cookie,
        max_age=round(context.runtime.settings.session_days_most * _SECONDS_OF_DAY),
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )
    shown = _shown(context, opened.principal, opened.csrf_token)
    return SessionOpened(**shown.model_dump(), expires_at=opened.expires_at)


def _shown(context: ApiContext, principal: Principal, csrf_token: str | None) -> SessionShown:
    if principal.is_admin:
        seen = [found.project for found in projects.list_projects(context.runtime)]
    else:
        seen = people.projects_of(context.runtime, principal.user_id)
    return SessionShown(
        user=WhoShown(id=principal.user_id, name=principal.name, is_admin=principal.is_admin),
        how=principal.how,
        csrf_token=csrf_token,
        projects=[
            ProjectRoles(
                id=project.id,
                name=project.name,
                roles=sorted(context.principals.roles(principal, project.id)),
            )
            for project in seen
        ],
    )


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
