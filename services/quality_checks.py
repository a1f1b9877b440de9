"""What answers to checks say of people, of categories and of model versions.

Answers that were withdrawn do not count; how many they were is told beside.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from maskloop.platform.db import check_figures, projects
from maskloop.platform.db.check_figures import Judged
from maskloop.platform.db.quality_rows import EVER, Period, today
from maskloop.platform.reviewer_skill import GoldAnswer, PlantedAnswer, Skill, skill_of
from maskloop.platform.states import CheckKind, Defect, Verdict
from maskloop.services.quality import check_period
from maskloop.services.runtime import Runtime

Key = TypeVar("Key", int, str, tuple[str, int])


@dataclass(frozen=True)
class CheckQuality:
    """`skill` has the figures, with their intervals; of the answers to planted errors and to gold
    so many were right."""

    skill: Skill
    planted: int
    planted_passed: int
    gold: int
    gold_passed: int


@dataclass(frozen=True)
class PersonQuality:
    """`withdrawn`: answers to checks that they took back."""

    user_id: int
    user: str
    withdrawn: int
    quality: CheckQuality


@dataclass(frozen=True)
class Quality:
    """By name, and by number of the version that was shown. Where they are one person's, the
    categories and versions are, too. `as_of`: what they leave out was said from then on; None:
    nothing."""

    people: Sequence[PersonQuality]
    categories: dict[str, CheckQuality]
    versions: dict[int, CheckQuality]
    as_of: datetime | None


def of_project(
    runtime: Runtime, project_id: int, period: Period = EVER, *, user_id: int | None = None
) -> Quality:
    """From all answers that stand; of everybody, or of one person: then as of the beginning of
    UTC's day, since figures that moved with an answer would tell that it was one to a check.

    Raises `NotFoundError`, and `BadParametersError` for a period that ends before it begins.
    """
    check_period(period)
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        as_of = None if user_id is None else today(connection)
        period = replace(period, as_of=as_of)
        answers = check_figures.judged(connection, project_id, period, user_id=user_id)
        withdrawn = check_figures.withdrawn(connection, project_id, period)
    of_people = _grouped(answers, lambda one: (one.user, one.user_id))
    of_versions = _grouped(answers, lambda one: one.model_version_id or 0)
    return Quality(
        people=[
            PersonQuality(number, name, withdrawn.get(number, 0), found)
            for (name, number), found in of_people.items()
        ],
        categories=_grouped(answers, lambda one: one.category),
        versions={version: found for version, found in of_versions.items() if version},
        as_of=as_of,
    )


def _grouped(answers: Sequence[Judged], key: Callable[[Judged], Key]) -> dict[Key, CheckQuality]:
    """In the order of the keys."""
    groups: dict[Key, list[Judged]] = defaultdict(list)
    for answer in answers:
        groups[key(answer)].append(answer)
    return {one: _quality(groups[one]) for one in sorted(groups)}


def _quality(answers: Sequence[Judged]) -> CheckQuality:
    planted = [one for one in answers if one.kind is CheckKind.PLANTED]
    gold = [one for one in answers if one.kind is CheckKind.GOLD]
    return CheckQuality(
        skill=skill_of([_of_planted(one) for one in planted], [_of_gold(one) for one in gold]),
        planted=len(planted),
        planted_passed=sum(one.passed for one in planted),
        gold=len(gold),
        gold_passed=sum(one.passed for one in gold),
    )


def _of_planted(answer: Judged) -> PlantedAnswer:
    """Who drew something else saw that a mask was wrong, if not how; a wrong category is let
    through by whoever keeps it, whatever they draw."""
    assert answer.defect is not None, "it was planted"
    kept = answer.verdict is Verdict.ACCEPTED or answer.defect is Defect.WRONG_CATEGORY
    return PlantedAnswer(answer.defect, let_through=kept and not answer.passed)


def _of_gold(answer: Judged) -> GoldAnswer:
    """Nothing is theirs of what they rejected."""
    return GoldAnswer(str(answer.image_id), answer.iou, answer.boundary_f)
