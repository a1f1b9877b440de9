"""A labeling page with an image open: hands and eyes of whoever labels, and the database."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page, Request, Route

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Window
from maskloop.platform.db import annotations as rows
from maskloop.platform.db import proposals as proposal_rows
from maskloop.platform.db.annotations import Annotation
from maskloop.platform.db.proposals import Proposal

Pixels = npt.NDArray[np.bool_]
MASKS = "**/api/v1/projects/*/images/*/masks"
SECONDS = 30.0

ON_SCREEN = """([x, y]) => {
  const { camera } = document.querySelector('#maskloop').page.views.label.stage;
  const { left, top } = document.querySelector('.stage-canvases').getBoundingClientRect();
  return [left + (x - camera.x) * camera.scale, top + (y - camera.y) * camera.scale];
}"""


@dataclass
class Desk:
    window: Window
    site: PageSite
    photos: PhotoProject
    name: str
    page: Page
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Every question for masks that the page sent, previews too."""

    # --- hands ----------------------------------------------------------------------------------

    def at(self, x: float, y: float) -> tuple[float, float]:
        """On the screen, of a point of the image."""
        left, top = self.page.evaluate(ON_SCREEN, [x, y])
        return left, top

    def point(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.at(x, y))

    def click(self, x: float, y: float, **options: Any) -> None:
        self.page.mouse.click(*self.at(x, y), **options)

    def select(self, x: float, y: float) -> None:
        with self.holding("Control"):
            self.click(x, y)

    def drag(self, *path: tuple[float, float], button: Any = "left") -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*path[0]))
        mouse.down(button=button)
        for point in path[1:]:
            mouse.move(*self.at(*point), steps=4)
        mouse.up(button=button)

    @contextmanager
    def holding(self, key: str) -> Iterator[None]:
        self.page.keyboard.down(key)
        try:
            yield
        finally:
            self.page.keyboard.up(key)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def outline(self, *corners: tuple[float, float]) -> None:
        """Takes a polygon into hand."""
        self.press("g")
        for corner in corners:
            self.click(*corner)
        self.press("Enter")

    def keep(self) -> None:
        """What is in hand, as it is; the server has it when this returns."""
        self.press("Enter")
        self.wait("state.draft === null")
        self.save()

    def ask(self, x: float, y: float, **options: Any) -> dict[str, Any]:
        """A click, and the draft that its answer makes."""
        before = len(self.draft()["asked"]) if self.draft() else 0
        self.click(x, y, **options)
        return self.answered(before + 1)

    def answered(self, questions: int) -> dict[str, Any]:
        """The draft, once so many questions about it are answered."""
        self.wait(f"state.draft?.asked.length === {questions}")
        return self.draft()

    # --- eyes -----------------------------------------------------------------------------------

    def see(self, expression: str) -> Any:
        """Of the page's `state`, `stage` and `label`."""
        return self.page.evaluate(_seen(expression))

    def wait(self, expression: str, seconds: float = SECONDS) -> None:
        self.page.wait_for_function(_seen(expression), timeout=1000 * seconds)

    def draft(self) -> dict[str, Any]:
        """What is in hand, without its pixels; empty when nothing is."""
        seen: dict[str, Any] = self.see(
            "state.draft && { ...state.draft, mask: state.draft.mask && state.draft.mask.area, "
            "candidates: state.draft.candidates.map(c => ({ area: c.mask.area, "
            "predicted_iou: c.predicted_iou, reference: c.reference })) }"
        )
        return seen or {}

    def hand(self) -> str:
        """What is said below the picture."""
        return self.page.locator(".hand").inner_text()

    def pixels(self) -> Pixels:
        """Of the mask in hand."""
        return self._pixels("state.draft.mask")

    def preview(self) -> bool:
        return bool(self.see("label.preview.shown !== null"))

    def _pixels(self, mask: str) -> Pixels:
        size, ends = self.see(f"[{mask}.size_hw, [...{mask}.ends]]")
        flat = np.zeros(size[0] * size[1], dtype=bool)
        for start, end in zip(ends[::2], ends[1::2], strict=False):
            flat[start:end] = True
        return flat.reshape(size[1], size[0]).T

    def shown(self) -> list[str]:
        """Keys of the proposals that wait, the best first."""
        found: list[str] = self.see(
            "[...state.objects.values()].filter(o => o.kind === 'proposal' && "
            "o.state === 'pending').sort((a, b) => b.score - a.score).map(o => o.key)"
        )
        return found

    def colour(self, x: float, y: float) -> list[int]:
        """On the canvas, at a point of the image."""
        seen: list[int] = self.see(
            f"stage.snapshot(({x} - stage.camera.x) * stage.camera.scale, "
            f"({y} - stage.camera.y) * stage.camera.scale)"
        )
        return seen[:3]

    # --- the database ---------------------------------------------------------------------------

    @property
    def image_id(self) -> int:
        return self.photos.images[self.name]

    def save(self) -> None:
        """Whatever waits is sent, held verdicts too; returns when nothing waits any more."""
        self.page.evaluate(
            """async () => {
              const { views, outbox } = document.querySelector('#maskloop').page;
              await views.label.doc.settled();
              await outbox.flush();
            }"""
        )
        self.wait("state.saving.waiting === 0")

    def kept(self) -> list[Annotation]:
        """Annotations of the image as they are now, the oldest first."""
        with self.site.runtime.engine.connect() as connection:
            return list(rows.of_image(connection, self.photos.id, self.image_id))

    def revisions(self, annotation_id: int) -> list[Annotation]:
        with self.site.runtime.engine.connect() as connection:
            return rows.history(connection, self.photos.id, annotation_id)

    def proposal(self, key: str) -> Proposal:
        """As the database has it."""
        with self.site.runtime.engine.connect() as connection:
            return proposal_rows.by_id(connection, self.photos.id, int(key[1:]))

    def until(self, condition: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Frames pass meanwhile: playwright hands out events while it is asked something."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come true in time"
            self.page.evaluate("() => new Promise((resolve) => requestAnimationFrame(resolve))")


def _seen(expression: str) -> str:
    return (
        "() => { const at = document.querySelector('#maskloop')?.page; if (!at) return null; "
        "const { state, views } = at; const label = views.label; const stage = label?.stage; "
        f"return {expression}; }}"
    )


def sit_down(
    window: Window,
    site: PageSite,
    photos: PhotoProject,
    name: str = "chelsea.png",
    *,
    category: int | None = 1,
    warm: bool = True,
) -> Desk:
    """Opens the image, its picture on the screen. `category`: the number key to press.
    `warm`: once it is encoded."""
    page = window.context.new_page()
    desk = Desk(window, site, photos, name, page)
    page.goto(f"/label/?project={photos.id}&image={photos.images[name]}")
    desk.wait("state.image !== null && state.loading === null")
    desk.page.evaluate("() => document.querySelector('#maskloop').page.views.label.stage.ready")
    if category is not None:
        desk.press(str(category))
    if warm:
        desk.wait("label.asking.isWarm(state.image.id)")
    page.on("request", lambda request: _note(desk, request))
    return desk


def _note(desk: Desk, request: Request) -> None:
    if request.method == "POST" and request.url.endswith("/masks"):
        desk.asked.append(json.loads(request.post_data or "{}"))


@dataclass
class Held:
    """Questions for masks that wait at the door until they are let through."""

    page: Page
    routes: list[Route] = field(default_factory=list)

    def let(self, place: int = 0) -> None:
        self.routes.pop(place).continue_()


def is_click(asked: dict[str, Any]) -> bool:
    """What warms up or previews refines nothing."""
    return "previous" in asked


def is_any(asked: dict[str, Any]) -> bool:
    return True


@contextmanager
def holding_answers(desk: Desk, of: Callable[[dict[str, Any]], bool] = is_click) -> Iterator[Held]:
    held = Held(desk.page)

    def hold(route: Route) -> None:
        if of(json.loads(route.request.post_data or "{}")):
            held.routes.append(route)
        else:
            route.continue_()

    desk.page.route(MASKS, hold)
    try:
        yield held
    finally:
        desk.page.unroute(MASKS)
