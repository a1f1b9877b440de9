"""How checks were answered, all people together: gold that was passed, planted errors that were let
through. What was withdrawn does not count."""

from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db.quality_rows import Period, counts
from maskloop.platform.db.review_tables import check_answers, checks, withdrawals
from maskloop.platform.states import CheckKind, Defect, Verdict


@dataclass(frozen=True)
class Answered:
    """Of one kind; `defect` is None for gold. `let_through`: accepted with the error in it."""

    kind: CheckKind
    defect: Defect | None
    answers: int
    passed: int
    let_through: int
    iou: float | None
    """The mean, of what people stood behind with the truth; None where nobody stood behind any."""


def of_project(connection: sa.Connection, project_id: int, period: Period) -> list[Answered]:
    """Gold first, then by defect; what nobody was asked is left out."""
    each = sa.func.count()
    waved = check_answers.c.verdict == Verdict.ACCEPTED
    rows = connection.execute(
        sa.select(
            checks.c.kind,
            checks.c.defect,
            each.label("answers"),
            each.filter(check_answers.c.passed).label("passed"),
            each.filter(waved, sa.not_(check_answers.c.passed)).label("let_through"),
            sa.cast(sa.func.avg(check_answers.c.iou), sa.Double).label("iou"),
        )
        .join(checks, checks.c.id == check_answers.c.check_id)
        .where(counts(check_answers, withdrawals.c.check_answer_id, project_id, period))
        .group_by(checks.c.kind, checks.c.defect)
        .order_by(checks.c.kind, checks.c.defect)
    )
    return [
        Answered(
            kind=CheckKind(row.kind),
            defect=None if row.defect is None else Defect(row.defect),
            answers=row.answers,
            passed=row.passed,
            let_through=row.let_through,
            iou=row.iou,
        )
        for row in rows
    ]
