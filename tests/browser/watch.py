"""What must not happen in a browser while a test drives it, collected where it does."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

_LOCAL = ("data", "blob", "about", "chrome")


@dataclass
class Watch:
    """Uncaught errors, errors on the console, crashes, and requests to any other host."""

    url: str
    """Of the server that may be asked."""
    faults: list[str] = field(default_factory=list)
    _expected: list[re.Pattern[str]] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("weberror", self._error)
        context.on("console", self._console)
        context.on("request", self._request)
        context.on("page", self._page)

    def expect(self, pattern: str) -> None:
        """From now on a fault in which the pattern is found is none: what the test is about."""
        self._expected.append(re.compile(pattern))

    def _fault(self, said: str) -> None:
        if not any(pattern.search(said) for pattern in self._expected):
            self.faults.append(said)

    def _error(self, error: WebError) -> None:
        self._fault(f"uncaught: {error.error.stack or error.error.message}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert"):
            at = message.location
            self._fault(f"console: {message.text} ({at.get('url', '')}:{at.get('lineNumber')})")

    def _request(self, request: Request) -> None:
        self._asked(request.url)

    def _asked(self, url: str) -> None:
        own, asked = urlsplit(self.url), urlsplit(url)
        if asked.scheme not in _LOCAL and asked.netloc != own.netloc:
            self._fault(f"another host: {url}")

    def _page(self, page: Page) -> None:
        page.on("crash", lambda page: self._fault(f"crash: the tab with {page.url}"))
        page.on("websocket", self._socket)

    def _socket(self, socket: WebSocket) -> None:
        self._asked(socket.url)
