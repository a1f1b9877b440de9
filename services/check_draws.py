"""Which check somebody is handed: one that they have not seen, in whatever queue."""

import sqlalchemy as sa

from maskloop.platform.db import check_draws
from maskloop.platform.db.queues import Queue
from maskloop.platform.states import CheckKind


def draw_in(
    connection: sa.Connection,
    project_id: int,
    queue: Queue,
    user_id: int,
    kind: CheckKind,
    *,
    count: int,
) -> list[int]:
    """Ids of up to `count` checks of a kind, in no order, each as likely as the other."""
    return check_draws.unseen(
        connection,
        project_id,
        user_id=user_id,
        kind=kind,
        subject=queue.plan.subject,
        limit=count,
    )
