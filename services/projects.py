"""Projects and their categories."""

import re
from collections.abc import Sequence

import sqlalchemy as sa

from maskloop.platform.db import projects
from maskloop.platform.db.projects import Category, Project, ProjectSummary
from maskloop.platform.errors import BadNameError, NotFoundError
from maskloop.services.runtime import Runtime

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def create_project(runtime: Runtime, name: str, categories: Sequence[str] = ()) -> Project:
    """Raises `BadNameError`, `AlreadyExistsError`."""
    with runtime.engine.begin() as connection:
        return create_in(connection, name, categories)


def _check_category(name: str) -> None:
    if not (1 <= len(name) <= 100 and name.isprintable() and name == name.strip()):
        reason = "use 1 to 100 printable characters, no spaces around"
        raise BadNameError("category", name, reason)


def project_by_id(runtime: Runtime, project_id: int) -> Project:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return projects.by_id(connection, project_id)


def list_categories(runtime: Runtime, project_id: int) -> list[Category]:
    """In the order they were made."""
    with runtime.engine.connect() as connection:
        return projects.list_categories(connection, project_id)


def category_by_id(runtime: Runtime, project_id: int, category_id: int) -> Category:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return projects.category_by_id(connection, project_id, category_id)


def category_by_name(runtime: Runtime, project_id: int, name: str) -> Category:
    """Raises `NotFoundError` that lists the names there are."""
    found = list_categories(runtime, project_id)
    for category in found:
        if category.name == name:
            return category
    hint = f"There are: {', '.join(one.name for one in found)}" if found else "There is none yet."
    raise NotFoundError("category", name, hint)


def add_category(runtime: Runtime, project_id: int, name: str) -> Category:
    """Raises `BadNameError`, `AlreadyExistsError`."""
    _check_category(name)
    with runtime.engine.begin() as connection:
        return projects.add_category(connection, project_id, name)


def rename_category(runtime: Runtime, project_id: int, category_id: int, name: str) -> Category:
    """Annotations keep their category. Raises `BadNameError`, `NotFoundError`,
    `AlreadyExistsError`."""
    _check_category(name)
    with runtime.engine.begin() as connection:
        return projects.rename_category(connection, project_id, category_id, name)


def find_project(runtime: Runtime, name: str) -> Project:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return projects.by_name(connection, name)


def create_in(connection: sa.Connection, name: str, categories: Sequence[str]) -> Project:
    """`create_project` in the caller's transaction."""
    if not _NAME.fullmatch(name):
        reason = "use up to 64 of a-z, 0-9, dot, dash and underscore, with a letter or digit first"
        raise BadNameError("project", name, reason)
    for category in categories:
        _check_category(category)
    project = projects.create(connection, name)
    projects.add_categories(connection, project.id, categories)
    return project


def list_projects(runtime: Runtime) -> list[ProjectSummary]:
    with runtime.engine.connect() as connection:
        return projects.summaries(connection)
