"""A project to freeze training sets of."""

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from maskloop.platform.db import projects
from maskloop.services.runtime import Runtime
from sites.set_room import Room

if TYPE_CHECKING:
    from sites.bench import Bench


@pytest.fixture
def room(runtime: Runtime, bench: "Bench") -> Room:
    project_id = bench.make_project(categories=["cat", "dog"])
    with runtime.engine.begin() as connection:
        cat, dog = projects.list_categories(connection, project_id)
        statement = "INSERT INTO users (name, is_admin) VALUES ('anna', false) RETURNING id"
        anna = connection.execute(sa.text(statement)).scalar_one()
    return Room(runtime, bench, project_id, anna, cat.id, dog.id)
