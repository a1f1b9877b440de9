"""What the gate said: of each challenger, beside the version that serves now and before it."""

from dataclasses import dataclass

from maskloop.platform.db import gate_results, model_versions
from maskloop.platform.db.gate_results import StoredGateResult
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class Standing:
    """Of a version before the one that serves now."""

    passed: bool
    """In each project that compared the two."""
    gate_result_id: int
    """The newest."""


def standings(runtime: Runtime) -> dict[int, Standing]:
    """By version; one that was not compared with what serves now has none."""
    with runtime.engine.connect() as connection:
        if not model_versions.any_promoted(connection):
            return {}
        serving = model_versions.serving(connection).id
        results = gate_results.newest_against(connection, serving)
    found: dict[int, Standing] = {}
    for result in results:  # the newest first
        newest = found.get(result.challenger_id, Standing(True, result.id))
        passed = newest.passed and result.passed
        found[result.challenger_id] = Standing(passed, newest.gate_result_id)
    return found


def get(runtime: Runtime, project_id: int, gate_result_id: int) -> StoredGateResult:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return gate_results.by_id(connection, project_id, gate_result_id)


def page(
    runtime: Runtime,
    project_id: int,
    *,
    before: int | None = None,
    limit: int = 100,
    challenger_id: int | None = None,
) -> list[StoredGateResult]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        return gate_results.page(
            connection, project_id, before=before, limit=limit, challenger_id=challenger_id
        )


def of_job(runtime: Runtime, project_id: int, job_id: int) -> StoredGateResult | None:
    """None until the job has succeeded."""
    with runtime.engine.connect() as connection:
        return gate_results.of_job(connection, project_id, job_id)
