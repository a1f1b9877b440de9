"""A Chromium of its own process, with a profile that outlives it, to be killed."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Page, Playwright

from browser.journal.empty_site import NAME

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
)
SECONDS_MOST = 30.0


class Killed:
    """Asked for inside `chromium_page`: the whole browser dies at once, without a word."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(SECONDS_MOST)


@contextmanager
def chromium_page(
    playwright: Playwright, executable: str, profile: Path, address: str
) -> Iterator[tuple[Page, Killed]]:
    """A page at an address, and what kills its browser; it is killed in any case."""
    port_file = profile / "DevToolsActivePort"
    port_file.unlink(missing_ok=True)
    own = ("--remote-debugging-port=0", f"--user-data-dir={profile}")
    process = subprocess.Popen(
        [executable, "--headless", *FLAGS, *own],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    killed = Killed(process)
    try:
        port = _port(port_file, process)
        browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        page = browser.contexts[0].new_page()
        page.goto(address)
        yield page, killed
    finally:
        if process.poll() is None:
            killed.kill()


def _port(file: Path, process: "subprocess.Popen[bytes]") -> int:
    """Where Chromium listens, as soon as it says so."""
    deadline = time.monotonic() + SECONDS_MOST
    while time.monotonic() < deadline:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) > 1:
            return int(lines[0])
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"Chromium ended with {process.wait(0.02)}")
    raise TimeoutError(f"Chromium has not written {file.name} in {SECONDS_MOST:.0f} seconds")
