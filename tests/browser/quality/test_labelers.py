"""What gold images say of people who labelled them, on the quality page."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from maskloop.platform.access import Role
from sites.studio import Studio, open_studio

if TYPE_CHECKING:
    from browser.page_site import PageSite
    from browser.windows import Windows

PHOTOGRAPHS = 30


def test_who_misses_what_is_drawn_and_in_tables(site: "PageSite", windows: "Windows") -> None:
    studio = open_studio(site.runtime, photographs=PHOTOGRAPHS)
    for image in studio.images:
        studio.label(image, [(Studio.ONE, studio.cat), (Studio.THREE, studio.dog)])
    studio.gold(*studio.images)
    for _ in range(PHOTOGRAPHS):
        found = studio.begun("ben")
        studio.draw(found, (Studio.ONE, studio.cat))
        studio.submit(found)
    mia = windows.of("mia", project_id=studio.project_id, roles=[Role.ADMIN])
    page = mia.context.new_page()
    page.goto(f"/quality/?project={studio.project_id}")
    panel = page.get_by_role("region", name="Gold images by person")
    missed = panel.get_by_role("table", name="Objects missed, by person")
    expect(missed.get_by_role("row", name="ben")).to_contain_text("50 %")
    expect(missed.get_by_role("row", name="ben")).to_contain_text(f"{2 * PHOTOGRAPHS}")
    panel.get_by_text("By category").click()
    expect(panel.get_by_role("row", name="ben dog")).to_contain_text("100 %")
    with page.expect_download() as saved:
        panel.get_by_role("link", name="Gold images by person as CSV").click()
    assert saved.value.suggested_filename == (
        f"quality-{studio.project_id}-gold-images-by-person.csv"
    )
