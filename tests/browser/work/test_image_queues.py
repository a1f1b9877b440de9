"""Queues of images on the labeling page: which one is chosen, what is left in it, and where it is
made."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, expect

from browser.accessibility import Axe
from browser.page_site import PageSite
from browser.photographs import PhotoProject
from browser.windows import Window, Windows
from browser.work.desk import SECONDS, Desk, desk
from browser.work.test_accessibility import is_sound
from maskloop.platform.db.labeling_tables import image_leases
from maskloop.platform.db.people_tables import users
from maskloop.platform.db.queues import Plan
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import QueueOrder, QueueSubject
from maskloop.services import queues

QUEUE = "new URLSearchParams(location.search).get('queue')"


def add(site: PageSite, photos: PhotoProject, name: str, **more: Any) -> int:
    """A queue of images by id; what the rule says stands among the rest."""
    rule = Rule(**{key: more.pop(key) for key in set(more) & set(Rule.model_fields)})
    people: Sequence[str] = more.pop("people", ())
    usual: dict[str, Any] = {"subject": QueueSubject.IMAGES, "ordering": QueueOrder.OLDEST}
    with site.runtime.engine.begin() as connection:
        boss: int = connection.execute(sa.select(sa.func.min(users.c.id))).scalar_one()
        made = queues.create_in(
            connection,
            photos.id,
            Plan(**usual | more | {"name": name, "rule": rule}),
            people=people,
            created_by=boss,
        )
    return made.id


def close(site: PageSite, photos: PhotoProject, queue_id: int) -> None:
    with site.runtime.engine.begin() as connection:
        queues.queues.close(connection, photos.id, queue_id, closed=True)


def held(site: PageSite) -> list[int]:
    with site.runtime.engine.connect() as connection:
        return list(connection.execute(sa.select(image_leases.c.image_id)).scalars())


@pytest.fixture
def ann(window: Window, photos: PhotoProject) -> Desk:
    """Ann, with an empty tab."""
    return desk(window, photos, None)


def start(ann: Desk, queue: int | str, name: str) -> None:
    ann.page.goto(f"/label/?project={ann.photos.id}&queue={queue}")
    ann.shows(name)


def choice(ann: Desk) -> Locator:
    return ann.page.get_by_role("combobox", name="Queue")


def notice(ann: Desk, title: str) -> Locator:
    found = ann.page.locator(".notice-card", has=ann.page.get_by_role("heading", name=title))
    found.wait_for(timeout=SECONDS * 1000)
    return found


def test_where_there_is_no_queue_nobody_is_asked(ann: Desk) -> None:
    start(ann, "", "astronaut.png")
    expect(choice(ann)).to_be_hidden()
    ann.press("Shift+Q")
    ann.press("n")
    ann.shows("coffee.png")


def test_a_queue_is_chosen_by_key_and_stays_in_the_address(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    add(site, photos, "All")
    rockets = add(site, photos, "Rockets", image="rocket")
    start(ann, "", "astronaut.png")
    told = choice(ann).locator("option").all_inner_texts()
    assert told == ["All my queues", "All · 4 left", "Rockets · 1 left"]
    ann.press("Shift+Q")
    expect(choice(ann)).to_be_focused()
    choice(ann).select_option(str(rockets))
    ann.shows("rocket.jpg")
    assert ann.ask(QUEUE) == str(rockets)
    expect(ann.page.locator(".where")).to_contain_text("1 image to do")
    assert held(site) == [photos.images["rocket.jpg"]], "the one before was given back"
    ann.page.reload()
    ann.shows("rocket.jpg")
    expect(choice(ann)).to_have_value(str(rockets))


def test_nothing_left_leads_to_another_queue(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    rockets = add(site, photos, "Rockets", image="rocket")
    cats = add(site, photos, "Cats", image="chelsea")
    start(ann, rockets, "rocket.jpg")
    ann.press("n")
    nothing = notice(ann, "Nothing is left in “Rockets”")
    expect(nothing).to_contain_text("You finished 1 of them in this session.")
    assert ann.ask(QUEUE) == str(rockets)
    nothing.get_by_role("button", name="Cats · 1 left").click()
    ann.shows("chelsea.png")
    assert ann.ask(QUEUE) == str(cats)
    ann.press("n")
    nothing = notice(ann, "Nothing is left in “Cats”")
    expect(nothing.get_by_role("button")).to_have_text(["All images"])
    choice(ann).select_option("")
    notice(ann, "The queues are empty")


def test_a_queue_closed_meanwhile_is_told(
    ann: Desk, window: Window, site: PageSite, photos: PhotoProject
) -> None:
    rockets = add(site, photos, "Rockets", image="rocket")
    add(site, photos, "Cats", image="chelsea")
    start(ann, rockets, "rocket.jpg")
    close(site, photos, rockets)
    window.watch.expect("status of 409")
    ann.press("n")
    told = notice(ann, "The queue “Rockets” is closed")
    assert ann.ask("state.queue") is None
    told.get_by_role("button", name="Cats · 1 left").click()
    ann.shows("chelsea.png")


def test_the_last_queue_closed_leads_to_all_images(
    ann: Desk, window: Window, site: PageSite, photos: PhotoProject
) -> None:
    queue = add(site, photos, "Rockets", image="rocket")
    close(site, photos, queue)
    window.watch.expect("status of 409")
    ann.page.goto(f"/label/?project={photos.id}&queue={queue}")
    notice(ann, "The queue “Rockets” is closed").get_by_role(
        "button", name="Go on without a queue"
    ).click()
    ann.shows("astronaut.png")
    expect(choice(ann)).to_be_hidden()


def test_a_queue_is_not_changed_with_an_object_in_hand(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    rockets = add(site, photos, "Rockets", image="rocket")
    add(site, photos, "All")
    start(ann, "", "rocket.jpg")
    ann.object_at(320, 200)
    choice(ann).select_option(str(rockets))
    ann.says("Then the queue can be changed.")
    expect(choice(ann)).to_have_value("")
    assert ann.ask("state.queue") is None


def test_start_labeling_goes_on_in_the_chosen_queue(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    rockets = add(site, photos, "Rockets", image="rocket")
    add(site, photos, "All")
    start(ann, rockets, "rocket.jpg")
    ann.press("q")
    ann.page.get_by_role("button", name="Start labeling").click()
    ann.shows("rocket.jpg")
    expect(choice(ann)).to_have_value(str(rockets))
    ann.press("q")
    ann.page.get_by_role("link", name="coffee.png").click()
    ann.shows("coffee.png")
    ann.press("n")
    ann.shows("rocket.jpg")


def test_a_queue_of_others_is_no_choice(
    ann: Desk, windows: Windows, site: PageSite, photos: PhotoProject
) -> None:
    windows.of("bo", project_id=photos.id)
    add(site, photos, "Bo's", people=["bo"])
    add(site, photos, "All")
    start(ann, "", "astronaut.png")
    assert choice(ann).locator("option").all_inner_texts() == ["All my queues", "All · 4 left"]


def test_a_manager_makes_a_queue_and_labels_it(
    windows: Windows, photos: PhotoProject, axe: Axe
) -> None:
    boss = windows.of("boss", project_id=photos.id, is_admin=True)
    page = boss.open(f"/review/?project={photos.id}")
    page.get_by_role("button", name="New queue").click()
    form = page.get_by_role("dialog", name="New queue")
    form.get_by_label("Name", exact=True).fill("Rockets")
    form.get_by_label("Hands out").select_option("images")
    expect(form.get_by_label("Order")).to_have_value("oldest")
    form.get_by_label("Address of the image holds").fill("rocket")
    is_sound(page, axe)
    form.get_by_role("button", name="Make the queue").click()
    expect(form).to_have_count(0)
    page.get_by_role("button", name="Label them").click()
    expect(page.get_by_role("application", name="Image")).to_have_attribute(
        "aria-label", "Image rocket.jpg, 640 by 427 pixels"
    )
    is_sound(page, axe)
