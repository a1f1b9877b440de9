"""The first page: it is whole, of this server alone, and keeps to its own policy."""

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.people.conftest import NewBrowser


def test_the_page_needs_nothing_from_elsewhere_and_no_inline_code(
    new_browser: "NewBrowser",
) -> None:
    http = new_browser().http
    page = http.get("/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text) == []
    asked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    own = {address for address in asked if not address.startswith("data:")}
    assert own == {"/", "/docs", "/readyz", "/metrics", "/static/page.css", "/static/page.js"}
    for address in own - {"/readyz"}:
        assert http.get(address).status_code == 200, address


@pytest.mark.parametrize(
    ("name", "kind"), [("page.css", "text/css"), ("page.js", "text/javascript")]
)
def test_its_files_are_asked_for_again_after_an_upgrade(
    new_browser: "NewBrowser", name: str, kind: str
) -> None:
    answer = new_browser().http.get(f"/static/{name}")
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["page.html", "..%2Fpage.py", "%2e%2e/app.py", "nothing.js"])
def test_nothing_else_is_handed_out(new_browser: "NewBrowser", name: str) -> None:
    assert new_browser().http.get(f"/static/{name}").status_code == 404
