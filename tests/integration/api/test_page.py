"""The plain page and its files."""

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.conftest import Site

FILES = {
    "/": "text/html; charset=utf-8",
    "/page.css": "text/css; charset=utf-8",
    "/page.js": "text/javascript; charset=utf-8",
    "/page.svg": "image/svg+xml",
}


@pytest.mark.parametrize(("path", "media_type"), FILES.items())
def test_a_file_of_the_page_is_sent_once(site: "Site", path: str, media_type: str) -> None:
    client = site.client()
    first = client.get(path)
    assert (first.status_code, first.headers["Content-Type"]) == (200, media_type)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_loads_nothing_from_elsewhere_and_runs_no_script_in_its_text(
    site: "Site",
) -> None:
    client = site.client()
    html = client.get("/").text
    linked = set(re.findall(r'(?:src|href)="([^"]*)"', html))
    assert {path for path in linked if client.get(path).status_code != 200} == set()
    assert all(path.startswith("/") and not path.startswith("//") for path in linked)
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|<style|\sstyle=", html) == []
    assert "unsafe-inline" not in client.get("/").headers["Content-Security-Policy"]
    for path in ("/page.css", "/page.js"):
        assert "//" not in client.get(path).text.replace("// ", "")
