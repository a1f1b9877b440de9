"""The real thing: `maskloop up` in a home of its own, with photographs, as a process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from serving.labelers import Connection, Target

HOST = "127.0.0.1"
START_SECONDS = 180.0
HEADERS = {"X-Maskloop": "bench"}


@dataclass(frozen=True)
class Platform:
    port: int
    project_id: int
    targets: tuple[Target, ...]
    pid: int

    def connection(self) -> Connection:
        return Connection(HOST, self.port, HEADERS)


@contextmanager
def platform_of(
    home: Path, weights: Path, photographs: list[Path], log: Path
) -> Iterator[Platform]:
    """Up, signed in by itself, and ready; ends with the block."""
    home.mkdir(parents=True, exist_ok=True)
    weights.mkdir(parents=True, exist_ok=True)
    if not (home / "weights").exists():
        (home / "weights").symlink_to(weights)
    env = {**os.environ, "MASKLOOP_HOME": str(home)}
    command = Path(sys.executable).with_name("maskloop")
    port = free_port()
    with log.open("w") as said:
        process = subprocess.Popen(
            [command, "up", "--host", HOST, "--port", str(port)],
            env=env,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_until_ready(process, port, log)
            run(command, env, "project", "create", "bench", allowed=(0, 1))
            run(command, env, "images", "add", "bench", *map(str, photographs))
            yield _described(port, process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def run(command: Path, env: dict[str, str], *words: str, allowed: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run([command, *words], env=env, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        raise RuntimeError(f"maskloop {' '.join(words[:2])}: {done.stderr}")
    return done.stdout


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"maskloop up ended: {log.read_text()[-2000:]}")
        status, _, _ = Connection(HOST, port, HEADERS).ask("GET", "/readyz")
        if status == 200:
            return
        time.sleep(0.2)
    raise RuntimeError(f"maskloop up is not ready: {log.read_text()[-2000:]}")


def _described(port: int, pid: int) -> Platform:
    asked = Connection(HOST, port, HEADERS)
    _, _, data = asked.ask("GET", "/api/v1/projects")
    project = next(item for item in json.loads(data)["items"] if item["name"] == "bench")
    images = f"/api/v1/projects/{project['id']}/images"
    _, _, data = asked.ask("GET", images)
    targets = tuple(
        Target(f"{images}/{item['id']}/masks", item["width"], item["height"])
        for item in json.loads(data)["items"]
    )
    return Platform(port, project["id"], targets, pid)
