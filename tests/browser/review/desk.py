"""The review page on the real server, driven as a person drives it and asked what it holds; and
what the database has of it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page, expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from maskloop.platform.db.labeling_tables import annotations, reviews
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.queues import Plan
from maskloop.platform.db.review_tables import cards
from maskloop.platform.db.tables import proposals
from maskloop.platform.states import QueueSubject
from maskloop.services import queues

SECONDS = 30.0
_UNTIL = """async ([seconds]) => {
  const deadline = performance.now() + seconds * 1000;
  const look = () => { const page = document.querySelector("#maskloop")?.page;
    const { state, outbox, review } = page ?? {}; return page && (%s); };
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > deadline) return null;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}"""
_ASK = """() => { const { state, outbox, review } = document.querySelector("#maskloop").page;
  return (%s); }"""
_PLACE = """([x, y]) => {
  const { camera } = document.querySelector("#maskloop").page.review.editor.stage;
  const { left, top } = document.querySelector(".stage").getBoundingClientRect();
  return [left + (x - camera.x) * camera.scale, top + (y - camera.y) * camera.scale];
}"""
_FLUSHED = """async () => { const { review, outbox } = document.querySelector("#maskloop").page;
  await review.settled(); await outbox.flush(); }"""
_SAVED = "outbox.status().waiting === 0 && !outbox.status().sending && outbox.status()"


@dataclass
class ReviewDesk:
    """One person who reviews. Expressions see the page's `state`, `outbox` and `review`."""

    page: Page
    site: PageSite
    photos: PhotoProject

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(_ASK % expression)

    def until(self, expression: str, seconds: float = SECONDS) -> Any:
        """What the expression gives once that counts as true."""
        found = self.page.evaluate(_UNTIL % expression, [seconds])
        assert found, f"not within {seconds} s: {expression}; the page: {self._told()}"
        return found

    def _told(self) -> str:
        told = self.ask(
            "({card: state.cards[0]?.id, dealing: state.dealing, panel: state.panel,"
            " mode: state.mode, saving: {...state.saving, objects: [...state.saving.objects]}})"
        )
        return json.dumps(told)

    def until_here(self, condition: Callable[[], Any], seconds: float = SECONDS) -> None:
        """A condition on the server; the page goes on meanwhile."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            self.page.wait_for_timeout(20)

    def ready(self) -> "ReviewDesk":
        """The first card is painted."""
        expect(self.page.locator(".card-picture[data-ready=true]")).to_be_visible(
            timeout=SECONDS * 1000
        )
        return self

    def press(self, *keys: str) -> "ReviewDesk":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    @property
    def card(self) -> int:
        found: int = self.until("state.cards[0]?.id")
        return found

    def saved(self) -> None:
        """All that was said has reached the server."""
        self.page.evaluate(_FLUSHED)
        self.until(_SAVED)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Of a pixel of the image, on the screen, while a mask is corrected."""
        sx, sy = self.page.evaluate(_PLACE, [x, y])
        return sx, sy

    def rows(self, statement: sa.Select[Any]) -> list[Any]:
        with self.site.runtime.engine.connect() as connection:
            return list(connection.execute(statement))

    def proposal_of(self, card: int) -> int:
        (row,) = self.rows(sa.select(cards.c.proposal_id).where(cards.c.id == card))
        found: int = row.proposal_id
        return found

    def verdicts(self) -> list[tuple[str, str | None]]:
        """Of the project's reviews, in their order, with the reason."""
        statement = sa.select(reviews.c.verdict, reviews.c.reason).order_by(reviews.c.id)
        return [(row.verdict, row.reason) for row in self.rows(statement)]

    def state_of(self, card: int) -> str:
        """Of the proposal behind it."""
        statement = sa.select(proposals.c.state).where(proposals.c.id == self.proposal_of(card))
        (row,) = self.rows(statement)
        found: str = row.state
        return found

    def annotation_of(self, card: int) -> Any:
        """The newest revision of what was made of it; None where nothing is."""
        statement = (
            sa.select(annotations)
            .where(annotations.c.proposal_id == self.proposal_of(card))
            .order_by(annotations.c.id.desc(), annotations.c.revision.desc())
        )
        return next(iter(self.rows(statement)), None)


def open_queue(site: PageSite, photos: PhotoProject, name: str = "All", **plan: Any) -> int:
    """A queue over the project's proposals, made by whoever was made first."""
    given = {"subject": QueueSubject.PROPOSALS} | plan
    with site.runtime.engine.begin() as connection:
        maker = connection.execute(sa.select(sa.func.min(users.c.id))).scalar_one()
        made = queues.create_in(connection, photos.id, Plan(name, **given), created_by=maker)
        return made.id
