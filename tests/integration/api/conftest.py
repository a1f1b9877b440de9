"""The real server on a free port of loopback, over a real database; only the models are stood in
for, by one that records what it is asked and answers a square."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from maskloop.platform.access import Role
from maskloop.platform.errors import MaskloopError
from maskloop.platform.mask_answers import (
    AnsweredMask,
    EmbeddingSource,
    ImageRef,
    MaskAnswer,
    MaskQuestion,
    ServedVersion,
)
from maskloop.platform.masks import Rle
from maskloop.services import people, tokens
from maskloop.services.api.context import ApiContext, make_context
from maskloop.services.api.server import running
from maskloop.services.predictor import ServingStatus
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.integration.conftest import Bench

PASSWORD = "correct horse battery"


@dataclass
class RecordingPredictor:
    """Answers every question with one square of four pixels in the image's top left corner."""

    version: ServedVersion = ServedVersion(1, "minisam")
    asked: list[MaskQuestion] = field(default_factory=list)
    warmed: list[ImageRef] = field(default_factory=list)
    raises: MaskloopError | None = None
    ready: bool = True

    async def masks(self, question: MaskQuestion) -> MaskAnswer:
        self.asked.append(question)
        if self.raises is not None:
            raise self.raises
        pixels = np.zeros(question.image.size_hw, dtype=np.bool_)
        pixels[:2, :2] = True
        square = AnsweredMask(Rle.encode(pixels), (0, 0, 1, 1), 4, 0.875, "reference-of-square")
        count = 3 if question.multimask else 1
        seconds = {"embedding": 0.001, "decode": 0.002}
        return MaskAnswer((square,) * count, self.version, EmbeddingSource.HIT, seconds)

    def warm(self, images: Sequence[ImageRef]) -> int:
        self.warmed.extend(images)
        return len(images)

    async def status(self) -> ServingStatus:
        versions = {self.version: 1} if self.ready else {}
        return ServingStatus(self.ready, versions, {}, 0)


@dataclass
class Api:
    """A running server, and clients of people who may call it."""

    runtime: Runtime
    context: ApiContext
    predictor: RecordingPredictor
    app: FastAPI
    url: str
    close_with: ExitStack

    def anybody(self, **headers: str) -> httpx.Client:
        """Who shows nothing; on loopback they are `local` as long as nobody has a password."""
        client = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        return self.close_with.enter_context(client)

    def person(self, name: str, *, admin: bool = False) -> httpx.Client:
        """A new user's, by a token."""
        people.create_user(self.runtime, name, is_admin=admin)
        text = tokens.create_token(self.runtime, name, name="tests").text
        return self.anybody(Authorization=f"Bearer {text}")

    def member(self, project_id: int, *roles: Role, name: str | None = None) -> httpx.Client:
        """A new user's who has these roles in the project; without a name they have their first
        role's."""
        name = name or roles[0].value
        client = self.person(name)
        people.set_roles(self.runtime, project_id, name, roles=roles)
        return client

    def demand_sign_in(self) -> None:
        """Give somebody a password: from now on nobody is signed in by being there."""
        people.create_user(self.runtime, "root", is_admin=True, password=PASSWORD)
        self.context.principals.forget()


@pytest.fixture
def predictor() -> RecordingPredictor:
    return RecordingPredictor()


@pytest.fixture
def api(runtime: Runtime, predictor: RecordingPredictor) -> Iterator[Api]:
    context = make_context(runtime, predictor, host="127.0.0.1")
    with ExitStack() as clients, running(context, port=0) as server:
        yield Api(runtime, context, predictor, server.app, server.url, clients)


@pytest.fixture
def photos(bench: "Bench") -> int:
    """A project with a category and without images."""
    return bench.make_project(["cell"])


@pytest.fixture
def new_image(bench: "Bench") -> Callable[..., int]:
    """Puts another image into a project, 8 high and 12 wide, and gives its id."""
    made = 0

    def make(project_id: int) -> int:
        nonlocal made
        made += 1
        pixels = np.full((8, 12, 3), made, dtype=np.uint8)
        return bench.add_image(project_id, bench.png(pixels), f"photo-{made}.png").id

    return make
