"""A project with a past, and windows onto its quality page at a fixed time."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.page_site import PageSite
from browser.quality.weeks import CATEGORIES, NOW, fill
from browser.windows import Window, Windows
from maskloop.platform.access import Role
from sites.bench import Bench
from sites.past import Past, make_past

Opened = Callable[..., Page]


@pytest.fixture
def empty_past(site: PageSite) -> Past:
    return make_past(site.runtime, Bench(site.runtime, "nuclei"), CATEGORIES)


@pytest.fixture
def past(empty_past: Past) -> Past:
    fill(empty_past, each_day=8)
    return empty_past


@pytest.fixture
def open_page(windows: Windows) -> Opened:
    """The page as somebody of this role sees it; `options`: of the window."""

    def opened(past: Past, more: str = "", *, role: Role = Role.ADMIN, **options: object) -> Page:
        window: Window = windows.of("mia", project_id=past.project_id, roles=[role], **options)
        page = window.context.new_page()
        page.clock.set_fixed_time(NOW)
        page.goto(f"/quality/?project={past.project_id}{more}")
        expect(page.locator(".quality-view > :not(.bones)").first).to_be_visible()
        return page

    return opened
