"""Projects and their categories."""

import re
from collections.abc import Sequence

from maskloop.platform.db import projects
from maskloop.platform.db.projects import Project, ProjectSummary
from maskloop.platform.errors import BadNameError
from maskloop.services.runtime import Runtime

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def create_project(runtime: Runtime, name: str, categories: Sequence[str] = ()) -> Project:
    """Raises `BadNameError`, `AlreadyExistsError`."""
    if not _NAME.fullmatch(name):
        reason = "use up to 64 of a-z, 0-9, dot, dash and underscore, with a letter or digit first"
        raise BadNameError("project", name, reason)
    for category in categories:
        if not _is_category(category):
            reason = "use 1 to 100 printable characters, no spaces around"
            raise BadNameError("category", category, reason)
    with runtime.engine.begin() as connection:
        project = projects.create(connection, name)
        projects.add_categories(connection, project.id, categories)
        return project


def _is_category(name: str) -> bool:
    return 1 <= len(name) <= 100 and name.isprintable() and name == name.strip()


def find_project(runtime: Runtime, name: str) -> Project:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return projects.by_name(connection, name)


def list_projects(runtime: Runtime) -> list[ProjectSummary]:
    with runtime.engine.connect() as connection:
        return projects.summaries(connection)
