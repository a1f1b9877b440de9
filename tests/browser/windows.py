"""Windows of people who are signed in, and what can happen to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page

from browser.page_site import PageSite
from browser.watch import Watch
from maskloop.platform.access import Role
from maskloop.services.people import create_user, set_roles

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Window:
    """One person's browser, with cookies and storage of its own."""

    name: str
    context: BrowserContext
    watch: Watch

    def open(self, path: str = "/label/") -> Page:
        page = self.context.new_page()
        page.goto(path)
        return page

    def drop_network(self) -> None:
        self.watch.expect("net::ERR_INTERNET_DISCONNECTED")
        self.context.set_offline(True)

    def restore_network(self) -> None:
        self.context.set_offline(False)

    def kill_tab(self, page: Page) -> None:
        """Its renderer dies in the middle of whatever it does; no handler runs. Storage stays, a
        new tab may be opened."""
        self.watch.expect("^crash: ")
        with page.expect_event("crash"):
            try:
                page.goto("chrome://crash")
            except Error as error:
                if "crash" not in error.message.lower():
                    raise
        page.close()


@dataclass
class Windows:
    """Opens them, and says at the end what went wrong in any."""

    browser: Browser
    site: PageSite
    _opened: list[Window] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def of(
        self,
        name: str,
        *,
        project_id: int | None = None,
        roles: Sequence[Role] = (Role.LABELER, Role.REVIEWER),
        is_admin: bool = False,
        **options: Any,
    ) -> Window:
        """A window of this person, who is made when first named. `options`: of the browser's
        context, such as `viewport` and `color_scheme`."""
        if name not in self._known:
            create_user(self.site.runtime, name, is_admin=is_admin, password=PASSWORD)
            self._known.add(name)
        if project_id is not None:
            set_roles(self.site.runtime, project_id, name, roles=roles)
        size = {"width": 1280, "height": 720}
        context = self.browser.new_context(
            **{"base_url": self.site.url, "viewport": size} | options
        )
        window = Window(name, context, Watch(self.site.url))
        window.watch.over(context)
        self._opened.append(window)
        signed_in = context.request.post(
            "/api/v1/session",
            data={"name": name, "password": PASSWORD},
            headers={"Origin": self.site.url},
        )
        assert signed_in.status == 201, f"{name} could not sign in: {signed_in.text()}"
        return window

    @property
    def opened(self) -> tuple[Window, ...]:
        return tuple(self._opened)

    def photograph(self, folder: Path, title: str) -> None:
        """Every page that is open, for whoever looks why a test failed."""
        folder.mkdir(parents=True, exist_ok=True)
        pages = [(window, page) for window in self._opened for page in window.context.pages]
        for number, (window, page) in enumerate(pages):
            page.screenshot(path=folder / f"{title}-{window.name}-{number}.png", timeout=5000)

    def close(self) -> list[str]:
        """What any of them saw that it must not."""
        for window in self._opened:
            window.context.close()
        return [
            f"{window.name}: {fault}" for window in self._opened for fault in window.watch.faults
        ]
