"""What the browser tests stand on does what they take for granted."""

import re
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Error, Page

from browser.accessibility import Axe
from browser.page_site import PageSite
from browser.photographs import NAMES, Photographs, PhotoProject
from browser.windows import Window, Windows
from maskloop.actors.sam.weights import WeightsFolder

STORE = """([name, value]) => new Promise((resolve, reject) => {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const change = opening.result.transaction("kept", "readwrite", { durability: "strict" });
    change.oncomplete = () => resolve(true);
    change.objectStore("kept").put(value, "value");
  };
})"""
RECALL = """(name) => new Promise((resolve) => {
  const opening = indexedDB.open(name, 1);
  opening.onsuccess = () => {
    const asked = opening.result.transaction("kept").objectStore("kept").get("value");
    asked.onsuccess = () => resolve(asked.result);
  };
})"""
NAME_OF_USER = "async () => (await (await fetch('/api/v1/session')).json()).user.name"
STATUS = """async (path) => {
  const answer = await fetch(path);
  await answer.arrayBuffer(); // to its end: the server may be killed behind it
  return answer.status;
}"""


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Playwright hands out events while it is asked something: the condition should do that."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"


def test_the_page_is_served_and_whoever_opens_it_is_signed_in(page: Page) -> None:
    answer = page.goto("/")
    assert answer is not None
    assert answer.status == 200
    assert page.evaluate(NAME_OF_USER) == "ann"


def test_the_project_has_real_photographs_with_proposals(
    page: Page, photos: PhotoProject, photographs: Photographs
) -> None:
    page.goto("/")
    assert tuple(photos.images) == NAMES
    for name in NAMES:
        path = f"/api/v1/projects/{photos.id}/proposals?image_id={photos.images[name]}&limit=1000"
        listed = page.evaluate("async (path) => (await (await fetch(path)).json()).items", path)
        assert len(listed) == photos.proposals[name] == len(photographs.masks(name)) > 2


def test_two_people_have_nothing_in_common_but_the_server(
    windows: Windows, photos: PhotoProject
) -> None:
    pages = {name: windows.of(name, project_id=photos.id).open("/") for name in ("ann", "bob")}
    pages["ann"].evaluate("localStorage.setItem('mine', '1')")
    assert [page.evaluate(NAME_OF_USER) for page in pages.values()] == ["ann", "bob"]
    assert pages["bob"].evaluate("localStorage.getItem('mine')") is None


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        ("setTimeout(() => { throw new Error('oops'); })", "^uncaught: Error: oops"),
        ("Promise.reject(new Error('forgotten'))", "^uncaught: Error: forgotten"),
        ("console.error('bad')", "^console: bad"),
        ("fetch('/api/v1/nothing')", "^console: .* 404 .*/api/v1/nothing"),
        ("new Image().src = 'http://localhost:9/x.png'", "^another host: http://localhost:9/"),
    ],
)
def test_a_fault_of_a_page_is_seen_unless_it_is_expected(
    window: Window, happens: str, said: str
) -> None:
    window.watch.expect("^console: Loading the image")  # the page's policy refuses it as well
    page = window.open("/")

    def again() -> bool:
        page.evaluate(f"() => {{ {happens}; }}")
        page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
        return len(window.watch.faults) > 0

    until(again)
    assert all(re.search(said, fault) for fault in window.watch.faults)
    window.watch.faults.clear()
    window.watch.expect(said)
    again()


def test_the_server_comes_back_at_the_same_address(site: PageSite, window: Window) -> None:
    page, before = window.open("/"), site.url
    # The page may ask something while it ends.
    window.watch.expect("503 .*/readyz")
    window.watch.expect("net::ERR_CONNECTION_RESET")
    site.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{site.url}/healthz")
    window.watch.expect("net::ERR_CONNECTION_REFUSED")
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate(STATUS, "/healthz")

    site.start()

    assert site.url == before
    assert page.evaluate(NAME_OF_USER) == "ann"


def test_a_server_that_was_killed_comes_back_with_what_it_had(
    site: PageSite, window: Window, photos: PhotoProject, weights: WeightsFolder
) -> None:
    page = window.open("/")
    window.watch.expect("503 .*/readyz")
    window.watch.expect("net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)")
    with site.as_process(weights) as process:
        assert page.evaluate(NAME_OF_USER) == "ann"
        process.kill()
        with pytest.raises(Error, match="Failed to fetch"):
            page.evaluate(STATUS, "/healthz")
        process.start()
        assert page.evaluate(STATUS, f"{photos.image_path('coffee.png')}/file") == 200
    assert page.evaluate(NAME_OF_USER) == "ann"


def test_the_network_drops_and_comes_back(window: Window) -> None:
    page = window.open("/")
    window.drop_network()
    assert page.evaluate("navigator.onLine") is False
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate(STATUS, "/healthz")
    window.restore_network()
    assert page.evaluate(STATUS, "/healthz") == 200


def test_a_tab_that_was_killed_leaves_its_storage(window: Window) -> None:
    page = window.open("/")
    assert page.evaluate(STORE, ["ground", "kept"]) is True
    page.evaluate("() => { window.onpagehide = () => localStorage.setItem('hidden', '1'); }")

    window.kill_tab(page)

    again = window.open("/")
    assert again.evaluate(RECALL, "ground") == "kept"
    assert again.evaluate("localStorage.getItem('hidden')") is None


def test_axe_tells_what_is_wrong_with_which_element(axe: Axe, page: Page) -> None:
    page.set_content(
        "<html lang=en><title>t</title><main><h1>h</h1><button id=save></button></main>"
    )
    found = axe(page)
    assert len(found) == 1
    assert found[0].startswith("critical button-name: Buttons must have discernible text: #save")
    page.locator("#save").evaluate("button => button.append('Save')")
    assert axe(page) == []
