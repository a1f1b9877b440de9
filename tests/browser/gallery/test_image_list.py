"""The image list in a real browser: filters, keys, places, and what goes wrong."""

import re

from playwright.sync_api import FilePayload, Page, expect

from browser.accessibility import Axe
from browser.gallery.listing import listed, payload, project_of
from browser.page_site import PageSite
from browser.windows import Windows
from maskloop.platform.access import Role

PLACE = re.compile(r"[?&]at=\d+")


def told(page: Page) -> dict[str, list[int]]:
    heard: dict[str, list[int]] = page.evaluate("window.told")
    return heard


def test_filters_are_in_the_address_and_come_back_from_it(site: PageSite, windows: Windows) -> None:
    project = project_of(site, "birds", ["owl.png", "wren.png", "owlet.png"])
    window = windows.of("ann", project_id=project.id)
    page = listed(window, project.id)
    expect(page.locator(".found")).to_have_text("3 images found.")
    page.get_by_role("searchbox").fill("owl")
    expect(page.locator(".found")).to_have_text("2 images found.")
    expect(page).to_have_url(re.compile("text=owl"))
    page.get_by_role("radio", name="Done").check()
    expect(page.get_by_role("heading", name="No image matches these filters")).to_be_visible()
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("owl")
    expect(page.get_by_role("radio", name="Done")).to_be_checked()
    page.locator(".notice").get_by_role("button", name="Clear filters").click()
    expect(page.locator(".found")).to_have_text("3 images found.")
    expect(page).to_have_url(re.compile(r"\?project=\d+$"))


def test_a_range_of_scores_that_holds_none_is_named_and_not_asked_for(
    site: PageSite, windows: Windows
) -> None:
    project = project_of(site, "birds", ["owl.png"])
    page = listed(windows.of("ann", project_id=project.id), project.id)
    page.get_by_label("Lowest score of a proposal").fill("0.9")
    page.get_by_label("Highest score of a proposal").fill("0.1")
    expect(page.get_by_role("alert")).to_contain_text("swap")
    expect(page.locator("a.card-link")).to_have_count(1)
    page.get_by_label("Highest score of a proposal").fill("1")
    expect(page.get_by_role("heading", name="No image matches these filters")).to_be_visible()


def test_keys_lead_from_the_search_to_an_image_and_open_it(
    site: PageSite, windows: Windows
) -> None:
    project = project_of(site, "birds", [f"{n}.png" for n in range(30)])
    page = listed(windows.of("ann", project_id=project.id), project.id)
    focused = page.locator("a.card-link:focus")
    expect(page.locator("a.card-link").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    for key, index in {"ArrowDown": 0, "ArrowRight": 1, "End": 29, "Home": 0}.items():
        page.keyboard.press(key)
        expect(focused).to_have_attribute("data-index", str(index))
        expect(focused).to_be_in_viewport()
    page.keyboard.press("ArrowDown")
    columns = int(focused.get_attribute("data-index") or "0")
    assert columns > 1
    page.keyboard.press("Enter")
    assert told(page)["opened"] == [project.images[columns]]


def test_a_card_is_a_link_that_opens_a_tab_of_its_own_with_the_middle_button(
    site: PageSite, windows: Windows
) -> None:
    project = project_of(site, "birds", ["owl.png"])
    window = windows.of("ann", project_id=project.id)
    window.watch.expect("404")  # the other tab is not served by the test
    page = listed(window, project.id)
    card = page.get_by_role("link", name="owl.png")
    expect(card).to_have_attribute("href", f"?project={project.id}&image={project.images[0]}")
    with page.context.expect_page() as opened:
        card.click(button="middle")
    assert opened.value.url.endswith(f"?project={project.id}&image={project.images[0]}")
    assert told(page)["opened"] == []
    card.click()
    assert told(page)["opened"] == project.images


def test_of_a_thousand_images_few_are_elements_and_a_reload_finds_the_place(
    site: PageSite, windows: Windows
) -> None:
    project = project_of(site, "many", [f"{n:04}.png" for n in range(1000)])
    page = listed(windows.of("ann", project_id=project.id), project.id)
    expect(page.locator("a.card-link").first).to_be_visible()
    page.get_by_role("link", name="0000.png").focus()
    for last in (99, 199, 299):
        page.keyboard.press("End")
        expect(page.locator("a.card-link:focus")).to_have_attribute("data-index", str(last))
        expect(page.get_by_role("link", name=f"{last + 1:04}.png")).to_be_attached()
    assert page.locator(".card").count() < 80
    expect(page).to_have_url(PLACE)
    page.reload()
    expect(page.get_by_role("link", name="0299.png")).to_be_in_viewport()
    expect(page.get_by_role("link", name="0000.png")).not_to_be_attached()


def test_who_works_on_an_image_is_shown_to_the_others(site: PageSite, windows: Windows) -> None:
    project = project_of(site, "birds", ["owl.png", "wren.png"])
    ben = listed(windows.of("ben", project_id=project.id), project.id)
    ben.evaluate(
        """async (path) => {
          const { csrf_token } = await (await fetch("/api/v1/session")).json();
          await fetch(path, { method: "PUT", headers: { "X-CSRF-Token": csrf_token } });
        }""",
        f"/api/v1/projects/{project.id}/images/{project.images[0]}/lease",
    )
    ann = listed(windows.of("ann", project_id=project.id), project.id)
    expect(ann.get_by_role("link", name="owl.png")).to_contain_text("ben is working on it")
    ann.get_by_role("radio", name="In work").check()
    expect(ann.locator("a.card-link")).to_have_count(1)


def test_a_picture_that_is_missing_says_why(site: PageSite, windows: Windows) -> None:
    project = project_of(site, "birds", ["owl.png"])
    site.runtime.objects.delete(project.keys[0])
    window = windows.of("ann", project_id=project.id)
    window.watch.expect("409")
    page = listed(window, project.id)
    expect(page.locator(".card .trouble")).to_contain_text("There is no object")
    expect(page.get_by_role("link", name="Its picture cannot be shown")).to_be_visible()


def test_a_list_that_does_not_come_says_so_and_comes_when_asked_again(
    site: PageSite, windows: Windows
) -> None:
    project = project_of(site, "birds", ["owl.png"])
    window = windows.of("ann", project_id=project.id)
    page = listed(window, project.id)
    expect(page.locator("a.card-link")).to_have_count(1)
    window.drop_network()
    page.get_by_role("searchbox").fill("owl")
    expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
    window.restore_network()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("a.card-link")).to_have_count(1)


def test_an_empty_project_says_what_to_do_to_those_who_may_and_to_those_who_may_not(
    site: PageSite, windows: Windows
) -> None:
    project = project_of(site, "birds", [])
    ops = listed(windows.of("olga", project_id=project.id, roles=(Role.OPS,)), project.id)
    expect(ops.get_by_text("maskloop images add birds FOLDER")).to_be_visible()
    expect(ops.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    expect(ops.get_by_role("button", name="Start labeling")).to_be_hidden()
    ann = listed(windows.of("ann", project_id=project.id, roles=(Role.LABELER,)), project.id)
    expect(ann.get_by_text("Ask somebody with the role ops or admin")).to_be_visible()
    expect(ann.get_by_role("button", name="Upload", exact=True)).to_be_hidden()
    expect(ann.get_by_role("button", name="Start labeling")).to_be_disabled()


def test_the_list_has_no_serious_fault_for_assistive_technology(
    site: PageSite, windows: Windows, axe: Axe
) -> None:
    project = project_of(site, "birds", ["owl.png", "wren.png"])
    window = windows.of("ann", project_id=project.id, roles=(Role.LABELER, Role.OPS))
    for theme in ("light", "dark"):
        page = listed(window, project.id, theme=theme)
        expect(page.get_by_role("link", name="owl.png")).to_be_visible()
        page.locator(".upload-tray input[type=file]").first.set_input_files(
            [
                payload("new.png", seed=77),
                FilePayload(name="a.txt", mimeType="text/plain", buffer=b"a"),
            ]
        )
        expect(page.locator(".tray-title")).to_have_text("Upload finished")
        assert axe(page) == []
