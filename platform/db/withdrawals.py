"""Rows of `withdrawals`: answers that their author took back."""

from typing import Literal

import sqlalchemy as sa

from maskloop.platform.db.labeling_tables import reviews
from maskloop.platform.db.review_tables import (
    annotation_reviews,
    check_answers,
    votes,
    withdrawals,
)

Answer = Literal["review", "check_answer", "vote", "annotation_review"]

_TABLES = {
    "reviews": withdrawals.c.review_id,
    "check_answers": withdrawals.c.check_answer_id,
    "votes": withdrawals.c.vote_id,
    "annotation_reviews": withdrawals.c.annotation_review_id,
}


def insert(
    connection: sa.Connection, project_id: int, answer: Answer, answer_id: int, *, user_id: int
) -> None:
    values = {"project_id": project_id, f"{answer}_id": answer_id, "user_id": user_id}
    connection.execute(sa.insert(withdrawals).values(values))


def is_counted(table: sa.Table | sa.Subquery) -> sa.ColumnElement[bool]:
    """Of a row of `reviews`, `check_answers`, `votes` or `annotation_reviews`: it stands."""
    return ~sa.exists().where(_TABLES[table.name] == table.c.id)


def counted_of_card(
    connection: sa.Connection, project_id: int, answer: Answer, card_id: int
) -> int | None:
    """The id of the answer to a card that stands; there is one at most."""
    table = {
        "review": reviews,
        "check_answer": check_answers,
        "vote": votes,
        "annotation_review": annotation_reviews,
    }[answer]
    wanted = sa.select(table.c.id).where(
        table.c.project_id == project_id, table.c.card_id == card_id, is_counted(table)
    )
    found: int | None = connection.execute(wanted).scalar_one_or_none()
    return found
