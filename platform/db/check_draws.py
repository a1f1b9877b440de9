"""Rows of `checks` that somebody has not been handed."""

import sqlalchemy as sa

from maskloop.platform.db.review_tables import cards, checks
from maskloop.platform.states import CheckKind, Defect, QueueSubject


def unseen(
    connection: sa.Connection,
    project_id: int,
    *,
    user_id: int,
    kind: CheckKind,
    subject: QueueSubject,
    limit: int,
) -> list[int]:
    """Ids, drawn at random. A wrong category shows only where cards have categories."""
    handed = sa.exists().where(
        cards.c.project_id == checks.c.project_id,
        cards.c.user_id == user_id,
        cards.c.check_id == checks.c.id,
    )
    wanted = sa.select(checks.c.id).where(
        checks.c.project_id == project_id,
        checks.c.kind == kind,
        checks.c.retired_at.is_(None),
        ~handed,
    )
    if subject is QueueSubject.PROPOSALS:
        wanted = wanted.where(checks.c.defect.is_distinct_from(Defect.WRONG_CATEGORY))
    statement = wanted.order_by(sa.func.random()).limit(limit)
    return list(connection.execute(statement).scalars())
