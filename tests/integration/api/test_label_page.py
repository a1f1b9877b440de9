"""The pages as they are handed out: whole, of this server alone, nothing of Gradio beside."""

import re
from collections.abc import Iterator

import httpx
import pytest

from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.runtime import Runtime
from maskloop.ui.pages import mount
from sites.site import InProcess, Model


@pytest.fixture
def http(runtime: Runtime, model: Model) -> Iterator[httpx.Client]:
    context = make_context(runtime, InProcess(runtime, model), host="127.0.0.1")
    with (
        running(context, pages=[mount]) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        yield client


@pytest.mark.parametrize(("name", "least"), [("label", 50), ("models", 30)])
def test_a_page_names_its_modules_and_nothing_of_another_host(
    http: httpx.Client, name: str, least: int
) -> None:
    page = http.get(f"/{name}/")
    policy = page.headers.get_list("Content-Security-Policy")
    assert len(policy) == 1
    assert "default-src 'self'" in policy[0]
    assert "http" not in policy[0]
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert int(page.headers["Content-Length"]) == len(page.content)
    own = re.findall(r'(?:src|href)="(/ui/[^"]+)"', page.text)
    assert f"/ui/{name}/main.js" in own
    assert len(own) > least
    for address in own:
        answer = http.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == "no-cache", address
    assert re.findall(r'<(?:script|link)[^>]+(?:src|href)="https?:', page.text) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/label/gradio_api/upload"),
        ("GET", "/label/gradio_api/file=/etc/passwd"),
        ("GET", "/label/gradio_api/info"),
        ("POST", "/label/gradio_api/queue/join"),
        ("GET", "/label/gradio_api/queue/data?session_hash=a"),
        ("GET", "/label/gradio_api/proxy=http://localhost/"),
        ("POST", "/label/"),
        ("POST", "/models/gradio_api/upload"),
        ("GET", "/models/gradio_api/info"),
        ("POST", "/models/gradio_api/queue/join"),
        ("GET", "/label/login_check"),
    ],
)
def test_what_gradio_offers_beside_its_page_is_closed(
    http: httpx.Client, method: str, path: str
) -> None:
    assert http.request(method, path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/ui/label/../page.py", "/ui/label/%2e%2e/page.py", "/ui/models/%2e%2e/page.py"]
)
def test_nothing_but_the_modules_is_handed_out(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


def test_the_api_keeps_its_strict_policy(http: httpx.Client) -> None:
    assert "unsafe" not in http.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in http.get("/api/v1/session").headers["Content-Security-Policy"]
