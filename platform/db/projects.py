"""Rows of `projects` and `categories`."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.tables import categories, images, projects
from maskloop.platform.errors import AlreadyExistsError, NotFoundError
from maskloop.platform.states import ProjectMode


@dataclass(frozen=True)
class Project:
    id: int
    name: str


@dataclass(frozen=True)
class Category:
    id: int
    name: str


@dataclass(frozen=True)
class ProjectSummary:
    project: Project
    categories: int
    images: int
    mode: ProjectMode


def create(connection: sa.Connection, name: str) -> Project:
    """Raises `AlreadyExistsError`."""
    statement = insert(projects).values(name=name).on_conflict_do_nothing().returning(projects.c.id)
    found = connection.execute(statement).scalar_one_or_none()
    if found is None:
        raise AlreadyExistsError("project", name, "Choose another name, or use that one.")
    return Project(found, name)


def by_name(connection: sa.Connection, name: str) -> Project:
    """Raises `NotFoundError` that lists the names there are."""
    found = connection.execute(
        sa.select(projects.c.id).where(projects.c.name == name)
    ).scalar_one_or_none()
    if found is None:
        names = connection.execute(
            sa.select(projects.c.name).order_by(projects.c.name).limit(10)
        ).scalars()
        hint = "There are: " + ", ".join(names)
        if hint == "There are: ":
            hint = f"Make it with: maskloop project create {name}"
        raise NotFoundError("project", name, hint)
    return Project(found, name)


def by_id(connection: sa.Connection, project_id: int) -> Project:
    """Raises `NotFoundError`."""
    name = connection.execute(
        sa.select(projects.c.name).where(projects.c.id == project_id)
    ).scalar_one_or_none()
    if name is None:
        raise _no_project(project_id)
    return Project(project_id, name)


def exists(connection: sa.Connection, project_id: int) -> bool:
    return connection.execute(
        sa.select(sa.exists().where(projects.c.id == project_id))
    ).scalar_one()


def summaries(connection: sa.Connection) -> list[ProjectSummary]:
    """All projects by name, with the number of their categories and images."""
    count_categories = (
        sa.select(sa.func.count()).where(categories.c.project_id == projects.c.id).scalar_subquery()
    )
    count_images = (
        sa.select(sa.func.count()).where(images.c.project_id == projects.c.id).scalar_subquery()
    )
    rows = connection.execute(
        sa.select(
            projects.c.id, projects.c.name, count_categories, count_images, projects.c.mode
        ).order_by(projects.c.name)
    )
    return [
        ProjectSummary(Project(row[0], row[1]), row[2], row[3], ProjectMode(row[4])) for row in rows
    ]


def mode(connection: sa.Connection, project_id: int) -> ProjectMode:
    """Raises `NotFoundError`."""
    found = connection.execute(
        sa.select(projects.c.mode).where(projects.c.id == project_id)
    ).scalar_one_or_none()
    if found is None:
        raise _no_project(project_id)
    return ProjectMode(found)


def set_mode(connection: sa.Connection, project_id: int, new: ProjectMode) -> ProjectMode:
    """What it was before; waits for others who set it. Raises `NotFoundError`."""
    before = connection.execute(
        sa.select(projects.c.mode)
        .where(projects.c.id == project_id)
        .with_for_update(key_share=True)
    ).scalar_one_or_none()
    if before is None:
        raise _no_project(project_id)
    connection.execute(sa.update(projects).where(projects.c.id == project_id).values(mode=new))
    return ProjectMode(before)


def _no_project(project_id: int) -> NotFoundError:
    return NotFoundError("project", str(project_id), "Look for it in the list of projects.")


def add_categories(connection: sa.Connection, project_id: int, names: Sequence[str]) -> None:
    """Those that exist already are left as they are."""
    if names:
        rows = [{"project_id": project_id, "name": name} for name in names]
        connection.execute(insert(categories).on_conflict_do_nothing(), rows)


def list_categories(connection: sa.Connection, project_id: int) -> list[Category]:
    rows = connection.execute(
        sa.select(categories.c.id, categories.c.name)
        .where(categories.c.project_id == project_id)
        .order_by(categories.c.id)
    )
    return [Category(row.id, row.name) for row in rows]


def category_by_id(connection: sa.Connection, project_id: int, category_id: int) -> Category:
    """Raises `NotFoundError`."""
    row = connection.execute(
        sa.select(categories.c.id, categories.c.name).where(
            categories.c.project_id == project_id, categories.c.id == category_id
        )
    ).one_or_none()
    if row is None:
        raise _no_category(category_id)
    return Category(row.id, row.name)


def add_category(connection: sa.Connection, project_id: int, name: str) -> Category:
    """Raises `AlreadyExistsError`."""
    statement = (
        insert(categories)
        .values(project_id=project_id, name=name)
        .on_conflict_do_nothing(index_elements=["project_id", "name"])
        .returning(categories.c.id)
    )
    made = connection.execute(statement).scalar_one_or_none()
    if made is None:
        raise _category_taken(name)
    return Category(made, name)


def rename_category(
    connection: sa.Connection, project_id: int, category_id: int, name: str
) -> Category:
    """Raises `NotFoundError`, `AlreadyExistsError`; after the latter nothing else can be done in
    this transaction."""
    statement = (
        sa.update(categories)
        .where(categories.c.project_id == project_id, categories.c.id == category_id)
        .values(name=name)
    )
    try:
        if connection.execute(statement).rowcount == 0:
            raise _no_category(category_id)
    except sa.exc.IntegrityError as error:
        raise _category_taken(name) from error
    return Category(category_id, name)


def _no_category(category_id: int) -> NotFoundError:
    return NotFoundError("category", str(category_id), "Look for it among the project's.")


def _category_taken(name: str) -> AlreadyExistsError:
    return AlreadyExistsError("category", name, "Choose another name, or use that one.")
