"""The worker of trainings: gives a claimed job's plan to the trainer, writes down its curves, and
ends job and model version together."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, replace
from typing import Any, Protocol

import sqlalchemy as sa

from maskloop.actors import trainer
from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import Compute, compute_of, workers_of
from maskloop.actors.training.plan import TrainingOutcome, TrainingPlan, TrainingPoint
from maskloop.platform.db import (
    jobs,
    model_versions,
    projects,
    training_policies,
    training_sets,
    trainings,
)
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.trainings import Training
from maskloop.platform.errors import LeaseLostError, MaskloopError
from maskloop.platform.evaluation import Protocol as EvaluationProtocol
from maskloop.platform.images import Limits
from maskloop.platform.manifests import write_manifest
from maskloop.platform.states import JobKind, JobState, Split
from maskloop.services.evaluations import submit_evaluation_in
from maskloop.services.held_jobs import (
    HeldJob,
    Interrupted,
    end_as_cancelled,
    held_job,
)
from maskloop.services.jobs import JobView, view
from maskloop.services.model_versions import fetch_weights
from maskloop.services.replay_images import choose_replay
from maskloop.services.runtime import Runtime
from maskloop.services.training_sets import manifest_items
from maskloop.services.trainings import EVALUATE

logger = logging.getLogger(__name__)


class Trainer(Protocol):
    """`actors.trainer.train`, or what a test puts in its place."""

    def __call__(
        self,
        plan: TrainingPlan,
        *,
        on_point: Callable[[TrainingPoint], None],
        check_stop: Callable[[], None],
    ) -> TrainingOutcome: ...


Crew = Callable[[Runtime, int], AbstractContextManager[Trainer]]
"""Those who train, so many processes, there as long as the block."""


@contextmanager
def in_ray(runtime: Runtime, workers: int) -> Iterator[Trainer]:
    with ray_session(workers=workers, object_store_mb=runtime.settings.ray_object_store_mb):
        yield trainer.train


def run_training(
    runtime: Runtime,
    job_id: int,
    *,
    take_over: bool = False,
    on_point: Callable[[TrainingPoint], None] = lambda point: None,
    when_interrupted: Interrupted = end_as_cancelled,
    stop: threading.Event | None = None,
    crew: Crew = in_ray,
) -> JobView:
    """Claim a training and work on it to its end; goes on from what an earlier worker saved.

    What stops it ends as `held_job` says, and keeps its checkpoints. `stop` leaves it to another
    worker, between steps. Raises `TrainingBusyError` when the project's next one was begun since.
    """
    with held_job(
        runtime,
        job_id,
        kind=JobKind.TRAIN,
        take_over=take_over,
        when_interrupted=when_interrupted,
        stop=stop,
    ) as held:

        def keep(point: TrainingPoint) -> None:
            _write_point(held, point)
            on_point(point)

        plan = _plan(held)
        with crew(runtime, plan.workers) as train:
            outcome = train(plan, on_point=keep, check_stop=held.check_stop)
        _finish(held, plan, outcome)
    return view(runtime, job_id)


def _plan(held: HeldJob) -> TrainingPlan:
    """Raises `WeightsMissingError` or `WeightsCorruptError` before any process is started."""
    runtime, job, settings = held.runtime, held.job, held.runtime.settings
    with runtime.engine.connect() as connection:
        training = trainings.of_job(connection, job.project_id, job.id)
        parent = model_versions.by_id(connection, training.parent.number)
        items = training_sets.items(
            connection,
            job.project_id,
            training.training_set_id,
            (Split.TRAIN, Split.VALIDATION),
        )
    fetch_weights(runtime, parent)
    encode = compute_of(settings)
    return TrainingPlan(
        objects=runtime.objects.url,
        s3_endpoint_url=settings.s3_endpoint_url,
        weights=settings.weights,
        encoder_digest=parent.encoder_digest,
        decoder_digest=parent.decoder_digest,
        manifest_key=write_manifest(runtime.objects, manifest_items(items)),
        replay_keys=_replay(held, training, parent, encode),
        recipe=training.recipe,
        checkpoints=checkpoints_of(job.id),
        encode=encode,
        train=_training_compute(encode),
        limits=Limits(settings.max_image_pixels),
        workers=workers_of(encode.device) if encode.device == "cuda" else 1,
    )


def checkpoints_of(job_id: int) -> str:
    """Prefix in the object store."""
    return f"trainings/{job_id}/checkpoints"


def _training_compute(encode: Compute) -> Compute:
    """Gradients are PyTorch's. Weights and their updates are float32 in any precision: bf16 is that
    of the products in between."""
    return replace(encode, engine="pytorch")


def _replay(
    held: HeldJob, training: Training, parent: ModelVersion, encode: Compute
) -> tuple[str, ...]:
    """Chosen once: a resumed training has to replay what it began with."""
    if training.recipe.replay_share == 0:
        return ()
    if training.replay is not None:
        return training.replay
    chosen = choose_replay(
        held.runtime,
        training.project_id,
        training.training_set_id,
        encoder_digest=parent.encoder_digest,
        precision=encode.precision,
    )
    with held.runtime.engine.begin() as connection:
        kept = trainings.keep_replay(connection, training.job_id, held.lease, chosen)
    if kept is None:
        raise LeaseLostError(training.job_id)
    return kept


def _write_point(held: HeldJob, point: TrainingPoint) -> None:
    with held.runtime.engine.begin() as connection:
        if not trainings.write_point(
            connection,
            held.job.id,
            held.lease,
            step=point.step,
            steps=point.steps,
            figures=point.figures,
        ):
            raise LeaseLostError(held.job.id)


def _finish(held: HeldJob, plan: TrainingPlan, outcome: TrainingOutcome) -> None:
    """Version, outcome, job and the evaluation that follows are one transaction.

    Raises `LeaseLostError`, `TrainingChangedNothingError`.
    """
    runtime, job = held.runtime, held.job
    told: dict[str, Any] = {**asdict(outcome), "replay_images": len(plan.replay_keys)}
    with runtime.engine.begin() as connection:
        if not jobs.finish(connection, job.id, held.lease, JobState.SUCCEEDED):
            raise LeaseLostError(job.id)
        training = trainings.of_job(connection, job.project_id, job.id)
        model_versions.finish_training(
            connection,
            training.version.number,
            encoder_digest=outcome.encoder_digest,
            decoder_digest=outcome.decoder_digest,
        )
        if job.parameters.get(EVALUATE):
            told["evaluation"] = _queue_evaluation(connection, training)
        trainings.set_outcome(connection, job.id, told)
    for found in list(runtime.objects.list(plan.checkpoints)):
        with suppress(MaskloopError):  # what is left there costs space and nothing else
            runtime.objects.delete(found.key)


def _queue_evaluation(connection: sa.Connection, training: Training) -> dict[str, Any]:
    """Its job, or why there is none: the version is made all the same."""
    general = training_policies.of_project(connection, training.project_id).policy.general
    try:
        with connection.begin_nested():
            job_id = submit_evaluation_in(
                connection,
                projects.by_id(connection, training.project_id),
                challenger_id=training.version.number,
                champion_id=model_versions.serving(connection).id,
                training_set=training_sets.by_id(
                    connection, training.project_id, training.training_set_id
                ),
                general=general,
                protocol=EvaluationProtocol(),
            )
    except MaskloopError as error:
        logger.warning("evaluation.not_queued training=%d error=%s", training.job_id, error)
        return {"error": str(error)}
    return {"job": job_id}
