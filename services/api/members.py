"""/projects/{id}/members: who may do what in a project."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from maskloop.platform.access import Permission, Role
from maskloop.platform.db.members import Member
from maskloop.services import people, projects
from maskloop.services.api.access import ProjectAccess, project
from maskloop.services.api.context import context_of
from maskloop.services.api.users import UserName

router = APIRouter(tags=["members"])
Manager = Annotated[ProjectAccess, Depends(project(Permission.MANAGE))]


class MemberShown(BaseModel):
    user_id: int
    name: str
    roles: list[Role]
    is_disabled: bool


class MemberList(BaseModel):
    items: list[MemberShown]


class NewRoles(BaseModel):
    roles: set[Role] = Field(min_length=1)


@router.get("/projects/{project_id}/members", summary="Members with their roles, by name")
def list_all(request: Request, access: Manager) -> MemberList:
    runtime = context_of(request).runtime
    project_id = projects.project_by_id(runtime, access.project_id).id
    found = people.list_members(runtime, project_id)
    return MemberList(items=[_shown(member) for member in found])


@router.put("/projects/{project_id}/members/{name}", summary="Give a user these roles, no others")
def set_roles(request: Request, access: Manager, name: UserName, new: NewRoles) -> MemberShown:
    """Also makes them a member."""
    context = context_of(request)
    member = people.set_roles(
        context.runtime,
        access.project_id,
        name,
        roles=new.roles,
        by=access.principal.user_id,
    )
    context.principals.forget()
    return _shown(member)


@router.delete("/projects/{project_id}/members/{name}", status_code=204, summary="Remove a member")
def remove(request: Request, access: Manager, name: UserName) -> Response:
    """What they made stays."""
    context = context_of(request)
    by = access.principal.user_id
    people.remove_member(context.runtime, access.project_id, name, by=by)
    context.principals.forget()
    return Response(status_code=204)


def _shown(member: Member) -> MemberShown:
    return MemberShown(
        user_id=member.user_id,
        name=member.name,
        roles=sorted(member.roles),
        is_disabled=member.is_disabled,
    )
