"""What the labeling page begins with, by the mode of the project."""

import pytest
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Window
from browser.work.desk import Desk, desk, verdicts
from maskloop.platform.db import auto_accepts, model_versions, projects, proposals, users
from maskloop.platform.db.auto_accepts import NewAutoAccept
from maskloop.platform.states import ProjectMode, ProposalState


def go_to(site: PageSite, photos: PhotoProject, mode: ProjectMode) -> None:
    with site.runtime.engine.begin() as connection:
        projects.set_mode(connection, photos.id, mode)


@pytest.fixture
def sure(site: PageSite, photos: PhotoProject) -> set[int]:
    """The three best proposals of the cup: an auto-accept is on from the third one's score."""
    with site.runtime.engine.begin() as connection:
        best = sorted(
            proposals.of_image(
                connection, photos.id, photos.images["coffee.png"], (ProposalState.PENDING,)
            ),
            key=lambda one: -one.mask.predicted_iou,
        )[:3]
        version = model_versions.by_id(connection, best[0].model_version_id)
        model_versions.promote(connection, version, because="a test")
        new = NewAutoAccept(
            version.id, photos.categories["cup"], best[2].mask.predicted_iou, 0.9, 0.9, 1.0, {}
        )
        by = users.by_name(connection, "ann").id
        auto_accepts.insert_new(connection, photos.id, new, switched_on_by=by)
    return {one.id for one in best}


@pytest.fixture
def semi(site: PageSite, window: Window, photos: PhotoProject, sure: set[int]) -> Desk:
    go_to(site, photos, ProjectMode.SEMI_AUTOMATIC)
    return desk(window, photos, "coffee.png")


def test_semi_automatic_fills_in_what_audits_allow_and_one_key_keeps_it(
    semi: Desk, site: PageSite, photos: PhotoProject, sure: set[int]
) -> None:
    filled = semi.until("state.selected.size && [...state.selected]")
    assert set(filled) == {f"p{one}" for one in sure}
    notices = semi.page.get_by_role("list", name="Notices")
    expect(notices).to_contain_text("3 confident masks filled in: Enter keeps")
    semi.press("2", "Enter")
    semi.saved()
    assert verdicts(site, photos) == dict.fromkeys(sure, "accepted")


def test_what_was_filled_in_stays_a_proposal_where_nobody_keeps_it(
    semi: Desk, site: PageSite, photos: PhotoProject
) -> None:
    semi.until("state.selected.size")
    semi.press("Escape")
    semi.until("state.selected.size === 0")
    semi.keep(300, 200, category=2)
    semi.saved()
    assert verdicts(site, photos) == {}


def test_assisted_keeps_proposals_back_until_they_are_asked_for(
    site: PageSite, window: Window, photos: PhotoProject
) -> None:
    go_to(site, photos, ProjectMode.ASSISTED)
    ann = desk(window, photos, "coffee.png")
    count = photos.proposals["coffee.png"]
    listed = ann.page.get_by_role("listbox", name="Proposals").get_by_role("option")
    expect(ann.page.get_by_text(f"0 of {count} shown")).to_be_visible()
    expect(listed).to_have_count(0)
    assert ann.ask("state.selected.size") == 0
    ann.page.get_by_label("Scored at least").fill("0")
    expect(listed).to_have_count(count)


def test_automatic_begins_with_review_on_the_front_page(
    site: PageSite, window: Window, photos: PhotoProject
) -> None:
    page = window.context.new_page()
    page.goto("/")
    ways = page.get_by_role("navigation", name=photos.name).get_by_role("link")
    expect(ways).to_have_text(["Review", "Label", "Models", "Quality"])
    go_to(site, photos, ProjectMode.ASSISTED)
    page.reload()
    expect(ways).to_have_text(["Label", "Review", "Models", "Quality"])
