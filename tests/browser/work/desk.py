"""The labeling page in a tab, driven as a person drives it and asked what it holds."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import sqlalchemy as sa
from playwright.sync_api import Page

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Window
from maskloop.platform.db.labeling_tables import annotations, reviews, submissions

SECONDS = 30.0
_UNTIL = """async ([seconds]) => {
  const deadline = performance.now() + seconds * 1000;
  const look = () => { const page = document.querySelector("#maskloop")?.page;
    const { state, outbox, views } = page ?? {}; return page && (%s); };
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > deadline) return null;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}"""
_ASK = """() => { const { state, outbox, views } = document.querySelector("#maskloop").page;
  return (%s); }"""
_PLACE = """([x, y]) => {
  const { camera } = document.querySelector("#maskloop").page.views.label.stage;
  const { left, top } = document.querySelector(".stage").getBoundingClientRect();
  return [left + (x - camera.x) * camera.scale, top + (y - camera.y) * camera.scale];
}"""
_SOON = "() => new Promise((resolve) => setTimeout(resolve, 20))"


@dataclass
class Desk:
    """One person at one image. Expressions see the page's `state`, `outbox` and `views`."""

    window: Window
    photos: PhotoProject
    page: Page

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(_ASK % expression)

    def until(self, expression: str, seconds: float = SECONDS) -> Any:
        """What the expression gives once that counts as true."""
        found = self.page.evaluate(_UNTIL % expression, [seconds])
        assert found, f"not within {seconds} s: {expression}; the page: {self._told()}"
        return found

    def _told(self) -> str:
        told = self.ask(
            "({image: state.image?.id, trouble: state.trouble?.text, loading: state.loading,"
            " draft: state.draft && state.draft.prompt, saving: {...state.saving, objects: 0}})"
        )
        return json.dumps(told)

    def until_here(self, condition: Callable[[], Any], seconds: float = SECONDS) -> None:
        """A condition on the server; the page goes on meanwhile."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            self.page.evaluate(_SOON)

    def shows(self, name: str) -> None:
        self.until(f"state.image?.id === {self.photos.images[name]} && !state.loading")

    def open(self, name: str) -> None:
        """A photograph by its address."""
        self.page.goto(address(self.photos, name))
        self.shows(name)

    def again(self, name: str) -> None:
        """A new tab, after the one before was killed."""
        self.page = self.window.context.new_page()
        self.open(name)

    def kill(self) -> None:
        self.window.kill_tab(self.page)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the image is in the window."""
        left, top = self.page.evaluate(_PLACE, [x, y])
        return left, top

    def click(self, x: float, y: float, **options: Any) -> None:
        self.page.mouse.click(*self.place(x, y), **options)

    def drag(self, *corners: tuple[float, float]) -> None:
        first, *others = (self.place(*corner) for corner in corners)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for at in others:
            self.page.mouse.move(*at, steps=4)
        self.page.mouse.up()

    def object_at(self, x: float, y: float, category: int = 1) -> str:
        """A mask of the model is in hand; its key."""
        self.press(str(category))
        self.click(x, y)
        return str(self.until("state.draft?.mask && state.draft.object"))

    def keep(self, x: float, y: float, category: int = 1) -> str:
        """Finishes an object; its key."""
        key = self.object_at(x, y, category)
        self.press("Enter")
        self.until(f"state.draft === null && state.objects.has('{key}')")
        return key

    def saved(self) -> None:
        """All that was done has reached the server, held or not."""
        self.until("views.label.doc.settled().then(() => true)")
        self.page.evaluate("() => document.querySelector('#maskloop').page.outbox.flush()")
        self.until("state.saving.waiting === 0 && !state.saving.sending")
        assert self.chip().inner_text() in ("Saved", "Saved · no journal")

    def chip(self) -> Any:
        return self.page.locator(".saving-state")

    def says(self, text: str) -> None:
        self.page.locator(".toast", has_text=text).first.wait_for(timeout=SECONDS * 1000)


def address(photos: PhotoProject, name: str) -> str:
    return f"/label/?project={photos.id}&image={photos.images[name]}"


def desk(window: Window, photos: PhotoProject, name: str | None = "coffee.png") -> Desk:
    """A new tab of this person's with a photograph."""
    made = Desk(window, photos, window.context.new_page())
    if name is not None:
        made.open(name)
    return made


def rows(site: PageSite, photos: PhotoProject, name: str) -> list[dict[str, Any]]:
    """The current annotations of a photograph, as the API shows them."""
    answer = _onlooker(site).get(f"{photos.image_path(name)}/annotations")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def _onlooker(site: PageSite) -> httpx.Client:
    """With a token of its own: sessions of the browser may come and go."""
    return site.clients[0] if site.clients else site.person("onlooker", is_admin=True)


def revisions(site: PageSite, photos: PhotoProject) -> list[tuple[int, int, bool]]:
    """Id, revision, and whether it says that it is deleted, of everything in the project."""
    asked = (annotations.c.id, annotations.c.revision, annotations.c.deleted)
    query = sa.select(*asked).where(annotations.c.project_id == photos.id)
    with site.runtime.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(*asked[:2]))]


def when_made(site: PageSite, photos: PhotoProject) -> list[datetime]:
    """Each revision and each verdict of the project."""
    asked = [
        sa.select(t.c.created_at).where(t.c.project_id == photos.id) for t in (annotations, reviews)
    ]
    with site.runtime.engine.connect() as connection:
        return list(connection.execute(sa.union_all(*asked)).scalars())


def verdicts(site: PageSite, photos: PhotoProject) -> dict[int, str]:
    """By proposal."""
    query = sa.select(reviews.c.proposal_id, reviews.c.verdict)
    with site.runtime.engine.connect() as connection:
        found = connection.execute(query.where(reviews.c.project_id == photos.id))
        return dict(found.all())


def submitted(site: PageSite, photos: PhotoProject) -> list[dict[str, Any]]:
    """Submissions of the project, the first one first."""
    query = sa.select(submissions).where(submissions.c.project_id == photos.id)
    with site.runtime.engine.connect() as connection:
        found = connection.execute(query.order_by(submissions.c.id))
        return [dict(row) for row in found.mappings()]
