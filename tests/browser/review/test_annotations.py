"""A queue of annotations: a second person accepts, rejects and corrects what the first one drew,
and takes it back."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.review.desk import ReviewDesk, open_queue
from browser.review.test_correcting import RIGHT, begin, stroke
from browser.windows import Window
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import annotation_reviews, cards
from maskloop.platform.db.tables import proposals
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services.people import create_user
from maskloop.services.reviews import Judgement, review


@pytest.fixture
def desk(
    window: Window, open_desk: Callable[..., ReviewDesk], site: PageSite, photos: PhotoProject
) -> ReviewDesk:
    """Ann's, with what Mo has accepted as cups."""
    mo = create_user(site.runtime, "mo").id
    wanted = sa.select(proposals.c.id).where(proposals.c.image_id == photos.images["coffee.png"])
    with site.runtime.engine.connect() as connection:
        some = list(connection.execute(wanted.order_by(proposals.c.id).limit(5)).scalars())
    cup = Judgement.accept(photos.categories["cup"])
    for one in some:
        review(site.runtime, photos.id, one, cup, reviewer_id=mo)
    open_queue(site, photos, "Cups", subject=QueueSubject.ANNOTATIONS, ordering=QueueOrder.OLDEST)
    return open_desk().ready()


def said(desk: ReviewDesk) -> list[tuple[str, str | None]]:
    wanted = sa.select(annotation_reviews.c.verdict, annotation_reviews.c.reason)
    return [tuple(row) for row in desk.rows(wanted.order_by(annotation_reviews.c.id))]


def newest(desk: ReviewDesk, card: int) -> Any:
    """Revision of what the card shows, with its author's name."""
    statement = (
        sa.select(annotations, users.c.name.label("author"))
        .join(cards, cards.c.annotation_id == annotations.c.id)
        .join(users, users.c.id == annotations.c.author_id)
        .where(cards.c.id == card)
        .order_by(annotations.c.revision.desc())
    )
    return desk.rows(statement)[0]


def test_an_annotation_comes_with_its_category_and_is_accepted_as_it_is(
    desk: ReviewDesk, photos: PhotoProject
) -> None:
    expect(desk.page.locator(".category-line")).to_contain_text("cup")
    card = desk.card
    desk.press("a")
    desk.saved()
    assert said(desk) == [("accepted", None)]
    found = newest(desk, card)
    assert (found.revision, found.author, found.category_id) == (1, "mo", photos.categories["cup"])


def test_a_rejection_deletes_it_and_is_taken_back(desk: ReviewDesk) -> None:
    card = desk.card
    area = newest(desk, card).area
    desk.press("x", "3")
    desk.saved()
    assert said(desk) == [("rejected", "part missing")]
    assert newest(desk, card).deleted
    assert desk.card != card
    desk.press("u")
    desk.saved()
    desk.until(f"state.cards[0].id === {card} && !state.cards[0].stale")
    found = newest(desk, card)
    assert (found.deleted, found.area) == (False, area)
    desk.press("a")
    desk.saved()
    assert [verdict for verdict, _ in said(desk)] == ["rejected", "accepted"]


def test_a_correction_is_another_revision_and_is_taken_back(desk: ReviewDesk) -> None:
    card = desk.card
    area = newest(desk, card).area
    begin(desk)
    stroke(desk, *desk.ask(RIGHT), by=40)
    desk.until(f"review.editor.state.draft.mask.area > {area}")
    desk.press("Enter")
    desk.saved()
    assert said(desk) == [("corrected", None)]
    found = newest(desk, card)
    assert (found.revision, found.author) == (2, "ann")
    assert found.area > area
    desk.press("u")
    desk.saved()
    desk.until(f"state.cards[0].id === {card} && !state.cards[0].stale")
    assert newest(desk, card).area == area


def test_another_category_for_it_sticks_to_no_other_annotation(
    desk: ReviewDesk, photos: PhotoProject
) -> None:
    card = desk.card
    desk.press("3", "a")
    expect(desk.page.locator(".category-line")).to_contain_text("cup")
    desk.saved()
    assert newest(desk, card).category_id == photos.categories["person"]
    desk.press("a")
    desk.saved()
    assert len(said(desk)) == 2
