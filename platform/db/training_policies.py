"""Rows of `training_policies`: one for each project that has its own."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maskloop.platform.db.learning_tables import training_policies
from maskloop.platform.db.people_tables import users
from maskloop.platform.training import Policy


@dataclass(frozen=True)
class KeptPolicy:
    """`updated_by` is a name; None where nobody changed the defaults."""

    policy: Policy
    updated_by_id: int | None = None
    updated_by: str | None = None
    updated_at: datetime | None = None


def of_project(connection: sa.Connection, project_id: int) -> KeptPolicy:
    """The defaults, where the project has none of its own."""
    row = connection.execute(
        sa.select(training_policies, users.c.name)
        .join(users, users.c.id == training_policies.c.updated_by)
        .where(training_policies.c.project_id == project_id)
    ).one_or_none()
    if row is None:
        return KeptPolicy(Policy())
    return KeptPolicy(Policy.model_validate(row.policy), row.updated_by, row.name, row.updated_at)


def put(connection: sa.Connection, project_id: int, policy: Policy, *, by: int) -> None:
    given = {
        "policy": policy.model_dump(mode="json"),
        "updated_by": by,
        "updated_at": sa.func.now(),
    }
    connection.execute(
        insert(training_policies)
        .values(project_id=project_id, **given)
        .on_conflict_do_update(index_elements=["project_id"], set_=given)
    )


def automatic(connection: sa.Connection) -> list[int]:
    """The projects whose trainings begin by themselves."""
    wanted = training_policies.c.policy["triggers"]["automatic"].as_boolean()
    return list(
        connection.execute(
            sa.select(training_policies.c.project_id)
            .where(wanted)
            .order_by(training_policies.c.project_id)
        ).scalars()
    )
