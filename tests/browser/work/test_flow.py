"""From image to image: the queue, what is fetched ahead, leases, submitting, skipping, and the ways
to somewhere else."""

from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from browser.page_site import PageSite
from browser.photographs import NAMES, PhotoProject
from browser.windows import Window, Windows
from browser.work.desk import SECONDS, Desk, address, desk, rows, submitted
from maskloop.platform.db.labeling_tables import image_leases

AT = "new URLSearchParams(location.search).get('image')"


@pytest.fixture
def ann(window: Window, photos: PhotoProject) -> Desk:
    """Ann, with an empty tab."""
    return desk(window, photos, None)


def start(ann: Desk) -> None:
    ann.page.goto(f"/label/?project={ann.photos.id}&queue=")
    ann.shows(NAMES[0])


def leases(site: PageSite) -> dict[int, Any]:
    """Until when, by image."""
    with site.runtime.engine.connect() as connection:
        found = connection.execute(sa.select(image_leases.c.image_id, image_leases.c.until))
        return dict(found.all())


def test_the_next_image_is_there_before_it_is_asked_for(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    asked: list[str] = []
    ann.page.on("request", lambda request: asked.append(request.url))
    coffee = photos.images["coffee.png"]
    start(ann)
    wanted = (f"/images/{coffee}/rendition", f"/images/{coffee}/annotations", f"image_id={coffee}&")
    ann.until_here(lambda: all(any(part in url for url in asked) for part in wanted))
    assert "coffee.png" in {image.source for image in site.predictor.warmed}

    asked.clear()
    ann.press("n")
    ann.shows("coffee.png")
    assert ann.ask("state.objects.size") == photos.proposals["coffee.png"]
    assert not [url for url in asked if f"image_id={coffee}&" in url]
    assert ann.ask(AT) == str(coffee)
    ann.saved()
    assert [(one["image_id"], one["outcome"]) for one in submitted(site, photos)] == [
        (photos.images["astronaut.png"], "done")
    ]


def test_who_skips_an_image_says_why(ann: Desk, site: PageSite, photos: PhotoProject) -> None:
    start(ann)
    ann.press("Shift+N", "Escape")
    ann.shows("astronaut.png")
    ann.press("Shift+N", "ArrowDown", "Enter")
    ann.shows("coffee.png")
    ann.page.get_by_role("button", name="Skip").click()
    ann.page.get_by_label("Another reason").fill("there is no milk in it")
    ann.press("Enter")
    ann.shows("chelsea.png")
    ann.saved()
    assert [(one["outcome"], one["reason"]) for one in submitted(site, photos)] == [
        ("skipped", "Picture is broken or unclear"),
        ("skipped", "there is no milk in it"),
    ]


def test_an_image_is_not_left_with_an_object_in_hand(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    start(ann)
    ann.object_at(220, 100)
    ann.press("n")
    ann.says("An object is in hand: Enter keeps it, Escape drops it.")
    ann.shows("astronaut.png")
    assert ann.ask("outbox.status().waiting") == 0
    ann.press("Escape", "n")
    ann.shows("coffee.png")
    ann.saved()
    assert len(submitted(site, photos)) == 1


def test_two_presses_in_haste_submit_one_image_once(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    start(ann)
    ann.ask("[views.run('submit'), views.run('submit')]")
    ann.shows("coffee.png")
    ann.saved()
    assert [one["image_id"] for one in submitted(site, photos)] == [photos.images["astronaut.png"]]


def test_a_queue_that_is_empty_says_so_and_what_was_done(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    start(ann)
    for name in (*NAMES[1:], None):
        ann.press("n")
        ann.shows(name) if name else ann.until("state.queueEmpty")
    expect(ann.page.get_by_role("heading", name="The queue is empty")).to_be_visible()
    expect(ann.page.get_by_text("You finished 4 of them in this session.")).to_be_visible()
    ann.saved()
    assert [one["outcome"] for one in submitted(site, photos)] == ["done"] * 4
    ann.page.get_by_label("Image", exact=True).get_by_role("button", name="All images").click()
    expect(ann.page.locator(".gallery")).to_be_visible()
    assert leases(site) == {}


def test_the_figures_are_what_was_done(ann: Desk, site: PageSite, photos: PhotoProject) -> None:
    start(ann)
    ann.object_at(220, 100)
    ann.click(240, 140)
    ann.until("state.draft.asked.length === 2")
    ann.press("Enter")
    ann.keep(100, 400)
    ann.saved()
    figures = dict(
        zip(
            ann.page.locator(".figures dt").all_inner_texts(),
            ann.page.locator(".figures dd").all_inner_texts(),
            strict=True,
        )
    )
    seconds = sorted(row["seconds"] for row in rows(site, photos, "astronaut.png"))
    assert figures["objects"] == "2"
    assert figures["clicks / mask"] == "1.5"
    assert float(figures["s / mask"]) == pytest.approx(sum(seconds) / 2, abs=0.06)
    ann.press("n")
    ann.shows("coffee.png")
    ann.saved()
    [submission] = submitted(site, photos)
    assert (submission["objects"], submission["clicks"]) == (2, 3)
    assert submission["seconds"] >= sum(seconds) - 1


def test_a_lease_is_renewed_while_somebody_works_and_given_back_when_they_leave(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.page.clock.install()
    start(ann)
    image = photos.images["astronaut.png"]
    first = leases(site)[image]
    ann.page.clock.fast_forward(250_000)  # a third of ten minutes has gone
    ann.until_here(lambda: leases(site)[image] > first)
    ann.press("q")
    ann.until_here(lambda: leases(site) == {})
    ann.page.go_back()
    ann.shows("astronaut.png")
    ann.until_here(lambda: list(leases(site)) == [image])
    ann.page.goto("/")
    ann.page.locator("#sign-out").wait_for()
    ann.until_here(lambda: leases(site) == {})


def test_who_has_lost_the_lease_is_told_and_submits_nothing(
    ann: Desk, windows: Windows, site: PageSite, photos: PhotoProject
) -> None:
    ann.window.watch.expect(" 409 ")
    start(ann)
    with site.runtime.engine.begin() as connection:
        connection.execute(sa.update(image_leases).values(until=sa.func.now()))
    bob = desk(windows.of("bob", project_id=photos.id), photos, "astronaut.png")
    assert bob.ask("Boolean(state.lease.token)")

    ann.keep(220, 100)
    ann.press("n")
    ann.until("state.saving.refused.length === 1")
    assert ann.chip().inner_text() == "1 not saved"
    ann.chip().click()
    dialog = ann.page.get_by_role("dialog")
    expect(dialog).to_contain_text("bob")
    dialog.get_by_role("button", name="Give it up").click()
    ann.saved()
    assert submitted(site, photos) == []
    assert len(rows(site, photos, "astronaut.png")) == 1


def test_page_keys_go_to_the_neighbours_and_say_nothing_of_the_image(
    ann: Desk, site: PageSite, photos: PhotoProject
) -> None:
    ann.open("coffee.png")
    ann.press("PageDown")
    ann.shows("chelsea.png")
    ann.press("PageUp")
    ann.shows("coffee.png")
    ann.press("PageUp")
    ann.shows("astronaut.png")
    ann.press("PageUp")
    ann.says("This is the first image.")
    ann.shows("astronaut.png")
    assert submitted(site, photos) == []
    ann.until_here(lambda: list(leases(site)) == [photos.images["astronaut.png"]])


def test_back_forward_and_reload_are_where_one_was(ann: Desk, photos: PhotoProject) -> None:
    ann.page.goto(f"/label/?project={photos.id}")
    ann.page.locator(".card", has_text="coffee.png").get_by_role("link").click()
    ann.shows("coffee.png")
    ann.page.reload()
    ann.shows("coffee.png")
    ann.page.go_back()
    expect(ann.page.locator(".gallery")).to_be_visible()
    ann.page.go_forward()
    ann.shows("coffee.png")
    ann.press("n")
    ann.shows("chelsea.png")
    ann.page.reload()
    ann.shows("chelsea.png")


@pytest.mark.parametrize("where", ["of another project", "that is none"])
def test_an_image_that_cannot_be_had_has_a_card_with_a_way_on(
    ann: Desk, site: PageSite, photos: PhotoProject, where: str
) -> None:
    ann.window.watch.expect(" 404 ")
    image = 10**9 if where == "that is none" else site.image(site.project("other"))
    ann.page.goto(f"/label/?project={photos.id}&image={image}")
    card = ann.page.get_by_role("alert").filter(has_text="The image could not be opened")
    expect(card).to_contain_text(str(image), timeout=SECONDS * 1000)
    card.get_by_role("button", name="All images").click()
    expect(ann.page.locator(".gallery")).to_be_visible()
    ann.page.goto(address(photos, "coffee.png"))
    ann.shows("coffee.png")
