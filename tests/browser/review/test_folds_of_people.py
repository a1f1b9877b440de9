"""Two people label the same photographs, a third decides where they differ, on the real site."""

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from maskloop.platform.access import Role
from sites.circle import Circle
from sites.studio import Studio, open_studio

if TYPE_CHECKING:
    from browser.page_site import PageSite
    from browser.windows import Windows


def test_what_they_disagree_on_is_decided_and_their_agreement_told(
    site: "PageSite", windows: "Windows"
) -> None:
    circle = Circle(open_studio(site.runtime, 2))
    studio = circle.studio
    circle.queue(2)
    for name in ("ben", "cleo"):
        circle.label(name, (Studio.ONE, studio.cat))
    circle.label("ben", (Studio.ONE, studio.cat), (Studio.THREE, studio.dog))
    circle.label("cleo", (Studio.ONE, studio.cat))
    agreed, disputed = circle.images
    assert circle.state_of(agreed) == "done"

    mia = windows.of("mia", project_id=studio.project_id, roles=[Role.ADMIN])
    page = mia.open(f"/review/?project={studio.project_id}&folds")
    expect(page.locator(".left")).to_have_text("1 in dispute")
    expect(page.locator(".pass-picture[data-ready=true]")).to_have_count(2)
    fuller = page.locator(".pass", has_text="2 objects · 1 only here")
    fuller.locator(".pass-picture").click()
    for _ in range(2):
        page.keyboard.press("Enter")
    expect(page.get_by_text("No image is in dispute")).to_be_visible()
    assert circle.state_of(disputed) == "done"
    assert [one[:2] for one in circle.on(disputed)] == [("ben", "cat"), ("ben", "dog")]

    page.goto(f"/quality/?project={studio.project_id}")
    panel = page.get_by_role("region", name="Agreement")
    table = panel.get_by_role("table", name="Agreement on images")
    expect(table.get_by_role("row", name="Objects that all of them drew")).to_contain_text("2")
    expect(panel).to_contain_text("4 labellings; 2 of 2 images settled.")
