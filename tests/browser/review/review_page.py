"""The review page by itself, on an address that only the test answers: states that are hard to
reach with a real server, each in a moment."""

import json
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from browser.review import dealt
from maskloop.ui.review.page import REVIEW

UI = Path(__file__).parents[3] / "ui"
ADDRESS = "http://review.example"
POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'"
DOCUMENT = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Review</title>
{REVIEW.head}</head>
<body><div id="maskloop" class="maskloop" data-page="review"></div></body></html>"""

Answer = tuple[int, Any]
Given = Answer | Callable[[Any], Answer]


def problem(status: int, code: str, detail: str, **more: Any) -> Answer:
    content = {"title": code, "status": status, "code": code, "detail": detail}
    return status, {**content, "retryable": False, "fields": {}, **more}


@dataclass
class ReviewPage:
    """The page, and what the server would say to it. Cards are dealt from `waiting`; those that
    were dealt and not answered are one's own, which come first."""

    page: Page
    waiting: list[dict[str, Any]] = field(default_factory=list)
    open_cards: dict[int, dict[str, Any]] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """Card and body of each answer that arrived."""
    asked: list[str] = field(default_factory=list)
    said: dict[str, Given] = field(default_factory=dict)
    """By "METHOD /path below the project", before what is dealt."""
    of_mode: dict[str, str] = field(
        default_factory=lambda: {"subject": "proposals", "ordering": "doubt"}
    )
    """What a new queue begins with."""
    queues: list[dict[str, Any]] = field(default_factory=lambda: [dealt.queue()])
    permissions: list[str] = field(default_factory=lambda: list(dealt.REVIEWER))

    def __post_init__(self) -> None:
        self.page.route(f"{ADDRESS}/**", self._serve)

    def deal(self, count: int, first: int = 1, **more: Any) -> "ReviewPage":
        self.waiting += [dealt.card(first + at, **more) for at in range(count)]
        return self

    def open(self, query: str = "?project=7") -> "ReviewPage":
        self.page.goto(f"{ADDRESS}/review/{query}")
        return self

    def state(self, expression: str) -> Any:
        return self.page.evaluate(f"document.querySelector('#maskloop').page.state.{expression}")

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        if path.startswith("/api/v1"):
            self._answer(route, urlsplit(path).path.removeprefix("/api/v1"))
        elif path.startswith("/ui/"):
            _, _, name, inside = path.split("/", 3)
            kind, _ = mimetypes.guess_type(path)
            route.fulfill(body=(UI / name / "static" / inside).read_bytes(), content_type=kind)
        else:
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(body=DOCUMENT, content_type="text/html", headers=headers)

    def _answer(self, route: Route, path: str) -> None:
        short = path.removeprefix("/projects/7")
        if found := re.fullmatch(r"/images/(\d+)/(rendition|tiles/.*)", short):
            name = dealt.NAMES[int(found[1]) - 100]
            route.fulfill(body=dealt.rendition(name), content_type="image/jpeg")
            return
        asked = f"{route.request.method} {short}"
        self.asked.append(asked)
        sent = route.request.post_data
        body = json.loads(sent) if sent else None
        given = self.said.get(asked)
        status, content = given(body) if callable(given) else given or self._dealt(asked, body)
        kind = "application/json" if status < 400 else "application/problem+json"
        text = "" if status == 204 else json.dumps(content)
        route.fulfill(status=status, body=text, content_type=kind)

    def _dealt(self, asked: str, body: Any) -> Answer:
        method, path = asked.split(" ", 1)
        if asked == "GET /session":
            return 200, dealt.session()
        if asked in ("GET /projects/7", "GET "):
            return 200, dealt.project(self.permissions)
        if asked == "GET /queues":
            return 200, {"items": self.queues}
        if asked == "GET /mode":
            return 200, {"mode": "automatic", "queue": self.of_mode}
        if asked == "POST /cards/next":
            return self._next(body["count"])
        if asked == "POST /cards/renew":
            return 200, {"lost": [], "until": "2026-11-26T05:00:00Z", "seconds": 600}
        if asked == "POST /cards/return":
            for one in body["cards"]:
                self.waiting.append(self.open_cards.pop(one["id"]))
            return 204, None
        if asked == "POST /cards/accept-many":
            return self._many(body)
        if found := re.fullmatch(r"/cards/(\d+)/(answer|withdraw)", path):
            return self._verdict(int(found[1]), found[2], body)
        if method == "GET":
            return 200, {"items": [], "next": None}
        if path.endswith("/masks"):
            return problem(503, "no_model", "No model serves in this test.")
        raise AssertionError(f"nothing is said to {asked}")

    def _next(self, count: int) -> Answer:
        while self.waiting and len(self.open_cards) < count:
            one = self.waiting.pop(0)
            self.open_cards[one["id"]] = one
        return 200, {
            "cards": list(self.open_cards.values())[:count],
            "left": len(self.waiting) + len(self.open_cards),
        }

    def _verdict(self, number: int, deed: str, body: dict[str, Any]) -> Answer:
        if deed == "withdraw":
            again = dealt.card(number, token=f"{body['token']}+")
            self.open_cards = {number: again, **self.open_cards}
            self.answers.append((number, {"verdict": "withdrawn"}))
            return 200, again
        held = self.open_cards.pop(number, None)
        if held is None or held["token"] != body["token"]:
            return problem(409, "card_lost", f"Bo has judged card {number} first.")
        self.answers.append((number, body))
        return 200, dealt.said(body["verdict"])

    def _many(self, body: dict[str, Any]) -> Answer:
        ids = [one["id"] for one in body["cards"]]
        audit = ids[2::10] if len(ids) >= 5 else []
        for one in ids:
            if one not in audit:
                self.open_cards.pop(one)
                self.answers.append((one, {"verdict": "accepted", "many": True}))
        accepted = [one for one in ids if one not in audit]
        return 200, {"accepted": accepted, "audit": audit, "refused": []}
