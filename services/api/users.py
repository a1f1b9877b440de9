"""/users: who can sign in here; for admins of the instance."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field, SecretStr

from maskloop.platform.access import Principal
from maskloop.platform.db.users import User
from maskloop.platform.errors import BadParametersError, NotFoundError
from maskloop.services import people
from maskloop.services.api.access import instance_admin
from maskloop.services.api.context import ApiContext, context_of

router = APIRouter(tags=["users"])
Admin = Annotated[Principal, Depends(instance_admin)]
UserName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class UserShown(BaseModel):
    """`has_password`: who has none acts by tokens only."""

    id: int
    name: str
    is_admin: bool
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime


class UserList(BaseModel):
    items: list[UserShown]


class NewUser(BaseModel):
    name: str = Field(max_length=64)
    is_admin: bool = Field(default=False, description="of the instance")
    password: SecretStr | None = None


class NewPassword(BaseModel):
    password: SecretStr


@router.get("/users", summary="All users, by name")
def list_all(request: Request, admin: Admin) -> UserList:
    found = people.list_users(context_of(request).runtime)
    return UserList(items=[_shown(user) for user in found])


@router.post("/users", status_code=201, summary="Make a user")
def create(request: Request, admin: Admin, new: NewUser) -> UserShown:
    """The first user with a password ends that one is signed in by being on the machine."""
    context = context_of(request)
    if new.password is not None:
        _check_somebody_can_manage(context, new.is_admin)
    password = None if new.password is None else new.password.get_secret_value()
    made = people.create_user(context.runtime, new.name, is_admin=new.is_admin, password=password)
    context.principals.forget()
    return _shown(made)


@router.put("/users/{name}/password", summary="Give a user a new password")
def set_password(request: Request, admin: Admin, name: UserName, new: NewPassword) -> UserShown:
    """Ends all sessions of the user; tokens stay."""
    context = context_of(request)
    _check_somebody_can_manage(context, _user(context, name).is_admin)
    people.set_password(context.runtime, name, new.password.get_secret_value())
    return _changed(context, name)


@router.post("/users/{name}/disable", summary="Keep a user out")
def disable(request: Request, admin: Admin, name: UserName) -> UserShown:
    """Ends all sessions; tokens are refused until the user is enabled again."""
    context = context_of(request)
    people.disable_user(context.runtime, name)
    return _changed(context, name)


@router.post("/users/{name}/enable", summary="Let a user in again")
def enable(request: Request, admin: Admin, name: UserName) -> UserShown:
    context = context_of(request)
    people.enable_user(context.runtime, name)
    return _changed(context, name)


@router.put("/users/{name}/admin", summary="Make a user an admin of the instance")
def grant_admin(request: Request, admin: Admin, name: UserName) -> UserShown:
    context = context_of(request)
    people.grant_admin(context.runtime, name)
    return _changed(context, name)


@router.delete("/users/{name}/admin", summary="Make an admin an ordinary user")
def revoke_admin(request: Request, admin: Admin, name: UserName) -> UserShown:
    context = context_of(request)
    people.revoke_admin(context.runtime, name)
    return _changed(context, name)


def _check_somebody_can_manage(context: ApiContext, is_admin: bool) -> None:
    """Once anybody has a password, nobody is let in without: the first must be an admin's."""
    if not is_admin and not people.has_admin(context.runtime):
        raise BadParametersError(
            "password", "(hidden)", "give one to an admin first, or nobody could manage users"
        )


def _changed(context: ApiContext, name: str) -> UserShown:
    context.principals.forget()
    return _shown(_user(context, name))


def _user(context: ApiContext, name: str) -> User:
    for user in people.list_users(context.runtime):
        if user.name == name:
            return user
    raise NotFoundError("user", name, "See them at /api/v1/users.")


def _shown(user: User) -> UserShown:
    return UserShown(
        id=user.id,
        name=user.name,
        is_admin=user.is_admin,
        has_password=user.has_password,
        disabled_at=user.disabled_at,
        created_at=user.created_at,
    )
