"""What a model card says: read once, from the rows themselves, as far as the reader may see."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import sqlalchemy as sa

from maskloop.platform.db import (
    evaluations,
    gate_results,
    lineage,
    model_versions,
    projects,
    promotions,
    shadows,
    training_sets,
    trainings,
)
from maskloop.platform.db.evaluations import Evaluation
from maskloop.platform.db.gate_results import StoredGateResult
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.promotions import Promotion
from maskloop.platform.db.training_sets import TrainingSet
from maskloop.platform.db.trainings import Point, Training
from maskloop.services.runtime import Runtime
from maskloop.services.shadows import ShadowView
from maskloop.services.shadows import view as view_shadow

_MOST_POINTS = 100_000
_MOST = 1000
"""Promotions and shadows that are looked through."""


@dataclass(frozen=True)
class TrainedBy:
    """The training that made a version, its set, and its curves' points by step."""

    training: Training
    project: str
    training_set: TrainingSet
    points: list[Point]

    @property
    def validated(self) -> list[Point]:
        """The first and the last point at which it was validated."""
        found = [
            point
            for point in self.points
            if any(name.startswith("validation/") for name in point.figures)
        ]
        return [found[0], found[-1]] if len(found) > 1 else found


@dataclass(frozen=True)
class SetName:
    project: str
    name: str
    digest: bytes


@dataclass(frozen=True)
class CardFacts:
    version: ModelVersion
    serves: bool
    ancestors: list[ModelVersion]
    trained_by: TrainedBy | None
    """None for one that came with its weights, and where the reader may not see it."""
    evaluations: list[Evaluation]
    """Newest first."""
    gate_results: list[StoredGateResult]
    """Newest first."""
    sets: dict[int, SetName]
    """Of the evaluations and gate results."""
    shadows: list[ShadowView]
    promotions: list[Promotion]

    @property
    def root(self) -> ModelVersion:
        """Whose weights it descends from; itself, where it came with them."""
        return self.ancestors[-1] if self.ancestors else self.version


def read_card(runtime: Runtime, number: int, *, visible: Collection[int] | None) -> CardFacts:
    """`visible`: projects of which the reader may know; None for all. Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        version = model_versions.known(connection, number)
        seen = _all_projects(connection) if visible is None else set(visible)
        measured = evaluations.of_version(connection, seen, number)
        judged = gate_results.of_challenger(connection, seen, number)
        wanted = {(one.project_id, one.training_set_id) for one in measured}
        wanted |= {(one.project_id, one.training_set_id) for one in judged}
        served = model_versions.any_promoted(connection)
        ran = shadows.page(connection, before=None, limit=_MOST)
        facts = CardFacts(
            version=version,
            serves=served and model_versions.serving(connection).id == number,
            ancestors=model_versions.ancestors(connection, version),
            trained_by=_trained_by(connection, number, seen),
            evaluations=measured,
            gate_results=judged,
            sets={set_id: _set_name(connection, of, set_id) for of, set_id in wanted},
            shadows=[],
            promotions=promotions.page(connection, before=None, limit=_MOST, version_id=number),
        )
    views = [view_shadow(runtime, shadow, seen) for shadow in ran if shadow.version == number]
    return replace(facts, shadows=[view for view in views if view.figures.samples])


def _all_projects(connection: sa.Connection) -> set[int]:
    return {summary.project.id for summary in projects.summaries(connection)}


def _trained_by(connection: sa.Connection, number: int, seen: Collection[int]) -> TrainedBy | None:
    made = lineage.of_versions(connection, [number]).get(number)
    if made is None or made.project_id not in seen:
        return None
    return TrainedBy(
        training=trainings.of_job(connection, made.project_id, made.job_id),
        project=made.project,
        training_set=training_sets.by_id(connection, made.project_id, made.training_set_id),
        points=trainings.points(
            connection, made.project_id, made.job_id, after=-1, limit=_MOST_POINTS
        ),
    )


def _set_name(connection: sa.Connection, project_id: int, set_id: int) -> SetName:
    found = training_sets.by_id(connection, project_id, set_id)
    return SetName(projects.by_id(connection, project_id).name, found.name, found.digest)
