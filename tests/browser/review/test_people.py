"""Two people at one queue, checks with feedback, queues that are made and closed."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.review.desk import ReviewDesk, open_queue
from browser.review.test_correcting import begin, stroke
from browser.windows import Window, Windows
from maskloop.platform.access import Role
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.review_tables import cards
from maskloop.platform.db.tables import proposals
from maskloop.platform.states import QueueOrder
from maskloop.services import gold
from maskloop.services.people import create_user, set_roles
from maskloop.services.reviews import Judgement, review

Open = Callable[..., ReviewDesk]
_RIGHT = "(([x, y, w, h]) => [x + w, y + h / 2])(state.cards[0].bbox)"


def lapse(site: PageSite) -> None:
    """Nobody has gone on with any card for long."""
    with site.runtime.engine.begin() as connection:
        long_ago = sa.func.now() - sa.text("interval '1 hour'")
        connection.execute(sa.update(cards).values(leased_at=long_ago, until=long_ago))


def test_who_was_first_is_said_and_what_was_drawn_is_kept(
    window: Window, windows: Windows, open_desk: Open, site: PageSite, photos: PhotoProject
) -> None:
    open_queue(site, photos, ordering=QueueOrder.SCORE)
    ann = open_desk().ready()
    ann.press("2")
    card = ann.card
    begin(ann)
    stroke(ann, *ann.ask(_RIGHT), by=40)
    ann.until("review.editor.state.draft.by_hand")
    lapse(site)
    bo = open_desk(windows.of("bo", project_id=photos.id)).ready()
    bo.until("state.cards.length >= 24")
    taken = [bo.proposal_of(one) for one in bo.ask("state.cards.map(({ id }) => id)")]
    assert ann.proposal_of(card) in taken
    window.watch.expect("status of 409")
    ann.press("Enter")
    said = ann.page.get_by_text("now bo has what it shows").first
    expect(said).to_be_visible()
    expect(said).to_contain_text("What you drew is kept")
    ann.page.reload()
    expect(ann.page.locator(".saving-state")).to_contain_text("1 answer too late")
    ann.page.locator(".saving-state").click()
    late = ann.page.get_by_role("dialog", name="Answers that did not arrive")
    with ann.page.expect_download() as saved:
        late.get_by_role("button", name="Save it as a file").click()
    assert saved.value.suggested_filename.startswith("maskloop-image-")
    late.get_by_role("button", name="Add it as an annotation").click()
    expect(late).to_have_count(0)
    expect(ann.page.locator(".saving-state")).to_have_text("Saved")


@pytest.fixture
def with_gold(site: PageSite, photos: PhotoProject) -> None:
    """Every other card is one that Mo has accepted as a cup."""
    create_user(site.runtime, "mo")
    set_roles(site.runtime, photos.id, "mo", roles=[Role.REVIEWER, Role.LABELER])
    with site.runtime.engine.connect() as connection:
        mo = connection.execute(sa.select(users.c.id).where(users.c.name == "mo")).scalar_one()
        image = photos.images["coffee.png"]
        wanted = sa.select(proposals.c.id).where(proposals.c.image_id == image)
        some = list(connection.execute(wanted.order_by(proposals.c.id)).scalars())
    cup = Judgement.accept(photos.categories["cup"])
    made = [review(site.runtime, photos.id, one, cup, reviewer_id=mo).annotation for one in some]
    gold.make_gold(site.runtime, photos.id, [one[0] for one in made if one is not None], by=mo)


def test_after_a_check_truth_and_yours_are_shown_by_key(
    window: Window, with_gold: None, open_desk: Open, site: PageSite, photos: PhotoProject
) -> None:
    open_queue(site, photos, ordering=QueueOrder.SCORE, gold_rate=0.5, feedback=True)
    ann = open_desk().ready()
    notice = ann.page.locator(".feedback")
    for _ in range(24):
        ann.press("x", "1")
        ann.saved()
        ann.page.wait_for_timeout(30)
        if notice.is_visible():
            break
    expect(notice).to_contain_text("That was a check: not right")
    card = ann.card
    ann.press("g")
    told = ann.page.get_by_role("dialog", name="Not right")
    expect(told.get_by_role("img", name="Truth: cup")).to_be_visible()
    expect(told.get_by_role("img", name="Yours: rejected")).to_be_visible()
    ann.press("g")
    expect(told).to_have_count(0)
    assert ann.card == card, "it holds up nothing"


def test_a_manager_makes_the_first_queue(
    windows: Windows, open_desk: Open, photos: PhotoProject
) -> None:
    boss = windows.of("boss", project_id=photos.id, is_admin=True)
    desk = open_desk(boss)
    desk.page.get_by_role("button", name="New queue").click()
    form = desk.page.get_by_role("dialog", name="New queue")
    form.get_by_role("button", name="Make the queue").click()
    expect(form.get_by_role("alert").last).to_contain_text("Give the queue a name")
    form.get_by_label("Name", exact=True).fill("Least sure")
    form.get_by_label("Order").select_option("score")
    form.get_by_label("Predicted IoU, at most").fill("0.97")
    form.get_by_label("Gold among them").fill("0")
    form.get_by_label("Planted errors").fill("0")
    form.get_by_role("button", name="Make the queue").click()
    expect(form).to_have_count(0)
    desk.ready()
    told = "state.queues.map((one) => [one.name, one.ordering, one.rule.predicted_iou_most])"
    assert desk.ask(told) == [["Least sure", "score", 0.97]]


def test_a_reviewer_is_told_whom_to_ask_for_a_queue(
    window: Window, open_desk: Open, photos: PhotoProject
) -> None:
    desk = open_desk()
    notice = desk.page.get_by_role("status").filter(has_text="No queue is open yet")
    expect(notice).to_contain_text("Who manages photos makes one")
    expect(notice.get_by_role("button")).to_have_count(0)


def test_a_queue_is_chosen_by_key(
    window: Window, open_desk: Open, site: PageSite, photos: PhotoProject
) -> None:
    open_queue(site, photos, "First", ordering=QueueOrder.SCORE)
    other = open_queue(site, photos, "Second", ordering=QueueOrder.OLDEST)
    desk = open_desk().ready()
    desk.press("q")
    choice = desk.page.get_by_role("combobox", name="Queue")
    expect(choice).to_be_focused()
    expect(choice.get_by_role("option", name="Second · 30 left")).to_be_attached()
    choice.select_option(str(other))
    desk.until(f"state.cards.length > 0 && state.cards.every((card) => card.queue_id === {other})")
    assert desk.page.url.endswith(f"&queue={other}")


def test_the_first_page_leads_there(window: Window, photos: PhotoProject) -> None:
    page = window.open("/")
    page.get_by_role("link", name="Review").click()
    expect(page.locator(".queue-choice")).to_be_attached()
    assert page.url.endswith(f"/review/?project={photos.id}")
