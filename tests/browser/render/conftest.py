"""A stage alone in a page on loopback, showing a picture of four plain colours."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from maskloop.platform.images import Limits
from maskloop.platform.renditions import Product, Rendition, Tiles, levels, render

ROOT: Final = Path(__file__).parents[3]
CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
POLICY: Final = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:"
WIDTH, HEIGHT = 2400, 1600
QUARTERS: Final = (((200, 40, 40), (40, 160, 40)), ((40, 40, 200), (128, 128, 128)))
"""Colours, the upper row first."""
PAGE: Final = """<!doctype html><meta charset="utf-8"><title>stage</title>
<link rel="stylesheet" href="/style.css"><div id="host" data-size='{size}'></div>
<script type="module" src="/tests/harness.js"></script>"""
STYLE: Final = (
    "body { margin: 0 } #host { position: absolute; inset: 0 }"
    " .minimap { position: absolute; right: 0; bottom: 0 } .minimap[hidden] { display: none }"
)


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """Renditions and tiles by the end of their address."""
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(picture)
    for row, colours in enumerate(QUARTERS):
        for column, colour in enumerate(colours):
            left, top = column * WIDTH // 2, row * HEIGHT // 2
            draw.rectangle((left, top, left + WIDTH // 2, top + HEIGHT // 2), colour)
    data = io.BytesIO()
    picture.save(data, "PNG")
    size = (HEIGHT, WIDTH)
    products: list[Product] = [
        Rendition(1024),
        Rendition(2048),
        *(Tiles(k) for k in range(levels(size))),
    ]
    made = render(
        data.getvalue(), bytes(32), products, size_hw=size, source="quarters.png", limits=Limits()
    )
    found = {}
    for product, parts in made:
        for part in parts:
            match product:
                case Tiles(level=level):
                    place = part.key.rpartition("/")[2].removesuffix(".jpg").replace("-", "/")
                    found[f"tile/{level}/{place}"] = part.data
                case Rendition(side=side):
                    found[f"rendition/{side}"] = part.data
    return found


@dataclass
class Served:
    """What the server was asked for, and what it refuses."""

    pictures: dict[str, bytes]
    asked: list[str] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    """Statuses of the next answers to requests for pictures."""
    origin: str = ""


def handler_of(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(*self._found())

        def _found(self) -> tuple[int, str, bytes]:
            match self.path.strip("/").split("/", 1):
                case ["pictures", name]:
                    served.asked.append(name)
                    if served.refusals:
                        return served.refusals.pop(0), "text/plain", b"no"
                    return 200, "image/jpeg", served.pictures[name]
                case ["tests", name]:
                    content = Path(__file__).with_name(name).read_bytes()
                    return 200, "text/javascript", content
                case ["ui", name]:
                    file = ROOT / "ui/label/static" / name.removeprefix("label/")
                    return 200, "text/javascript", file.read_bytes()
                case ["style.css"]:
                    return 200, "text/css", STYLE.encode()
            size = json.dumps({"width": WIDTH, "height": HEIGHT})
            return 200, "text/html", PAGE.format(size=size).encode()

        def _answer(self, status: int, media_type: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    return Handler


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that stopped a request does not read its answer."""


@pytest.fixture
def served(pictures: dict[str, bytes]) -> Iterator[Served]:
    found = Served(pictures)
    with QuietServer(("127.0.0.1", 0), handler_of(found)) as server:
        found.origin = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


Open = Callable[..., Page]


@pytest.fixture
def open_stage(chromium: Browser, served: Served) -> Iterator[Open]:
    """Opens a page whose stage shows the picture; an error of its scripts fails the test."""
    errors: list[str] = []
    contexts = []

    def open_page(*, size: tuple[int, int] = (800, 600), ratio: int = 1, wait: bool = True) -> Page:
        viewport = ViewportSize(width=size[0], height=size[1])
        context = chromium.new_context(viewport=viewport, device_scale_factor=ratio)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(served.origin)
        page.evaluate("until(() => stage.viewport.width > 0)")
        page.evaluate("open_()")
        if wait:
            page.evaluate("stage.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def stage(open_stage: Open) -> Page:
    return open_stage()
