"""The worker of evaluations: measures both versions on the same hold-outs, has the gate judge them,
and writes down what came out."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from maskloop.actors import evaluator
from maskloop.actors.evaluation.plan import EvaluationPlan
from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import compute_of, workers_of
from maskloop.platform.bootstrap import compare, summarize
from maskloop.platform.db import (
    evaluations,
    gate_results,
    jobs,
    model_versions,
    training_policies,
    training_sets,
)
from maskloop.platform.db.evaluations import Evaluation
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.errors import (
    EmptyTrainingSetError,
    LeaseLostError,
)
from maskloop.platform.evaluation import ObjectScore
from maskloop.platform.gate import judge
from maskloop.platform.images import Limits
from maskloop.platform.manifests import write_manifest
from maskloop.platform.object_scores import read_scores, write_scores
from maskloop.platform.states import JobKind, JobState, Split
from maskloop.services.evaluations import EvaluationParameters
from maskloop.services.held_jobs import (
    HeldJob,
    Interrupted,
    end_as_cancelled,
    held_job,
)
from maskloop.services.jobs import JobView, view
from maskloop.services.model_versions import fetch_weights
from maskloop.services.runtime import Runtime
from maskloop.services.training_sets import manifest_items


class Evaluator(Protocol):
    """`actors.evaluator`, or what a test puts in its place."""

    def evaluate(
        self,
        plan: EvaluationPlan,
        *,
        on_progress: Callable[[int, int], None],
        check_stop: Callable[[], None],
    ) -> list[ObjectScore]: ...

    def race(
        self,
        champion: EvaluationPlan,
        challenger: EvaluationPlan,
        *,
        check_stop: Callable[[], None],
    ) -> float: ...


Crew = Callable[[Runtime], AbstractContextManager[Evaluator]]
"""Those who evaluate, there as long as the block."""


@contextmanager
def in_ray(runtime: Runtime) -> Iterator[Evaluator]:
    object_store_mb = runtime.settings.ray_object_store_mb
    with ray_session(workers=_workers(runtime), object_store_mb=object_store_mb):
        yield evaluator


@dataclass(frozen=True)
class _Holdout:
    """What both versions are measured on."""

    project_id: int
    training_set_id: int
    manifest_key: str
    objects: int


@dataclass(frozen=True)
class _Work:
    held: HeldJob
    parameters: EvaluationParameters

    @property
    def runtime(self) -> Runtime:
        return self.held.runtime


def run_evaluation(
    runtime: Runtime,
    job_id: int,
    *,
    take_over: bool = False,
    on_progress: Callable[[Counts], None] = lambda counts: None,
    when_interrupted: Interrupted = end_as_cancelled,
    stop: threading.Event | None = None,
    crew: Crew = in_ray,
) -> JobView:
    """Claim an evaluation and work on it to its end; what was measured is not measured again.

    What stops it ends as `held_job` says, and keeps what was measured. `stop` leaves it to another
    worker. Progress is told in objects of both versions.
    """
    with held_job(
        runtime,
        job_id,
        kind=JobKind.EVALUATE,
        take_over=take_over,
        when_interrupted=when_interrupted,
        stop=stop,
    ) as held:
        work = _Work(held, EvaluationParameters.of(held.job))
        holdouts = _holdouts(work)
        slowdown = _measure(work, holdouts, on_progress, crew)
        _judge(work, holdouts, slowdown)
    return view(runtime, job_id)


def _holdouts(work: _Work) -> list[_Holdout]:
    """The project's own, then the general one where there is one."""
    asked, general = work.parameters, work.parameters.general
    found = [_holdout(work.runtime, asked.project, asked.training_set_id)]
    if general is not None:
        found.append(_holdout(work.runtime, general.project_id, general.training_set_id))
    return found


def _holdout(runtime: Runtime, project_id: int, set_id: int) -> _Holdout:
    with runtime.engine.connect() as connection:
        items = training_sets.items(connection, project_id, set_id, (Split.HOLDOUT,))
    if not items:
        reason = f"no image of training set {set_id} is held out"
        raise EmptyTrainingSetError("evaluate", reason)
    key = write_manifest(runtime.objects, manifest_items(items))
    return _Holdout(project_id, set_id, key, len(items))


def _measure(
    work: _Work,
    holdouts: Sequence[_Holdout],
    on_progress: Callable[[Counts], None],
    crew: Crew,
) -> float:
    """Each version on each hold-out, unless there is a row of it; then how many times as long a
    click takes with the challenger, which is measured each time anew."""
    versions = (work.parameters.champion, work.parameters.challenger)
    missing = [
        (holdout, version)
        for holdout in holdouts
        for version in versions
        if _found(work, holdout, version) is None
    ]
    progress = _Progress(sum(holdout.objects for holdout, _ in missing), on_progress)
    plans = [(holdout, version, _plan(work, holdout, version)) for holdout, version in missing]
    racers = [_plan(work, holdouts[0], version) for version in versions]
    with crew(work.runtime) as measuring:
        for holdout, version, plan in plans:
            work.held.check_stop()
            scores = measuring.evaluate(
                plan, on_progress=progress.within(holdout.objects), check_stop=work.held.check_stop
            )
            _store(work, holdout, version, scores)
        work.held.check_stop()
        return measuring.race(*racers, check_stop=work.held.check_stop)


class _Progress:
    """Of several evaluations as if they were one; each may measure fewer objects than are held out,
    and counts for as many as are."""

    def __init__(self, total: int, on_progress: Callable[[Counts], None]) -> None:
        self._total, self._before, self._on_progress = total, 0, on_progress

    def within(self, objects: int) -> Callable[[int, int], None]:
        before = self._before
        self._before += objects

        def tell(done: int, total: int) -> None:
            now = before + objects * done // max(1, total)
            self._on_progress(Counts(queued=self._total - now, done=now))

        return tell


def _plan(work: _Work, holdout: _Holdout, version_id: int) -> EvaluationPlan:
    """Raises `WeightsMissingError` or `WeightsCorruptError` before any process is started."""
    runtime, settings = work.runtime, work.runtime.settings
    version = _version(runtime, version_id)
    fetch_weights(runtime, version)
    return EvaluationPlan(
        objects=runtime.objects.url,
        s3_endpoint_url=settings.s3_endpoint_url,
        weights=settings.weights,
        encoder_digest=version.encoder_digest,
        decoder_digest=version.decoder_digest,
        manifest_key=holdout.manifest_key,
        protocol=work.parameters.protocol,
        compute=compute_of(settings, threads=1),
        limits=Limits(settings.max_image_pixels),
        workers=_workers(runtime),
    )


def _workers(runtime: Runtime) -> int:
    settings = runtime.settings
    return settings.workers or workers_of(compute_of(settings, threads=1).device)


def _version(runtime: Runtime, version_id: int) -> ModelVersion:
    with runtime.engine.connect() as connection:
        return model_versions.by_id(connection, version_id)


def _found(work: _Work, holdout: _Holdout, version_id: int) -> Evaluation | None:
    with work.runtime.engine.connect() as connection:
        return evaluations.find(
            connection,
            holdout.project_id,
            model_version_id=version_id,
            training_set_id=holdout.training_set_id,
            protocol=work.parameters.protocol,
        )


def _store(work: _Work, holdout: _Holdout, version_id: int, scores: Sequence[ObjectScore]) -> None:
    """At once, so that whoever goes on with the job does not measure it again."""
    job, summary = work.held.job, summarize(scores)
    key = write_scores(work.runtime.objects, scores)
    with work.runtime.engine.begin() as connection:
        if not jobs.still_held(connection, job.id, work.held.lease):
            raise LeaseLostError(job.id)
        evaluations.insert(
            connection,
            project_id=holdout.project_id,
            model_version_id=version_id,
            training_set_id=holdout.training_set_id,
            protocol=work.parameters.protocol,
            summary=summary,
            scores_key=key,
            job_id=job.id,
        )


def _pair(work: _Work, holdout: _Holdout) -> tuple[list[ObjectScore], list[ObjectScore]]:
    """Champion's and challenger's, as their rows have them: another job may have been first."""
    champion = _found(work, holdout, work.parameters.champion)
    challenger = _found(work, holdout, work.parameters.challenger)
    assert champion is not None, "it was measured above, and rows of evaluations stay"
    assert challenger is not None, "as the champion's"
    objects = work.runtime.objects
    return read_scores(objects, champion.scores_key), read_scores(objects, challenger.scores_key)


def _judge(work: _Work, holdouts: Sequence[_Holdout], slowdown: float) -> None:
    """Gate result and the job's end are one transaction. Raises `LeaseLostError`."""
    job, asked = work.held.job, work.parameters
    with work.runtime.engine.connect() as connection:
        policy = training_policies.of_project(connection, job.project_id).policy.gate
    champion, challenger = _pair(work, holdouts[0])
    general = _pair(work, holdouts[1]) if len(holdouts) > 1 else None
    comparison = compare(
        champion, challenger, general, slowdown=slowdown, confidence=policy.confidence
    )
    result = judge(policy, comparison, protocol=asked.protocol)
    with work.runtime.engine.begin() as connection:
        if not jobs.finish(connection, job.id, work.held.lease, JobState.SUCCEEDED):
            raise LeaseLostError(job.id)
        gate_results.insert(
            connection,
            project_id=job.project_id,
            challenger_id=asked.challenger,
            champion_id=asked.champion,
            training_set_id=asked.training_set_id,
            general_set_id=asked.general.training_set_id if asked.general else None,
            policy=policy,
            comparison=comparison,
            result=result,
            job_id=job.id,
        )
