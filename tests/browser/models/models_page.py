"""The models page by itself, on an address that only the test answers: states that are hard to
reach with a real server, each in a moment."""

import json
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, Route

from browser.models import answers, verdicts
from maskloop.ui.models.page import MODELS

UI = Path(__file__).parents[3] / "ui"
ADDRESS = "http://models.example"
NOW = "2026-11-25T13:00:00Z"
POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'"
DOCUMENT = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Models</title>
{MODELS.head}</head>
<body><div id="maskloop" class="maskloop" data-page="models"></div></body></html>"""

Answer = tuple[int, Any]
Given = Answer | Callable[[Any], Answer]


def items(*found: Any) -> Answer:
    return 200, {"items": list(found), "next": None}


def problem(status: int, code: str, detail: str, **more: Any) -> Answer:
    content = {"title": code, "status": status, "code": code, "detail": detail}
    return status, {**content, "retryable": False, **more}


class ModelsPage:
    """The page, and what the server would say to it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        """Every request below /api/v1, as "METHOD /path"."""
        self.bodies: dict[str, Any] = {}
        """By "METHOD /path" what came with the last request."""
        self.answers: dict[str, Given] = {}
        """By "METHOD /path", whose query is left out where the whole address is not among them."""
        self._begin(answers.ML)
        page.route(f"{ADDRESS}/**", self._serve)
        page.clock.set_fixed_time(NOW)

    def _begin(self, permissions: list[str]) -> None:
        root = "/projects/7"
        self.say("GET /session", answers.session())
        self.say(f"GET {root}", answers.project(permissions))
        self.say(f"GET {root}/training-status", answers.status())
        self.say(f"GET {root}/training-policy", answers.policy())
        self.say(f"POST {root}/training-sets/preview", answers.statistics(1720))
        self.say("GET /shadow", {"shadow": None})
        self.list("/model-versions", *answers.versions())
        self.list("/promotions", *answers.promotions())
        self.list(f"{root}/trainings", answers.training(5))
        self.list(f"{root}/training-sets", answers.training_set(2), answers.training_set(1))
        self.list(f"{root}/jobs")
        self.list(f"{root}/gate-results")
        self.list(f"{root}/gate-results?challenger=5", verdicts.gate_result(31, 5, passed=True))
        self.list(f"{root}/gate-results?challenger=4", verdicts.gate_result(30, 4, passed=False))
        for number, lift in ((3, 0.0), (4, 0.031), (5, 0.083)):
            asked = f"{root}/evaluations?model_version={number}&limit=200"
            self.list(asked, verdicts.summary(number, lift))
        self.list(f"{root}/evaluations")
        for number in range(1, 6):
            self.list(f"{root}/trainings/{40 + number}/points", *answers.points())

    def say(self, asked: str, body: Any, status: int = 200) -> None:
        self.answers[asked] = (status, body)

    def list(self, path: str, *found: Any) -> None:
        self.answers[f"GET {path}"] = items(*found)

    def refuse(self, asked: str, status: int, code: str, detail: str, **more: Any) -> None:
        self.answers[asked] = problem(status, code, detail, **more)

    def with_training(self, state: str, **more: Any) -> "ModelsPage":
        """Version 6 is made by job 46, which is in this state."""
        made = "failed" if state in ("failed", "cancelled") else "training"
        newest = answers.version(6, 5, state=made, training_set_id=2)
        root = "/projects/7/trainings"
        self.list("/model-versions", newest, *answers.versions())
        self.list(root, answers.training(6, state, **more), answers.training(5))
        self.list(f"{root}/46/points", *answers.points(120))
        return self

    def as_labeler(self) -> "ModelsPage":
        self.say("GET /projects/7", answers.project(answers.LABELER))
        return self

    def open(self, query: str = "?project=7") -> "ModelsPage":
        self.page.goto(f"{ADDRESS}/models/{query}")
        return self

    def theme(self, name: Literal["light", "dark"]) -> None:
        self.page.emulate_media(color_scheme=name, reduced_motion="reduce")

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        if path.startswith("/api/v1"):
            self._answer(route, path.removeprefix("/api/v1"))
        elif path.startswith("/ui/"):
            self._file(route, path)
        else:
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(body=DOCUMENT, content_type="text/html", headers=headers)

    def _file(self, route: Route, path: str) -> None:
        _, _, name, inside = path.split("/", 3)
        kind, _ = mimetypes.guess_type(path)
        route.fulfill(body=(UI / name / "static" / inside).read_bytes(), content_type=kind)

    def _answer(self, route: Route, path: str) -> None:
        asked = f"{route.request.method} {path}"
        short = re.sub(r"\?.*", "", asked)
        found = self.answers.get(asked) or self.answers.get(short)
        assert found is not None, f"nothing is said to {asked}"
        sent = route.request.post_data
        body = json.loads(sent) if sent else None
        self.asked.append(asked)
        self.bodies[short] = body
        status, content = found(body) if callable(found) else found
        kind = "application/json" if status < 400 else "application/problem+json"
        text = "" if status == 204 else content if isinstance(content, str) else json.dumps(content)
        if isinstance(content, str):
            kind = "text/markdown"
        route.fulfill(status=status, body=text, content_type=kind)
