"""The application under uvicorn, in a thread of the platform's process."""

import errno
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from fastapi import FastAPI

from maskloop.platform.errors import AddressInUseError, AddressRefusedError
from maskloop.services.api.app import Mount, create_app
from maskloop.services.api.context import ApiContext, is_loopback
from maskloop.services.people import has_admin
from maskloop.services.runtime import Runtime

_DRAIN_SECONDS: Final = 10
_KEEP_ALIVE_SECONDS: Final = 75
_BACKLOG: Final = 1024


@dataclass(frozen=True)
class Server:
    """Answers until its block ends."""

    host: str
    port: int
    app: FastAPI

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def check_host(runtime: Runtime, host: str) -> None:
    """Other machines may reach the server only where people can sign in. Raises
    `AddressRefusedError`."""
    if not is_loopback(host) and not has_admin(runtime):
        raise AddressRefusedError(host)


@contextmanager
def running(
    context: ApiContext,
    *,
    port: int = 0,
    listening: socket.socket | None = None,
    pages: Sequence[Mount] = (),
) -> Iterator[Server]:
    """Answers at `listening`, else at `port`, of which 0 takes a free one. At the end of the block
    requests in hand are finished, for some seconds at most. Raises `AddressRefusedError`,
    `AddressInUseError`."""
    check_host(context.runtime, context.host)
    app = create_app(context, pages)
    listening = listening or listen(context.host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="http", daemon=True)
    thread.start()
    context.shadowing.start()
    try:
        yield Server(context.host, int(listening.getsockname()[1]), app)
    finally:
        context.closing.set()
        server.should_exit = True
        thread.join(2 * _DRAIN_SECONDS)
        listening.close()
        context.renditions.close()
        context.shadowing.close()


def listen(host: str, port: int) -> socket.socket:
    """Who connects now waits until somebody answers. Raises `AddressInUseError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "another process listens there" if taken else error.strerror or str(error)
        raise AddressInUseError(host, port, reason) from error
    return listening
