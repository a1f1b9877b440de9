"""Who holds a lease: a name for a process that no other process ever has."""

import hashlib
import os
import socket
from pathlib import Path

import psutil


def owner_name() -> str:
    """This process."""
    return owner_of(os.getpid())


def owner_of(pid: int) -> str:
    """`host#machine:pid:start` of a process on this machine."""
    return f"{_machine()}:{pid}:{_start_of(pid)}"


def is_gone(owner: str) -> bool:
    """Whether the process was on this machine and has died; of other machines nothing is known."""
    machine, _, process = owner.partition(":")
    pid, _, start = process.partition(":")
    return machine == _machine() and str(_start_of(int(pid))) != start


def _machine() -> str:
    """This boot of this machine and this container of it: host names repeat, these do not."""
    places = [Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")]
    found = [str(p.readlink()) if p.is_symlink() else p.read_text() for p in places if p.exists()]
    return f"{socket.gethostname()}#{hashlib.sha256(''.join(found).encode()).hexdigest()[:8]}"


def _start_of(pid: int) -> int:
    """When the process began, in seconds; 0 when there is none."""
    try:
        return int(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0
