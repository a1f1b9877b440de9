"""The trainer: a training in Ray Train, which ends with weights in the object store.

What goes through Ray is small: the plan to the worker, points of the curves back. Checkpoints are
objects of ours, not of Ray's: they outlive the cluster.
"""

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Final

import ray
import torch
from ray.exceptions import RayError
from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
from ray.train.torch import TorchTrainer
from ray.train.v2.api.exceptions import WorkerGroupError

from maskloop.actors.training.group import Alone, Group, Together
from maskloop.actors.training.loop import StoppedError, Training
from maskloop.actors.training.plan import TrainingOutcome, TrainingPlan, TrainingPoint
from maskloop.platform.errors import MaskloopError, PipelineBrokenError

_NICENESS: Final = 10
"""Clicks on the same machine go first: somebody waits for them."""
_LOOK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 20.0
"""For a worker that was told to stop; a step takes a few of them."""
_REPLACEMENTS: Final = 1
"""Of a worker that died: the next one goes on from its checkpoint."""

Handle = Any
"""Of an actor; Ray's own type knows no methods."""


def train(
    plan: TrainingPlan,
    *,
    on_point: Callable[[TrainingPoint], None],
    check_stop: Callable[[], None],
) -> TrainingOutcome:
    """Train, in the Ray session of the caller.

    `on_point` and `check_stop` are called here, about twice a second; what they raise ends the
    training, whose newest checkpoint stays. Raises the trainer's own errors as they were, and
    `PipelineBrokenError` where its processes die or raise what is none of ours.
    """
    mailbox: Handle = ray.remote(num_cpus=0)(Mailbox).remote()
    try:
        with tempfile.TemporaryDirectory(prefix="maskloop-train-") as storage:
            broken = _fit(_trainer(plan, mailbox, storage), mailbox, on_point, check_stop)
        ended = ray.get(mailbox.ended.remote())
    except RayError as error:
        raise PipelineBrokenError(_first_line(error)) from error
    finally:
        ray.kill(mailbox)
    if isinstance(ended, MaskloopError):
        raise ended
    if not isinstance(ended, TrainingOutcome):
        reason = "it ended without an outcome" if broken is None else _reason(broken)
        raise PipelineBrokenError(reason) from broken
    return ended


class Mailbox:
    """The actor between worker and driver: points and the end one way, the wish to stop back."""

    def __init__(self) -> None:
        self._points: list[TrainingPoint] = []
        self._wanted = True
        self._ended: TrainingOutcome | MaskloopError | None = None
        self._workers: list[Handle] = []

    def join(self, worker: Handle) -> None:
        self._workers.append(worker)

    def workers(self) -> list[Handle]:
        return self._workers

    def put(self, point: TrainingPoint) -> None:
        self._points.append(point)

    def take(self) -> list[TrainingPoint]:
        points, self._points = self._points, []
        return points

    def stop(self) -> None:
        self._wanted = False

    def wanted(self) -> bool:
        return self._wanted

    def end(self, ended: TrainingOutcome | MaskloopError) -> None:
        """The first word counts; after an error nobody shall go on."""
        self._ended = self._ended or ended
        self._wanted = False

    def ended(self) -> TrainingOutcome | MaskloopError | None:
        return self._ended


def _trainer(plan: TrainingPlan, mailbox: Handle, storage: str) -> TorchTrainer:
    return TorchTrainer(
        work,
        train_loop_config={"plan": plan, "mailbox": mailbox},
        scaling_config=ScalingConfig(num_workers=plan.workers, use_gpu=plan.train.device == "cuda"),
        run_config=RunConfig(
            storage_path=storage, failure_config=FailureConfig(max_failures=_REPLACEMENTS)
        ),
    )


def _fit(
    trainer: TorchTrainer,
    mailbox: Handle,
    on_point: Callable[[TrainingPoint], None],
    check_stop: Callable[[], None],
) -> TrainingFailedError | None:
    """Until the trainer has ended; what it failed of, if it did."""
    with ThreadPoolExecutor(1, thread_name_prefix="ray-train") as pool:
        fitting = pool.submit(trainer.fit)
        try:
            while not fitting.done():
                wait([fitting], timeout=_LOOK_SECONDS)
                for point in ray.get(mailbox.take.remote()):
                    on_point(point)
                check_stop()
        except BaseException:
            _end(fitting, mailbox)
            raise
        for point in ray.get(mailbox.take.remote()):
            on_point(point)
        failed = fitting.exception()
        if failed is None or isinstance(failed, TrainingFailedError):
            return failed
        raise failed


def _end(fitting: "Future[Any]", mailbox: Handle) -> None:
    """Workers keep a checkpoint and leave; those that do not are killed."""
    ray.get(mailbox.stop.remote())
    while not wait([fitting], timeout=_PATIENCE_SECONDS).done:
        for worker in ray.get(mailbox.workers.remote()):
            ray.kill(worker)


def work(config: dict[str, Any]) -> None:
    """In each worker process of Ray Train."""
    plan, mailbox = config["plan"], config["mailbox"]
    ray.get(mailbox.join.remote(ray.get_runtime_context().current_actor))
    own = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(own, _NICENESS))
    torch.set_num_threads(plan.train.threads)
    group: Group = Together(plan.train.device) if plan.workers > 1 else Alone()
    training = Training(
        plan,
        on_point=partial(_put, mailbox),
        wanted=lambda: bool(ray.get(mailbox.wanted.remote())),
        group=group,
    )
    try:
        outcome = training.run()
    except StoppedError:
        return
    except MaskloopError as error:
        ray.get(mailbox.end.remote(error))
        if group.size > 1:
            raise  # the others wait for this one
        return
    if outcome is not None:
        ray.get(mailbox.end.remote(outcome))


def _put(mailbox: Handle, point: TrainingPoint) -> None:
    ray.get(mailbox.put.remote(point))


def _reason(error: TrainingFailedError) -> str:
    """What the first worker that failed says."""
    failures = error.worker_failures if isinstance(error, WorkerGroupError) else {}
    return _first_line(failures[min(failures)] if failures else error)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
