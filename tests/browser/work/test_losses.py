"""A tab is killed: at most the action in flight is lost."""

import pytest
from playwright.sync_api import APIResponse, Route

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Window
from browser.work.desk import Desk, address, desk, rows, submitted, verdicts, when_made

CREATES = "**/images/*/annotations"


@pytest.fixture
def ann(window: Window, photos: PhotoProject) -> Desk:
    """Ann, with a photograph of a cup of coffee."""
    return desk(window, photos)


def test_an_object_in_hand_is_in_hand_again_after_the_tab_was_killed(ann: Desk) -> None:
    ann.object_at(300, 200)
    ann.click(380, 220)
    before = ann.until(
        "state.draft.prompt.points.length === 2 && state.draft.asked.length === 2 && state.draft"
    )
    ann.until("views.label.doc.settled().then(() => true)")

    ann.kill()
    ann.again("coffee.png")

    after = ann.until("state.draft")
    for name in ("object", "prompt", "mask", "candidates", "chosen", "category_id", "clicks"):
        assert after[name] == before[name], name
    ann.says("What was in hand here is back.")


def test_an_object_that_was_kept_is_made_once_though_the_tab_dies_before_it_is_sent(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.object_at(300, 200)
    ann.page.route(
        CREATES, lambda route: None if route.request.method == "POST" else route.continue_()
    )
    ann.press("Enter")
    ann.until("state.saving.waiting === 1 && state.saving.sending")

    ann.kill()
    assert rows(site, photos, "coffee.png") == []
    ann.again("coffee.png")

    ann.saved()
    assert len(rows(site, photos, "coffee.png")) == 1
    assert ann.ask("state.draft") is None
    assert (
        ann.ask("[...state.objects.values()].filter((one) => one.kind === 'annotation').length")
        == 1
    )


def test_an_object_is_made_once_though_the_tab_dies_before_it_hears_of_it(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.object_at(300, 200)
    arrived: list[int] = []

    def swallow(route: Route) -> None:
        if route.request.method == "POST":
            arrived.append(route.fetch().status)
        else:
            route.continue_()

    ann.page.route(CREATES, swallow)
    ann.press("Enter")
    ann.until_here(lambda: arrived)
    assert arrived == [201]

    ann.kill()
    ann.again("coffee.png")

    ann.saved()
    assert len(rows(site, photos, "coffee.png")) == 1
    assert ann.ask("state.draft") is None


def test_a_tab_that_dies_right_after_enter_loses_nothing(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    key = ann.object_at(300, 200)
    mask = ann.ask("state.draft.mask")
    ann.press("Enter")

    ann.kill()
    ann.again("coffee.png")

    draft = ann.ask("state.draft")
    if draft is not None:  # the key had not been written down yet: it was the action in flight
        assert (draft["object"], draft["mask"]) == (key, mask)
        ann.press("Enter")
    ann.saved()
    assert len(rows(site, photos, "coffee.png")) == 1


def test_an_object_is_shown_though_it_reaches_the_server_while_its_image_loads(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    key = ann.object_at(300, 200)
    ann.window.drop_network()
    ann.press("Enter")
    ann.until("state.draft === null && state.saving.offline")
    ann.until("views.label.doc.settled().then(() => true)")
    ann.kill()
    ann.window.restore_network()
    asked: list[tuple[Route, APIResponse]] = []
    sent: list[Route] = []
    opening: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route)
        elif asked:
            route.continue_()
        else:
            asked.append((route, route.fetch()))

    ann.page = ann.window.context.new_page()
    ann.page.route(CREATES, hold)
    ann.page.route("**/images/*/open", lambda route: opening.append(route))
    ann.page.goto(address(photos, "coffee.png"))
    ann.until_here(lambda: asked and sent and opening)
    sent[0].continue_()
    ann.until("outbox && outbox.status().objects.size === 0")
    assert len(rows(site, photos, "coffee.png")) == 1
    [(route, response_of_before)] = asked
    route.fulfill(response=response_of_before)
    opening[0].continue_()
    ann.shows("coffee.png")

    shown = "[...state.objects.values()].filter(({ kind }) => kind === 'annotation')"
    assert ann.ask(f"{shown}.map(({{ key }}) => key)") == [key]


def test_what_was_done_offline_arrives_in_order_and_once_after_the_tab_died(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.window.drop_network()
    ann.press("1", "d")
    for x, y in ((100, 60), (300, 200), (500, 330)):
        ann.drag((x, y), (x + 30, y))
        ann.until("state.draft?.mask")
        ann.press("Enter")
        ann.until("state.draft === null")
    ann.press("p", ".", "x", ".", "Enter")
    ann.press("n")
    ann.until("state.saving.waiting === 6 && state.saving.offline")

    ann.kill()
    ann.window.restore_network()
    ann.again("coffee.png")
    ann.saved()

    made = rows(site, photos, "coffee.png")
    by_hand = [row for row in made if row["proposal_id"] is None]
    assert [row["bbox"][0] // 100 for row in sorted(by_hand, key=lambda row: row["id"])] == [
        0,
        2,
        4,
    ]
    assert len(made) == 4
    assert sorted(verdicts(site, photos).values()) == ["accepted", "rejected"]
    [submission] = submitted(site, photos)
    assert (submission["outcome"], submission["objects"]) == ("done", 4)
    assert submission["created_at"] >= max(when_made(site, photos))
