"""Joining a Ray cluster, or starting a small one on this machine."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import ray
from ray.data import DataContext

SPARE_CPUS = 4
"""Logical CPUs beyond the workers': Ray Data's own tasks need slots, or a full pool deadlocks; and
a training or an evaluation takes one while autolabel has all others, and so do doubts."""

START_SECONDS = (45, 120)
"""That a Ray of one's own has to begin, try by try. Now and then one of its processes stands still
before it writes its first line: seen in long test runs, and not understood."""

logger = logging.getLogger(__name__)


@contextmanager
def _without_native_stderr() -> Iterator[None]:
    """Ray's C++ side announces its own log level on the terminal. Errors come as exceptions."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _own_termination() -> Iterator[None]:
    """Ray puts its own handler of SIGTERM in the place of ours, which ends the process at once."""
    ours = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, ours)


@contextmanager
def _without_credentials() -> Iterator[None]:
    """Ray's processes inherit the environment, and have no business with the database."""
    kept = os.environ.pop("MASKLOOP_DATABASE_URL", None)
    try:
        yield
    finally:
        if kept is not None:
            os.environ["MASKLOOP_DATABASE_URL"] = kept


@contextmanager
def _patient(seconds: int) -> Iterator[None]:
    """On a busy machine Ray may need longer to begin than the 30 s that it gives itself."""
    name = "RAY_gcs_server_port_wait_time_s"
    wanted = os.environ.get(name)
    os.environ[name] = wanted or str(seconds)
    try:
        yield
    finally:
        if wanted is None:
            del os.environ[name]


class _NotStartedError(RuntimeError):
    """Nothing is left of the try."""


def _start(workers: int, object_store_mb: int) -> None:
    """A Ray of this process, at the second try if need be."""
    for seconds in START_SECONDS[:-1]:
        try:
            _try_to_start(workers, object_store_mb, seconds)
        except _NotStartedError as error:
            logger.warning("ray.not_started seconds=%d error=%s", seconds, error)
        else:
            return
    _try_to_start(workers, object_store_mb, START_SECONDS[-1])


def _try_to_start(workers: int, object_store_mb: int, seconds: int) -> None:
    others = set(psutil.Process().children(recursive=True))
    try:
        with _patient(seconds):
            ray.init(
                address="local",
                num_cpus=workers + SPARE_CPUS,
                object_store_memory=object_store_mb * 1024 * 1024,
                include_dashboard=False,
                logging_level=logging.ERROR,
                log_to_driver=False,
            )
    except BaseException as error:
        ray.shutdown()
        begun = set(psutil.Process().children(recursive=True)) - others
        said = ", ".join(_described(process) for process in begun)
        for process in begun:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(list(begun))
        if not isinstance(error, Exception) or "timed out" not in str(error).lower():
            raise
        raise _NotStartedError(f"{error}; its processes: {said or 'none'}") from error


def _described(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return f"{process.name()} {process.status()}"
    return "one that has ended"


@contextmanager
def ray_session(*, workers: int, object_store_mb: int) -> Iterator[None]:
    """A connected Ray inside the block: the cluster of RAY_ADDRESS, else one of this process.

    A local one has `workers` + 4 logical CPUs whatever the machine has, because its tasks mostly
    wait; it ends with the block, and with this process however that ends.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # its errors are raised as well
    if ray.is_initialized():
        yield
        return
    with _without_native_stderr(), _own_termination(), _without_credentials():
        if os.environ.get("RAY_ADDRESS"):
            ray.init(logging_level=logging.ERROR, log_to_driver=False)
        else:
            _start(workers, object_store_mb)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    try:
        yield
    finally:
        ray.shutdown()
