"""The embedded server: shared by processes, stopped by the last, and survived by nobody's death."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from maskloop.platform.db.database import connect, open_database
from maskloop.platform.db.embedded import start_embedded
from maskloop.platform.errors import DatabaseUnavailableError
from maskloop.platform.settings import Settings
from maskloop.services.runtime import Runtime

USER = """
import sys
from pathlib import Path
from maskloop.platform.db.embedded import start_embedded

server = start_embedded(Path(sys.argv[1]))
print(server.pid, server.url, flush=True)
sys.stdin.readline()
server.leave()
print("left", flush=True)
"""


class User:
    """A process that uses the server of a folder until it is told to leave, or is killed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert process.stdout is not None
        pid, self.url = process.stdout.readline().split()
        self.server_pid = int(pid)

    def leave(self) -> None:
        said, _ = self._process.communicate("\n", timeout=60)
        assert said == "left\n"
        assert self._process.returncode == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=60)
        assert self._process.returncode == -signal.SIGKILL


@contextmanager
def user_of(folder: Path) -> Iterator[User]:
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield User(process)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the server's data shall be; a server that a failed test leaves is stopped."""
    made = tmp_path_factory.mktemp("embedded") / "home" / "postgres"
    yield made
    lock = made / "postmaster.pid"
    if lock.exists() and is_running(pid := int(lock.read_text().split()[0])):
        os.kill(pid, signal.SIGINT)


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, f"not within 30 s: {what}"


def answers(url: str) -> bool:
    engine = connect(url)
    with engine.connect() as connection:
        found: int = connection.execute(sa.text("SELECT 1")).scalar_one()
    engine.dispose()
    return found == 1


def test_two_processes_share_one_server_and_the_last_to_leave_stops_it(folder: Path) -> None:
    with user_of(folder) as first, user_of(folder) as second:
        assert first.server_pid == second.server_pid
        assert first.url == second.url
        first.leave()
        assert answers(second.url)
        second.leave()
        until(lambda: not is_running(second.server_pid), "the server stops")


def test_a_killed_process_does_not_keep_the_server_running_for_ever(folder: Path) -> None:
    with user_of(folder) as killed:
        killed.kill()
        assert is_running(killed.server_pid)
        with user_of(folder) as next_one:
            assert next_one.server_pid == killed.server_pid
            next_one.leave()
            until(lambda: not is_running(next_one.server_pid), "the server stops")


def test_what_was_stored_is_there_when_the_server_starts_again(folder: Path) -> None:
    settings = Settings(home=folder.parent)
    with open_database(settings) as engine, engine.begin() as connection:
        assert "host=" in engine.url.render_as_string()  # a socket file, no network address
        connection.execute(sa.text("INSERT INTO projects (name) VALUES ('cats')"))
    with open_database(settings) as engine, engine.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM projects")).scalar_one() == "cats"


def test_a_server_that_was_killed_is_started_again_with_what_was_committed(folder: Path) -> None:
    """While the one who used it is still there, and does not fail when it leaves."""
    with user_of(folder) as first:
        with connect(first.url).begin() as connection:
            connection.execute(sa.text("CREATE TABLE kept AS SELECT 7 AS number"))
        os.kill(first.server_pid, signal.SIGKILL)
        with user_of(folder) as second:
            assert second.server_pid != first.server_pid
            with connect(second.url).connect() as connection:
                found = connection.execute(sa.text("SELECT number FROM kept")).scalar_one()
            second.leave()
        first.leave()
    assert found == 7
    until(lambda: not is_running(second.server_pid), "the server stops")


def test_a_process_whose_server_was_killed_joins_a_living_one(folder: Path) -> None:
    first = start_embedded(folder)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    second = start_embedded(folder)
    try:
        assert second.pid != first.pid
        assert answers(second.url)
    finally:
        second.leave()
        first.leave()
    assert second.pid is not None
    until(lambda: not is_running(second.pid or 0), "the server stops")


def test_who_comes_while_the_server_is_being_stopped_waits_and_starts_another(
    folder: Path,
) -> None:
    with user_of(folder) as first, ThreadPoolExecutor(1) as threads:
        with connect(first.url).connect() as busy:
            busy.execute(sa.text("SELECT 1"))
            os.kill(first.server_pid, signal.SIGTERM)  # it waits for the connection to end
            joining = threads.submit(start_embedded, folder)
            assert not joining.done()
        busy.engine.dispose()
        server = joining.result(timeout=60)
        try:
            assert server.pid != first.server_pid
            assert answers(server.url)
        finally:
            first.leave()
            server.leave()
    until(lambda: not is_running(server.pid or 0), "the server stops")


def test_the_server_listens_on_no_network_address(folder: Path) -> None:
    server = start_embedded(folder)
    try:
        process = psutil.Process(server.pid)
        assert answers(server.url)
        assert process.net_connections(kind="inet") == []
    finally:
        server.leave()


@pytest.mark.parametrize("damage", ["version", "control file"])
def test_a_server_that_cannot_start_is_a_database_that_cannot_be_reached(
    folder: Path, damage: str
) -> None:
    start_embedded(folder).leave()
    if damage == "version":
        (folder / "PG_VERSION").write_text("9\n")
    else:
        (folder / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(DatabaseUnavailableError) as caught:
        start_embedded(folder)
    assert caught.value.fields["where"] == f"embedded in {folder}"
    assert caught.value.retryable


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "where"),
    [
        (
            f"postgresql://ann:{SECRET}@127.0.0.1:1/masks",
            "postgresql+psycopg://ann:***@127.0.0.1:1/masks",
        ),
        (
            f"postgresql://ann@127.0.0.1:1/masks?password={SECRET}",
            "postgresql+psycopg://ann@127.0.0.1:1/masks",
        ),
        (
            f"postgresql://ann:{SECRET}@/masks?host=/no/such/folder",
            "postgresql+psycopg://ann:***@/masks",
        ),
        (
            f"postgresql://ann:{SECRET}@127.0.0.1:1/masks?no_such_option=1",
            "postgresql+psycopg://ann:***@127.0.0.1:1/masks",
        ),
    ],
)
def test_a_database_that_does_not_answer_is_named_without_its_password(
    url: str, where: str
) -> None:
    settings = Settings(database_url=SecretStr(url))
    with pytest.raises(DatabaseUnavailableError) as caught, open_database(settings):
        pass
    assert caught.value.fields["where"] == where
    assert SECRET not in str(caught.value)
    assert str(caught.value).startswith(f"The database {where} cannot be reached: ")
    assert str(caught.value).endswith(
        "Check MASKLOOP_DATABASE_URL, or where that is unset MASKLOOP_HOME."
    )


def test_a_home_with_a_space_in_its_path_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="a path with a space in it"):
        start_embedded(tmp_path / "my home")


def test_an_interrupt_during_a_query_is_an_interrupt(runtime: Runtime) -> None:
    """Not a database that is gone, which a worker would wait for instead of stopping."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    sa.event.listen(runtime.engine, "do_execute", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt), runtime.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    finally:
        sa.event.remove(runtime.engine, "do_execute", interrupted)
    with runtime.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
