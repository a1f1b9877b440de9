"""The server dies, the network drops, the session ends, the browser keeps nothing: work goes on,
and arrives once."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import PASSWORD, Window
from browser.work.desk import Desk, desk, revisions, rows, submitted
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db.people_tables import sessions

CREATES = "**/images/*/annotations"
MASKS = "**/images/*/masks"
DEAD = "net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INTERNET_DISCONNECTED)"
NO_JOURNAL = "indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); }"


@pytest.fixture
def ann(window: Window, photos: PhotoProject) -> Desk:
    """Ann, with a photograph of a cup of coffee."""
    window.watch.expect(DEAD)
    window.watch.expect("503 ")  # a server that ends says so
    return desk(window, photos)


def test_a_server_that_is_killed_before_it_answers_has_made_the_object_once(
    ann: Desk, site: PageSite, photos: PhotoProject, weights: WeightsFolder
) -> None:
    with site.as_process(weights) as process:
        ann.object_at(300, 200)
        killed: list[int] = []

        def kill_at_the_answer(route: Route) -> None:
            if route.request.method == "POST" and not killed:
                killed.append(route.fetch().status)
                process.kill()
                route.abort("connectionreset")
            else:
                route.continue_()

        ann.page.route(CREATES, kill_at_the_answer)
        ann.press("Enter")
        ann.until("state.saving.offline && state.saving.waiting === 1")
        assert killed == [201]
        process.start()
        ann.saved()
    assert revisions(site, photos) == [(rows(site, photos, "coffee.png")[0]["id"], 1, False)]


def test_while_the_server_is_away_clicks_say_why_and_work_by_hand_goes_on(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.press("1")
    site.stop()

    ann.click(300, 200)
    ann.says("The server cannot be reached. Check the network, and whether maskloop runs.")
    assert ann.until("state.draft.prompt.points") == [pytest.approx([300, 200, 1], abs=1)]
    ann.press("Escape", "d")
    ann.drag((100, 60), (140, 60))
    ann.until("state.draft?.mask")
    ann.press("Enter", "g")
    for corner in ((400, 300), (460, 300), (430, 360)):
        ann.click(*corner)
    ann.press("Enter")
    ann.until("state.draft?.mask")
    ann.press("Enter")
    ann.until("state.saving.offline && state.saving.waiting === 2")
    assert ann.chip().inner_text() == "Offline · 2 kept here"

    site.start()
    ann.saved()
    assert len(rows(site, photos, "coffee.png")) == 2
    ann.press("p")
    ann.object_at(300, 200)


def test_a_click_whose_answer_the_network_loses_keeps_its_point(ann: Desk) -> None:
    ann.press("1")

    def drop(route: Route) -> None:
        ann.window.drop_network()
        route.abort("internetdisconnected")

    ann.page.route(MASKS, drop)
    ann.click(300, 200)
    ann.says("The server cannot be reached.")
    assert len(ann.ask("state.draft.prompt.points")) == 1

    ann.page.unroute(MASKS)
    ann.window.restore_network()
    ann.page.get_by_role("button", name="Ask again").click()
    ann.until("state.draft.mask && state.draft.candidates.length === 3")
    assert len(ann.ask("state.draft.prompt.points")) == 1


def test_a_save_that_the_network_loses_on_its_way_back_is_made_once(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.object_at(300, 200)
    lost: list[int] = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            ann.window.drop_network()
            route.abort("internetdisconnected")
        else:
            route.continue_()

    ann.page.route(CREATES, lose_the_answer)
    ann.press("Enter")
    ann.until("state.saving.offline && state.saving.waiting === 1")
    assert ann.chip().inner_text() == "Offline · 1 kept here"
    ann.window.restore_network()
    ann.saved()
    assert lost == [201]
    assert len(revisions(site, photos)) == 1


def test_a_submission_that_the_network_drops_arrives_once_and_the_next_image_can_be_had(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.keep(300, 200)
    ann.saved()
    ann.window.drop_network()
    ann.press("n")
    card = ann.page.get_by_role("alert").filter(has_text="The image could not be opened")
    card.wait_for()
    ann.until("state.saving.waiting === 1 && state.saving.offline")

    ann.window.restore_network()
    card.get_by_role("button", name="Try again").click()
    ann.shows("chelsea.png")
    ann.saved()
    assert [(one["image_id"], one["outcome"]) for one in submitted(site, photos)] == [
        (photos.images["coffee.png"], "done")
    ]


FOCUS = "() => window.dispatchEvent(new Event('focus'))"
"""Without a screen no window ever gets or loses it."""


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_what_was_done_after_the_session_ended_is_saved_after_signing_in_again(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.window.watch.expect(" 401 ")
    key = ann.object_at(300, 200)
    with site.runtime.engine.begin() as connection:
        connection.execute(sa.delete(sessions))
    site.context.principals.forget()
    ann.press("Enter")
    ann.says("Nothing is lost: what you did is kept in this browser.")
    ann.until("state.saving.paused && state.saving.waiting === 1")
    assert ann.chip().inner_text() == "Signed out · 1 waiting"

    with ann.page.expect_popup() as opened:
        ann.page.get_by_role("button", name="Sign in again").click()
    sign_in(opened.value, "ann")
    opened.value.locator("#sign-out").wait_for()
    opened.value.close()
    ann.page.bring_to_front()
    ann.page.evaluate(FOCUS)

    ann.saved()
    assert len(rows(site, photos, "coffee.png")) == 1
    assert ann.ask(f"state.objects.get('{key}').revision") == 1
    ann.object_at(400, 100)


def test_a_browser_that_keeps_nothing_says_so_and_saves_all_the_same(
    window: Window, photos: PhotoProject, site: PageSite
) -> None:
    window.context.add_init_script(NO_JOURNAL)
    ann = desk(window, photos)
    ann.says("keep this tab open until everything is saved")
    ann.keep(300, 200)
    ann.saved()
    assert ann.chip().inner_text() == "Saved · no journal"
    assert len(rows(site, photos, "coffee.png")) == 1
    ann.press("n")
    ann.shows("chelsea.png")
    ann.saved()
    assert [one["outcome"] for one in submitted(site, photos)] == ["done"]
