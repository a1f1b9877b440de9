"""`maskloop up` as a person runs it: a process in a home of its own, asked over HTTP."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from maskloop.actors.sam.weights import WeightsFolder

MASKLOOP = Path(sys.executable).parent / "maskloop"
DEADLINE = 900.0
"""A machine on which all else runs too may take ten times as long."""
_LOOK_SECONDS = 0.2


class Home:
    """A MASKLOOP_HOME of its own."""

    def __init__(self, folder: Path, weights: WeightsFolder, **settings: str) -> None:
        """`settings`: by the names of their variables."""
        self.folder = folder
        _link(weights, folder / "weights")
        self.env = os.environ | {"MASKLOOP_HOME": str(folder), "MASKLOOP_WORKERS": "1"} | settings

    def run(self, *words: str, code: int = 0, text: str | None = None) -> str:
        done = subprocess.run(
            [MASKLOOP, *words],
            env=self.env,
            input=text,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def up(self) -> Iterator["Platform"]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = self.folder / "up.log"
        with log.open("a") as said:
            process = subprocess.Popen(
                [MASKLOOP, "up", "--port", str(port)],
                env=self.env,
                stdout=said,
                stderr=said,
                start_new_session=True,
                # A shell that runs the tests in the background makes its children ignore Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
            client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
            platform = Platform(process, client, log)
            try:
                platform.wait_until_ready()
                yield platform
            finally:
                client.close()
                platform.end()


class Platform:
    def __init__(self, process: "subprocess.Popen[bytes]", client: httpx.Client, log: Path) -> None:
        self.process, self.client, self._log = process, client, log

    def wait_until_ready(self) -> None:
        deadline, patience = time.monotonic() + DEADLINE, threading.Event()
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self._log.read_text()
            with suppress(httpx.TransportError):
                if self.client.get("/readyz").is_success:
                    return
            patience.wait(_LOOK_SECONDS)  # who asks all the time takes the cores from who starts
        raise AssertionError(self._log.read_text())

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """Nothing of it is left behind."""
        if self.process.poll() is not None:
            return self.process.returncode
        everybody = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(how)
        code = self.process.wait(DEADLINE)
        _, alive = psutil.wait_procs(everybody, timeout=60)
        assert [process.cmdline() for process in alive] == []
        return code

    def kill(self) -> None:
        """SIGKILL for it and its group, in the middle of whatever it does. What it had started in
        groups of its own has ended by itself when this returns, but for the database server, which
        a next one finds, and Ray's agents, which take a minute."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(DEADLINE)
        _, alive = psutil.wait_procs([p for p in started if _ends_at_once(p)], timeout=60)
        left = [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
        assert [process.name() for process in left] == []

    def figure(self, name: str) -> float:
        lines = self.client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    def images(self) -> list[str]:
        project = self.client.get("/api/v1/projects").json()["items"][0]["id"]
        path = f"/api/v1/projects/{project}/images"
        return [f"{path}/{item['id']}" for item in self.client.get(path).json()["items"]]

    def click(self, image: str) -> str:
        answer = self.client.post(f"{image}/masks", json={"points": [[100, 100, 1]]})
        assert answer.is_success, answer.text
        assert answer.json()["masks"]
        return answer.headers["X-Embedding-Cache"]


def _link(weights: WeightsFolder, folder: Path) -> None:
    """To the files and not to the folder: new versions are written beside them, not among them."""
    shutil.copytree(weights.root, folder, copy_function=os.link)


def _ends_at_once(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return not any(word in process.name() for word in ("Agent", "postgres"))
    return False
