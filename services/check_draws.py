"""Which check somebody is handed: one that looks like the queue's other cards, and that they were
not asked yet in whatever queue."""

import sqlalchemy as sa

from maskloop.platform.db import check_picking
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
    return check_picking.pick(connection, project_id, queue, kind, user_id=user_id, limit=count)
