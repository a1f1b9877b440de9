"""The pages: mounted on the API's application, so that one address answers for both.

`maskloop up` finds `mount` by the entry point `maskloop.pages`: services know of no page.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

import gradio as gr
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from maskloop.ui.label.page import LABEL
from maskloop.ui.models.page import MODELS
from maskloop.ui.page import Page
from maskloop.ui.quality.page import QUALITY
from maskloop.ui.review.page import REVIEW

PAGES: Final = (LABEL, REVIEW, MODELS, QUALITY)
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; "
    "frame-ancestors 'self'; form-action 'self'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; worker-src 'self'"
)
"""Gradio starts itself from a script in its page and makes functions of its templates."""
_SERVED: Final = ("/assets/", "/static/", "/svelte/")
_SERVED_WHOLE: Final = frozenset({"", "/", "/config", "/theme.css", "/manifest.json"})


def mount(app: FastAPI) -> None:
    """Each page at /NAME/ and its modules at /ui/NAME/."""
    for page in PAGES:
        app.mount(page.files, _Modules(page.static), name=f"{page.name}-modules")
    for made in _gradio():
        app.mount(made.path, made.app)
    app.add_middleware(_OnlyThePages)


@cache
def _gradio() -> tuple[Mount, ...]:
    """Gradio's application of each page. Made once, which takes a second, for every server of the
    process: they keep nothing of who asks."""
    theme = gr.themes.Base(font=["system-ui"], font_mono=["ui-monospace"])
    alone = FastAPI()
    for page in PAGES:
        gr.mount_gradio_app(
            alone,
            page.blocks(),
            path=page.path,
            footer_links=[],
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            mcp_server=False,
            theme=theme,
        )
    return tuple(route for route in alone.routes if isinstance(route, Mount))


class _Modules(StaticFiles):
    """Asked for again after an upgrade, so that a browser does not mix files of two versions."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)

    def file_response(self, *arguments: Any, **options: Any) -> Any:
        answer = super().file_response(*arguments, **options)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


class _OnlyThePages:
    """Of Gradio's applications, hands out what the pages are made of and nothing else: their
    upload, file, proxy and queue routes ask nobody to sign in, and no page needs them."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        page = _page_at(scope.get("path", ""))
        if page is None:
            await self._app(scope, receive, send)
            return
        inside = scope["path"].removeprefix(page.path)
        served = inside in _SERVED_WHOLE or inside.startswith(_SERVED)
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not served:
            await PlainTextResponse("There is no such page.\n", 404)(scope, receive, send)
            return

        is_page = inside in ("", "/")
        headed = _Headed(page.head, send).send if is_page else _with_policy(send)
        await self._app(scope, receive, headed)


def _page_at(path: str) -> Page | None:
    for page in PAGES:
        if path == page.path or path.startswith(f"{page.path}/"):
            return page
    return None


def _with_policy(send: Any) -> Any:
    async def answer(message: Any) -> None:
        if message["type"] == "http.response.start":
            policy = (b"content-security-policy", _POLICY.encode())
            message = {**message, "headers": [*message.get("headers", ()), policy]}
        await send(message)

    return answer


class _Headed:
    """Gradio's HTML with a page's head in it. Given to Gradio it would be in its configuration, and
    put into the page by its script: our modules would wait for all of Gradio's."""

    def __init__(self, head: str, send: Any) -> None:
        self._head = head.encode()
        self._send = _with_policy(send)
        self._start: Any = None
        self._body = b""

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        body = self._body.replace(b"</head>", self._head + b"</head>", 1)
        kept = [pair for pair in self._start["headers"] if pair[0].lower() != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await self._send({**self._start, "headers": [*kept, length]})
        await self._send({"type": "http.response.body", "body": body})
