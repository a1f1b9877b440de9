"""/projects and /projects/{id}/categories"""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from maskloop.platform.access import Permission, Principal, Role
from maskloop.platform.db.projects import Category, list_categories
from maskloop.platform.states import ProjectMode
from maskloop.services import people, project_modes, projects
from maskloop.services.api.access import Id, ProjectAccess, instance_admin, project, signed_in
from maskloop.services.api.context import ApiContext, context_of
from maskloop.services.api.idempotency import OnceOnly

router = APIRouter(tags=["projects"])
Viewer = Annotated[ProjectAccess, Depends(project(Permission.VIEW))]
Manager = Annotated[ProjectAccess, Depends(project(Permission.MANAGE))]


class CategoryShown(BaseModel):
    id: int
    name: str


class ProjectListed(BaseModel):
    """`roles`: those of whoever asks."""

    id: int
    name: str
    images: int
    categories: int
    mode: ProjectMode
    roles: list[str]


class ProjectList(BaseModel):
    items: list[ProjectListed]


class ProjectShown(BaseModel):
    id: int
    name: str
    mode: ProjectMode
    categories: list[CategoryShown]
    roles: list[str]
    permissions: list[str]


class NewProject(BaseModel):
    name: str = Field(max_length=64)
    categories: list[str] = Field(default=[], max_length=1000)


class CategoryName(BaseModel):
    name: str = Field(max_length=100)


class CategoryList(BaseModel):
    items: list[CategoryShown]


@router.get("/projects", summary="The projects that one sees")
def list_all(request: Request, principal: Annotated[Principal, Depends(signed_in)]) -> ProjectList:
    context = context_of(request)
    mine = {found.id for found in people.projects_of(context.runtime, principal.user_id)}
    return ProjectList(
        items=[
            ProjectListed(
                id=found.project.id,
                name=found.project.name,
                images=found.images,
                categories=found.categories,
                mode=found.mode,
                roles=_roles(context, principal, found.project.id),
            )
            for found in projects.list_projects(context.runtime)
            if principal.is_admin or found.project.id in mine
        ]
    )


@router.post(
    "/projects",
    status_code=201,
    response_model=ProjectShown,
    summary="Make a project (admins of the instance)",
)
def create(
    new: NewProject, once: OnceOnly, principal: Annotated[Principal, Depends(instance_admin)]
) -> Response:
    def effect(connection: sa.Connection) -> ProjectShown:
        made = projects.create_in(connection, new.name, new.categories)
        found = list_categories(connection, made.id)
        return ProjectShown(
            id=made.id,
            name=made.name,
            mode=ProjectMode.ASSISTED,
            categories=_shown(found),
            roles=["admin"],
            permissions=sorted(Permission),
        )

    return once.do(principal, effect)


@router.get("/projects/{project_id}", summary="A project with its categories")
def get(request: Request, access: Viewer) -> ProjectShown:
    context = context_of(request)
    found = projects.project_by_id(context.runtime, access.project_id)
    return ProjectShown(
        id=found.id,
        name=found.name,
        mode=project_modes.mode_of(context.runtime, found.id),
        categories=_shown(projects.list_categories(context.runtime, found.id)),
        roles=sorted(context.principals.roles(access.principal, found.id)),
        permissions=sorted(access.permissions),
    )


@router.get("/projects/{project_id}/categories", summary="Its categories, as they were made")
def categories(request: Request, access: Viewer) -> CategoryList:
    found = projects.list_categories(context_of(request).runtime, access.project_id)
    return CategoryList(items=_shown(found))


@router.post("/projects/{project_id}/categories", status_code=201, summary="Add a category")
def add_category(request: Request, new: CategoryName, access: Manager) -> CategoryShown:
    made = projects.add_category(context_of(request).runtime, access.project_id, new.name)
    return CategoryShown(id=made.id, name=made.name)


@router.patch("/projects/{project_id}/categories/{category_id}", summary="Rename a category")
def rename_category(
    request: Request, category_id: Id, new: CategoryName, access: Manager
) -> CategoryShown:
    runtime = context_of(request).runtime
    found = projects.rename_category(runtime, access.project_id, category_id, new.name)
    return CategoryShown(id=found.id, name=found.name)


def _roles(context: ApiContext, principal: Principal, project_id: int) -> list[str]:
    """An admin of the instance is one of every project; others are looked up."""
    if principal.is_admin:
        return [Role.ADMIN.value]
    return sorted(context.principals.roles(principal, project_id))


def _shown(found: list[Category]) -> list[CategoryShown]:
    return [CategoryShown(id=category.id, name=category.name) for category in found]
