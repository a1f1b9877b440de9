"""Every page of a project leads to the others, for whoever may use them."""

import pytest
from playwright.sync_api import Page, expect

from browser.photographs import PhotoProject
from browser.windows import Windows
from maskloop.platform.access import Role

WORDS = {"label": "Label", "review": "Review", "models": "Models", "quality": "Quality"}


def ways(page: Page) -> list[tuple[str, str | None]]:
    nav = page.get_by_role("navigation", name="Other pages of the project")
    expect(nav).to_have_count(1)
    links = nav.get_by_role("link")
    expect(links.first).to_be_visible()
    return [(one.inner_text(), one.get_attribute("href")) for one in links.all()]


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.REVIEWER, WORDS), (Role.OPS, {**WORDS, "review": None})],
    ids=["reviewer", "ops"],
)
def test_each_page_leads_to_the_others_that_one_may_use(
    windows: Windows, photos: PhotoProject, role: Role, may: dict[str, str | None]
) -> None:
    window = windows.of("rae", project_id=photos.id, roles=[role])
    for here in ("label", "review", "models", "quality"):
        page = window.open(f"/{here}/?project={photos.id}")
        expected = [
            (word, f"/{name}/?project={photos.id}")
            for name, word in may.items()
            if word is not None and name != here
        ]
        assert ways(page) == expected, here
        page.close()


def test_the_labeling_page_leads_there_where_there_is_room(
    windows: Windows, photos: PhotoProject
) -> None:
    window = windows.of("rae", project_id=photos.id, viewport={"width": 1920, "height": 1080})
    image = photos.images["coffee.png"]
    page = window.open(f"/label/?project={photos.id}&image={image}")
    expect(page.locator(".stage")).to_be_visible()
    page.locator(".top").get_by_role("link", name="Review").click()
    expect(page.locator(".queue-choice")).to_be_attached()
    assert page.url.endswith(f"/review/?project={photos.id}")
