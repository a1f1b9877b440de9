"""The real server with people to sign in, and browsers and programs that talk to it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import httpx
import pytest
import sqlalchemy as sa

from maskloop.platform.errors import ServingUnavailableError
from maskloop.platform.mask_answers import ImageRef, MaskAnswer, MaskQuestion, ShadowSkipped
from maskloop.services.api.context import make_context
from maskloop.services.api.server import Server, running
from maskloop.services.people import create_user
from maskloop.services.predictor import ServingStatus
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime

PASSWORD = "correct horse"


class NoModel:
    """A predictor before any model was pulled."""

    async def masks(self, question: MaskQuestion) -> MaskAnswer:
        raise ServingUnavailableError("no model version was promoted")

    def shadow(self, question: MaskQuestion) -> ShadowSkipped:
        return ShadowSkipped.NOT_LOADED

    def warm(self, images: Sequence[ImageRef]) -> int:
        return 0

    async def status(self) -> ServingStatus:
        return ServingStatus(False, {}, {}, 0, trouble="no model version was promoted")


class Browser:
    """Keeps cookies, sends our origin, and shows the CSRF token once it is signed in."""

    password = PASSWORD

    def __init__(self, server: Server, **headers: str) -> None:
        own = {"Origin": server.url, **headers}
        self.http = httpx.Client(base_url=server.url, headers=own, timeout=30)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        asked = {"name": name, "password": password}
        answer = self.http.post("/api/v1/session", json=asked)
        if answer.status_code == 201:
            self.http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return answer

    def ask(self, method: str, path: str, json: object = None) -> httpx.Response:
        return self.http.request(method, f"/api/v1{path}", json=json)


NewBrowser = Callable[..., Browser]


@pytest.fixture
def no_model() -> NoModel:
    return NoModel()


@pytest.fixture
def server(runtime: Runtime, no_model: NoModel) -> Iterator[Server]:
    with running(make_context(runtime, no_model, host="127.0.0.1"), port=0) as server:
        yield server
    assert not any(thread.name == "http" for thread in threading.enumerate())


@pytest.fixture
def new_browser(server: Server) -> Iterator[NewBrowser]:
    with ExitStack() as closing:

        def new(**headers: str) -> Browser:
            made = Browser(server, **headers)
            closing.enter_context(made.http)
            return made

        yield new


@pytest.fixture
def people(runtime: Runtime) -> None:
    """Ann is an admin, Bob is not."""
    create_user(runtime, "ann", is_admin=True, password=PASSWORD)
    create_user(runtime, "bob", password=PASSWORD)


@pytest.fixture
def ann(people: None, new_browser: NewBrowser) -> Browser:
    browser = new_browser()
    assert browser.sign_in("ann").status_code == 201
    return browser


@pytest.fixture
def bob(people: None, new_browser: NewBrowser) -> Browser:
    browser = new_browser()
    assert browser.sign_in("bob").status_code == 201
    return browser


@pytest.fixture
def photos(runtime: Runtime) -> int:
    return create_project(runtime, "photos").id


@pytest.fixture
def end_sessions(runtime: Runtime) -> Callable[[], None]:
    """As if nobody had been seen for a year."""

    def end() -> None:
        with runtime.engine.begin() as connection:
            moved = "UPDATE sessions SET expires_at = created_at + interval '1 microsecond'"
            connection.execute(sa.text(moved))

    return end
