"""An image that is labelled blindly looks and works as any other, and comes where the next one
would."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Window
from browser.work.desk import Desk, desk, rows, submitted
from maskloop.platform.db import proposals, users
from maskloop.platform.states import ProposalState, SubmissionOutcome
from maskloop.services import blind_passes, gold_images, labeling, people, reviews
from maskloop.services.labeling import Conclusion
from maskloop.services.reviews import Judgement

KEPT = 3


@pytest.fixture
def gold(site: PageSite, photos: PhotoProject) -> None:
    """Bea accepted the three largest proposals of the coffee as cups, and the photograph is
    gold."""
    coffee = photos.images["coffee.png"]
    bea = people.create_user(site.runtime, "bea").id
    with site.runtime.engine.connect() as connection:
        pending = (ProposalState.PENDING,)
        found = list(proposals.of_image(connection, photos.id, coffee, pending))
    largest = sorted(found, key=lambda one: -one.mask.area)[:KEPT]
    cup = photos.categories["cup"]
    for one in largest:
        reviews.review(site.runtime, photos.id, one.id, Judgement.accept(cup), reviewer_id=bea)
    token = labeling.take(site.runtime, photos.id, coffee, user_id=bea).token
    done = Conclusion(token, SubmissionOutcome.DONE)
    with site.runtime.engine.begin() as connection:
        labeling.submit_in(connection, photos.id, coffee, done, user_id=bea)
    gold_images.make(site.runtime, photos.id, [coffee], by=bea)


@pytest.fixture
def ann(site: PageSite, window: Window, photos: PhotoProject, gold: None) -> Desk:
    """Ann was through with the astronaut and has a pass of the cup in hand."""
    with site.runtime.engine.begin() as connection:
        begun = blind_passes.begin_gold(
            connection,
            photos.id,
            user_id=users.by_name(connection, "ann").id,
            behind=photos.images["astronaut.png"],
        )
    assert begun is not None
    photos.images["pass"] = begun.pass_image_id
    return desk(window, photos, None)


def told(ann: Desk) -> str:
    """What stands on the page, but for numbers, however many, and the picture's name."""
    text = ann.page.locator("#maskloop").inner_text()
    return re.sub(r"(\w+\.(png|jpg)|[\d.,]+|px|%|\W)+", " ", text)


def scored(site: PageSite) -> list[Any]:
    query = sa.text("SELECT truth_id IS NULL, drawn_id IS NULL, iou FROM pass_objects ORDER BY id")
    with site.runtime.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_it_is_labelled_and_submitted_as_any_other(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.page.goto(f"/label/?project={photos.id}&queue=")
    ann.shows("pass")
    listed = ann.page.get_by_role("listbox", name="Proposals").get_by_role("option")
    expect(listed).to_have_count(photos.proposals["coffee.png"])
    expect(ann.page.get_by_text("coffee.png").first).to_be_visible()

    ann.press("2", "Control+a", "Enter")  # all proposals are cups, three of which are right
    ann.until("[...state.objects.values()].every((one) => one.state !== 'pending')")
    ann.keep(20, 20, category=5)
    ann.saved()
    ann.press("n")
    ann.shows("chelsea.png")
    ann.saved()
    found, beside = scored(site)[:KEPT], scored(site)[KEPT:]
    assert found == [(False, False, 1.0)] * KEPT
    assert set(beside) == {(True, False, None)}
    assert len(beside) == photos.proposals["coffee.png"] - KEPT + 1
    assert len(submitted(site, photos)) == 1  # bea's
    assert len(rows(site, photos, "coffee.png")) == KEPT


def test_nothing_on_the_page_tells_it_from_another(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.open("chelsea.png")
    ann.until("state.warm")
    ordinary = told(ann)
    ann.open("pass")
    ann.until("state.warm")
    assert told(ann) == ordinary
    assert ann.ask("state.lease.token")
