"""Checks: what people are asked though the answer is known, and what is made of their answers.

`services/gold.py` and `services/planting.py` make them. They stand in tables of their own, which
neither exports nor training sets read.
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from maskloop.actors.evaluation.boundaries import boundary_f
from maskloop.platform.check_rules import Standpoint, in_words, is_passed
from maskloop.platform.db import (
    audit_events,
    cards,
    check_answers,
    check_figures,
    check_sources,
    checks,
    projects,
    queues,
)
from maskloop.platform.db.check_answers import NewCheckAnswer
from maskloop.platform.db.check_figures import Tally
from maskloop.platform.db.check_sources import Truth
from maskloop.platform.db.checks import Check
from maskloop.platform.errors import BadParametersError
from maskloop.platform.evaluation import Protocol
from maskloop.platform.masks import Rle, iou_matrix
from maskloop.platform.states import CheckKind, Defect, QueueSubject, Verdict
from maskloop.services.annotations import checked
from maskloop.services.reviews import Judgement
from maskloop.services.runtime import Runtime

_TOLERANCE: Final = Protocol().boundary_tolerance
"""Of boundary F; as versions are measured by."""


@dataclass(frozen=True)
class Feedback:
    """What a person may be told of their answer. `text` says it in words; `truth` and `category_id`
    are what was right."""

    passed: bool
    iou: float | None
    """Of what they stood behind, with the truth; None where they rejected."""
    boundary_f: float | None
    text: str
    truth: Rle
    category_id: int


@dataclass(frozen=True)
class Answered:
    """`answer_id`: in `check_answers`."""

    answer_id: int
    feedback: Feedback


@dataclass(frozen=True)
class Listed:
    check: Check
    tally: Tally


@dataclass(frozen=True)
class _Stance:
    """The mask and the category that a person stood behind; None, None where they rejected."""

    rle: Rle | None
    category_id: int | None


def judge_in(
    connection: sa.Connection,
    project_id: int,
    check: Check,
    judgement: Judgement,
    *,
    card_id: int,
    user_id: int,
) -> Answered:
    """Judge an answer to a check and store it, in the caller's transaction, which has locked the
    card.

    Raises what a verdict on a proposal raises for a category or a mask that cannot be.
    """
    truth = check_sources.truth(connection, project_id, check.new.truth)
    stance = _stance(connection, project_id, check, judgement, card_id)
    iou, boundary = _measured(stance.rle, truth)
    standpoint = Standpoint(judgement.verdict, iou, stance.category_id == truth.category_id)
    passed = is_passed(check.new.kind, check.new.defect, standpoint)
    answer = NewCheckAnswer(
        check_id=check.id,
        card_id=card_id,
        user_id=user_id,
        verdict=judgement.verdict,
        category_id=stance.category_id,
        counts=stance.rle.counts if judgement.mask and stance.rle else None,
        reason=judgement.reason,
        seconds=judgement.seconds,
        passed=passed,
        iou=iou,
        boundary_f=boundary,
    )
    category = projects.category_by_id(connection, project_id, truth.category_id).name
    text = in_words(check.new.defect, standpoint, category)
    return Answered(
        check_answers.insert(connection, project_id, answer),
        Feedback(passed, iou, boundary, text, truth.rle, truth.category_id),
    )


def _stance(
    connection: sa.Connection, project_id: int, check: Check, judgement: Judgement, card_id: int
) -> _Stance:
    if judgement.verdict is Verdict.REJECTED:
        return _Stance(None, None)
    if judgement.mask is not None:
        drawn = checked(connection, project_id, check.new.image_id, judgement.mask)
        return _Stance(drawn.mask.rle, drawn.category_id)
    category_id = judgement.category_id
    if category_id is None:
        category_id = _shown_category(connection, project_id, check, card_id)
    chosen = projects.category_by_id(connection, project_id, category_id)
    return _Stance(check.new.mask.rle, chosen.id)


def _shown_category(connection: sa.Connection, project_id: int, check: Check, card_id: int) -> int:
    """Who accepts a mask of people without saying more accepts its category."""
    queue_id = cards.by_id(connection, project_id, card_id).queue_id
    if queues.by_id(connection, project_id, queue_id).plan.subject is QueueSubject.PROPOSALS:
        raise BadParametersError("category_id", None, "an accepted mask needs a category")
    return check.new.category_id


def _measured(shown: Rle | None, truth: Truth) -> tuple[float | None, float | None]:
    """IoU and boundary F with the truth."""
    if shown is None:
        return None, None
    if shown == truth.rle:
        return 1.0, 1.0
    iou = float(iou_matrix([shown], [truth.rle])[0, 0])
    return iou, boundary_f(shown.decode(), truth.rle.decode(), _TOLERANCE)


def page(
    runtime: Runtime,
    project_id: int,
    *,
    before: int | None = None,
    limit: int = 100,
    kind: CheckKind | None = None,
    defect: Defect | None = None,
    retired: bool | None = None,
) -> list[Listed]:
    """Newest first, older than the id `before`; what is None lets everything through."""
    with runtime.engine.connect() as connection:
        found = checks.page(
            connection,
            project_id,
            before=before,
            limit=limit,
            kind=kind,
            defect=defect,
            retired=retired,
        )
        return listed_in(connection, project_id, found)


def listed_in(connection: sa.Connection, project_id: int, found: list[Check]) -> list[Listed]:
    tallies = check_figures.tallies(connection, project_id, [one.id for one in found])
    return [Listed(one, tallies.get(one.id, Tally(0, 0))) for one in found]


def retire(runtime: Runtime, project_id: int, check_id: int, *, by: int) -> None:
    """Nobody is asked any more; the answers stay and count. Gold stays out of training, since sets
    may measure versions by it. A second time nothing happens. Raises `NotFoundError`."""
    with runtime.engine.begin() as connection:
        checks.by_id(connection, project_id, check_id)
        if checks.retire(connection, project_id, [check_id]):
            audit_events.record(
                connection,
                project_id=project_id,
                user_id=by,
                action="retired",
                subject="check",
                subject_id=check_id,
            )
