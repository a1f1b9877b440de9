"""The server with its pages, which can go down and come back at the same address."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.runtime import Runtime
from maskloop.ui.pages import mount
from sites.site import InProcess, Site

HOST = "127.0.0.1"
SERVE = Path(__file__).with_name("serve.py")
_END_SECONDS = 30


@dataclass
class PageSite(Site):
    """People, projects, predictor and clients as for tests over HTTP."""

    _up: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return self.server.url

    def stop(self) -> None:
        """Requests in hand are finished; from then on connections are refused."""
        self._up.close()

    def start(self) -> None:
        """At the address of before."""
        self.context = make_context(self.runtime, self.predictor, host=HOST)
        again = running(self.context, port=self.server.port, pages=[mount])
        self.server = self._up.enter_context(again)

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextmanager
    def as_process(self, weights: WeightsFolder) -> Iterator["ServerProcess"]:
        """A process of its own answers at the address until the block ends: one that a test can
        kill. Then this one answers again."""
        self.stop()
        process = ServerProcess(self.runtime, weights, self.server.port)
        process.start()
        try:
            yield process
        finally:
            process.kill()
            self.start()


@contextmanager
def page_site(runtime: Runtime, predictor: InProcess) -> Iterator[PageSite]:
    context = make_context(runtime, predictor, host=HOST)
    with ExitStack() as up:
        server = up.enter_context(running(context, port=0, pages=[mount]))
        site = PageSite(runtime, context, server, predictor, _up=up.pop_all())
        try:
            yield site
        finally:
            for client in site.clients:
                client.close()
            site.stop()


@dataclass
class ServerProcess:
    """`serve.py` over the test's database and object store."""

    runtime: Runtime
    weights: WeightsFolder
    port: int
    _process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        """Returns when it answers."""
        settings = self.runtime.settings
        database = settings.database_url
        assert database is not None
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "MASKLOOP_HOME": str(settings.home),
            "MASKLOOP_DATABASE_URL": database.get_secret_value(),
        }
        self._process = subprocess.Popen(
            [sys.executable, SERVE, str(self.port), str(self.weights.root)],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if said.strip() != "ready":
            code = self._process.wait(_END_SECONDS)
            raise RuntimeError(f"the server's process ended with {code} before it answered: {said}")

    def kill(self) -> None:
        """At once, in the middle of whatever it does."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(_END_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None
