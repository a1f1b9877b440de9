"""Uploads from a real browser: outcomes, folders, paste, and a network that goes away."""

from pathlib import Path

import pytest
from playwright.sync_api import Dialog, FilePayload, Locator, Page, Route, expect

from browser.gallery.listing import Listed, listed, payload, picture, project_of
from browser.page_site import PageSite
from browser.windows import Window, Windows
from maskloop.platform.access import Role

GIVE = """([kind, name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  const target = document.querySelector(".gallery");
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { ...options, clipboardData: transfer })
    : new DragEvent(kind, { ...options, dataTransfer: transfer });
  target.dispatchEvent(event);
}"""


@pytest.fixture
def project(site: PageSite) -> Listed:
    return project_of(site, "birds", ["0.png", "1.png"])


@pytest.fixture
def window(windows: Windows, project: Listed) -> Window:
    return windows.of("ann", project_id=project.id, roles=(Role.LABELER, Role.OPS))


def chooser(page: Page, number: int = 0) -> Locator:
    return page.locator(".upload-tray input[type=file]").nth(number)


def outcomes(page: Page) -> dict[str, str | None]:
    """By file, of a tray that tells of each."""
    rows = page.locator(".tray-files > li")
    pairs = [(row.locator(".tray-name"), row.get_attribute("data-state")) for row in rows.all()]
    return {name.inner_text(): state for name, state in pairs}


def test_each_file_has_its_outcome_and_the_list_comes_anew(window: Window, project: Listed) -> None:
    page = listed(window, project.id)
    chooser(page).set_input_files(
        [
            payload("new.png", seed=50),
            payload("another name.png", seed=1),
            FilePayload(name="cut.png", mimeType="image/png", buffer=picture(60)[:200]),
            FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"to do"),
        ]
    )
    expect(page.locator(".tray-title")).to_have_text("Upload finished")
    assert outcomes(page) == {
        "new.png": "added",
        "another name.png": "known",
        "cut.png": "refused",
        "notes.txt": "refused",
    }
    expect(page.locator(".tray-files > li", has_text="cut.png")).to_contain_text(
        "ends before its picture"
    )
    expect(page.get_by_role("link", name="new.png, 16 by 12 pixels")).to_be_visible()
    expect(page.locator(".found")).to_have_text("3 images found.")
    known = page.get_by_role("link", name="another name.png: already there")
    expect(known).to_have_attribute("href", f"?project={project.id}&image={project.images[1]}")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".upload-tray")).to_be_hidden()


def test_many_files_go_in_requests_of_twenty(window: Window, project: Listed) -> None:
    page = listed(window, project.id)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    chooser(page).set_input_files([payload(f"{n}.png", seed=100 + n) for n in range(45)])
    expect(page.locator(".tray-line")).to_contain_text("45 added")
    expect(page.locator(".found")).to_have_text("47 images found.")
    assert sent.count("POST") == 3


def test_a_folder_gives_its_images_and_leaves_out_the_rest(
    window: Window, project: Listed, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    (photos / "deep").mkdir(parents=True)
    (photos / "top.png").write_bytes(picture(70))
    (photos / "deep" / "below.png").write_bytes(picture(71))
    (photos / "deep" / "readme.md").write_text("none")
    page = listed(window, project.id)
    chooser(page, 1).set_input_files(photos)
    expect(page.locator(".tray-title")).to_have_text("Upload finished")
    assert outcomes(page) == {"top.png": "added", "below.png": "added"}
    assert page.evaluate("told.problems") == ["1 file that is no image was left out."]


def test_a_folder_is_dropped_with_what_is_below_it(
    window: Window, project: Listed, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    (photos / "deep" / "deeper").mkdir(parents=True)
    for number in range(120):  # a browser tells a hundred entries at a time
        (photos / "deep" / f"{number:03}.png").write_bytes(picture(200 + number))
    (photos / "deep" / "deeper" / "last.png").write_bytes(picture(400))
    (photos / ".hidden.png").write_bytes(picture(401))
    (photos / "readme.md").write_text("none")
    page = listed(window, project.id)
    expect(page.locator("a.card-link")).to_have_count(2)
    devtools = window.context.new_cdp_session(page)
    given = {"items": [], "files": [str(photos)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": 640, "y": 500, "data": given}
        devtools.send("Input.dispatchDragEvent", event)
    expect(page.locator(".tray-line")).to_contain_text("121 added")
    expect(page.locator(".found")).to_have_text("123 images found.")
    expect(page.locator(".tray-more")).to_have_text("and 21 more files")
    assert page.evaluate("told.problems") == ["1 file that is no image was left out."]


def test_images_are_dropped_and_pasted(window: Window, project: Listed) -> None:
    page = listed(window, project.id)
    expect(page.locator("a.card-link")).to_have_count(2)
    page.evaluate(GIVE, ["dragenter", "dropped.png", []])
    expect(page.get_by_text("Drop images here")).to_be_visible()
    page.evaluate(GIVE, ["drop", "dropped.png", list(picture(80))])
    expect(page.get_by_text("Drop images here")).to_be_hidden()
    expect(page.locator(".found")).to_have_text("3 images found.")
    page.evaluate(GIVE, ["paste", "image.png", list(picture(81))])
    expect(page.locator(".found")).to_have_text("4 images found.")
    expect(page.get_by_role("link", name="pasted 2").first).to_be_visible()


def test_who_may_not_add_drops_nothing(windows: Windows, project: Listed) -> None:
    page = listed(windows.of("ben", project_id=project.id, roles=(Role.LABELER,)), project.id)
    expect(page.locator("a.card-link")).to_have_count(2)
    page.evaluate(GIVE, ["dragenter", "dropped.png", []])
    page.evaluate(GIVE, ["drop", "dropped.png", list(picture(80))])
    page.evaluate(GIVE, ["paste", "image.png", list(picture(81))])
    expect(page.get_by_text("Drop images here")).to_be_hidden()
    expect(page.locator(".upload-tray")).to_be_hidden()


def test_files_that_the_network_lost_are_sent_when_it_is_back(
    window: Window, project: Listed
) -> None:
    page = listed(window, project.id)
    expect(page.locator("a.card-link")).to_have_count(2)
    window.drop_network()
    chooser(page).set_input_files([payload(f"{n}.png", seed=100 + n) for n in range(25)])
    expect(page.locator(".tray-title")).to_have_text("25 files could not be sent", timeout=20_000)
    expect(page.locator(".tray-trouble")).to_contain_text("The server cannot be reached")
    expect(page.get_by_role("button", name="Send 25 files again")).to_be_visible()
    window.restore_network()
    expect(page.locator(".tray-line")).to_contain_text("25 added")
    expect(page.locator(".found")).to_have_text("27 images found.")


def test_an_upload_is_cancelled_and_what_was_taken_stays(window: Window, project: Listed) -> None:
    page = listed(window, project.id)
    expect(page.locator("a.card-link")).to_have_count(2)
    requests: list[Route] = []

    def first_only(route: Route) -> None:
        """The others stay on their way."""
        requests.append(route)
        if len(requests) == 1:
            route.continue_()

    page.route("**/api/v1/projects/*/images", first_only)
    chooser(page).set_input_files([payload(f"{n}.png", seed=100 + n) for n in range(50)])
    expect(page.locator(".tray-line")).to_contain_text("20 added")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".tray-title")).to_have_text("Upload cancelled")
    expect(page.locator(".tray-line")).to_contain_text("20 added, 30 cancelled")
    expect(page.locator(".found")).to_have_text("22 images found.")


def test_an_upload_goes_on_while_an_image_is_open(window: Window, project: Listed) -> None:
    page = listed(window, project.id)
    expect(page.locator("a.card-link")).to_have_count(2)
    requests: list[Route] = []
    page.route("**/api/v1/projects/*/images", lambda route: requests.append(route))
    chooser(page).set_input_files([payload("new.png", seed=50)])
    expect(page.locator(".tray-title")).to_contain_text("Uploading")
    page.evaluate("leave()")
    expect(page.locator(".gallery")).to_have_count(0)
    expect(page.locator(".tray-title")).to_contain_text("Uploading")
    requests[0].continue_()
    expect(page.locator(".tray-title")).to_have_text("Upload finished")
    page.evaluate("enter()")
    expect(page.locator("a.card-link")).to_have_count(3)
    expect(page.locator(".gallery .tray-title")).to_have_text("Upload finished")
    page.get_by_role("button", name="Close").click()
    page.evaluate("leave()")
    expect(page.locator(".upload-tray")).to_have_count(0)


def test_leaving_the_page_in_the_middle_of_an_upload_asks_first(
    window: Window, project: Listed
) -> None:
    page = listed(window, project.id)
    expect(page.locator("a.card-link")).to_have_count(2)
    page.route("**/api/v1/projects/*/images", lambda route: None)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    chooser(page).set_input_files([payload("new.png", seed=50)])
    expect(page.locator(".tray-title")).to_contain_text("Uploading")
    page.get_by_role("button", name="Start labeling").click()  # only a page in use may ask
    page.evaluate("location.href = '/healthz'")
    expect(page.locator(".tray-title")).to_contain_text("Uploading")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".tray-title")).to_have_text("Upload cancelled")
