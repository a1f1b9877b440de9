"""What can be killed while a job runs, and how it is found."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

Kill = Callable[[], None]


def children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _named(pid: int, part: str) -> list[psutil.Process]:
    found = []
    for child in children(pid):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if part in " ".join(child.cmdline()[:2]) or part in child.name():
                found.append(child)
    return found


def _postmaster(home: Path) -> list[int]:
    file = home / "postgres" / "postmaster.pid"
    return [int(file.read_text().splitlines()[0])] if file.exists() else []


def possible(home: Path, worker: int, endpoint: Kill, chance: random.Random) -> dict[str, Kill]:
    """By name, what is there to be killed now; each by SIGKILL."""
    actors = [process.pid for process in _named(worker, "ray::")]
    raylets = [process.pid for process in _named(worker, "raylet")]
    found: dict[str, list[int]] = {
        "worker": [worker],
        "actor": actors,
        "raylet": raylets,
        "postgresql": _postmaster(home),
    }
    kills: dict[str, Kill] = {
        name: _kill_one(chance.choice(pids)) for name, pids in found.items() if pids
    }
    return kills | {"endpoint": endpoint}


def _kill_one(pid: int) -> Kill:
    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    return kill
