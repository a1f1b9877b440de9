"""Shadows: a version that decodes a share of live prompts beside the one that serves."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa

from maskloop.platform.access import Principal
from maskloop.platform.db import model_versions, shadows
from maskloop.platform.db.shadows import NewSample, Shadow
from maskloop.platform.errors import (
    BadParametersError,
    NotFoundError,
    RefusedTransitionError,
    ShadowRunsError,
)
from maskloop.platform.states import ModelVersionState
from maskloop.services import people, projects
from maskloop.services.runtime import Runtime
from maskloop.services.shadow_figures import ShadowFigures, figures_of, matches

_MOST: Final = 2000
"""Samples that figures are made of: the newest."""


@dataclass(frozen=True)
class ShadowView:
    """`champion`: the version that the figures compare it with, None before the first sample."""

    shadow: Shadow
    champion: int | None
    figures: ShadowFigures


def start_in(connection: sa.Connection, version: int, *, share: float, started_by: int) -> Shadow:
    """In the caller's transaction; replicas load it within seconds.

    Raises `NotFoundError`, `BadParametersError`, `RefusedTransitionError` for a version that is not
    ready or serves, and `ShadowRunsError`.
    """
    if not 0 < share <= 1:
        raise BadParametersError("share", f"{share:g}", "give a part of 1, such as 0.2")
    model_versions.lock_promotions(connection)
    challenger = model_versions.known(connection, version)
    if challenger.state is not ModelVersionState.READY:
        raise RefusedTransitionError("Model version", str(version), challenger.state, "a shadow")
    if model_versions.serving(connection).id == version:
        raise RefusedTransitionError(
            "Model version", str(version), "what serves", "its own shadow; name another one"
        )
    made = shadows.insert_running(connection, version=version, share=share, started_by=started_by)
    now = shadows.running(connection)
    assert now is not None, "one runs: this one, or the one that was in the way"
    if made is None:
        raise ShadowRunsError(now.version)
    return now


def stop(runtime: Runtime) -> Shadow:
    """As it was. Raises `NotFoundError` where none runs."""
    with runtime.engine.begin() as connection:
        now = shadows.running(connection)
        if now is None or not shadows.end(connection, now.id):
            raise _none_runs()
        return now


def running(runtime: Runtime) -> Shadow | None:
    with runtime.engine.connect() as connection:
        return shadows.running(connection)


def is_drawn(shadow: Shadow, *, image_id: int, user_id: int, day: date) -> bool:
    """Whether this shadow sees what a person asks on an image that day: all of it or nothing, so
    that a chain of clicks stays together."""
    drawn = hashlib.sha256(f"{shadow.id}:{image_id}:{user_id}:{day}".encode()).digest()
    return int.from_bytes(drawn[:8]) < shadow.share * 2**64


def record(runtime: Runtime, sample: NewSample) -> bool:
    """False where its shadow has ended."""
    with runtime.engine.begin() as connection:
        return shadows.insert_sample(connection, sample)


def view_for(runtime: Runtime, shadow: Shadow, principal: Principal) -> ShadowView:
    """Its figures over the projects that somebody may see: an admin all of them."""
    if principal.is_admin:
        return view_of_all(runtime, shadow)
    seen = [project.id for project in people.projects_of(runtime, principal.user_id)]
    return view(runtime, shadow, seen)


def view_of_all(runtime: Runtime, shadow: Shadow) -> ShadowView:
    """Its figures over every project."""
    return view(runtime, shadow, [found.project.id for found in projects.list_projects(runtime)])


def view(runtime: Runtime, shadow: Shadow, project_ids: Collection[int]) -> ShadowView:
    """Its figures over these projects."""
    with runtime.engine.connect() as connection:
        champion = shadows.last_champion(connection, project_ids, shadow.id)
        if champion is None:
            return ShadowView(shadow, None, ShadowFigures())
        count = shadows.count_samples(connection, project_ids, shadow.id, champion_id=champion)
        samples = shadows.newest_samples(
            connection, project_ids, shadow.id, champion_id=champion, most=_MOST
        )
        images = {sample.image_id for sample in samples}
        judges = matches(samples, shadows.chains_on(connection, project_ids, images))
        masks = shadows.saved_masks(connection, project_ids, set(judges.values()))
    saved = {sample: masks[found] for sample, found in judges.items() if found in masks}
    return ShadowView(shadow, champion, figures_of(count, samples, saved))


def by_id(runtime: Runtime, shadow_id: int) -> Shadow:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        found = shadows.by_id(connection, shadow_id)
    if found is None:
        raise NotFoundError("shadow", str(shadow_id), "See them at /api/v1/shadows.")
    return found


def page(runtime: Runtime, *, before: int | None, limit: int) -> list[Shadow]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        return shadows.page(connection, before=before, limit=limit)


def _none_runs() -> NotFoundError:
    hint = "Start one with: maskloop shadow start VERSION --share 0.2"
    return NotFoundError("shadow", "that runs", hint)
