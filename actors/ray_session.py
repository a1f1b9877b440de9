"""Joining a Ray cluster, or starting a small one on this machine."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import ray
from ray.data import DataContext

SPARE_CPUS = 4
"""Logical CPUs beyond the workers': Ray Data's own tasks need slots, or a full pool deadlocks; and
a training or an evaluation takes one while autolabel has all others, and so do doubts."""

START_SECONDS = 120


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
def _patient() -> Iterator[None]:
    """On a busy machine Ray may need longer to begin than the 30 s that it gives itself."""
    name = "RAY_gcs_server_port_wait_time_s"
    wanted = os.environ.get(name)
    os.environ[name] = wanted or str(START_SECONDS)
    try:
        yield
    finally:
        if wanted is None:
            del os.environ[name]


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
    with _without_native_stderr(), _own_termination(), _without_credentials(), _patient():
        if os.environ.get("RAY_ADDRESS"):
            ray.init(logging_level=logging.ERROR, log_to_driver=False)
        else:
            ray.init(
                address="local",
                num_cpus=workers + SPARE_CPUS,
                object_store_memory=object_store_mb * 1024 * 1024,
                include_dashboard=False,
                logging_level=logging.ERROR,
                log_to_driver=False,
            )
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    try:
        yield
    finally:
        ray.shutdown()
