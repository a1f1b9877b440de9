"""What every request can reach: the runtime, who asks, and what answers clicks."""

import ipaddress
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar

import anyio.to_thread
from fastapi import Request

from maskloop.services.api.known_images import KnownImages
from maskloop.services.api.known_passes import KnownPasses
from maskloop.services.api.metrics import Metrics
from maskloop.services.api.shadowing import Shadowing
from maskloop.services.predictor import Predictor
from maskloop.services.principals import Principals
from maskloop.services.renditions import Renditions
from maskloop.services.runtime import Runtime
from maskloop.services.secret_key import secret_key
from maskloop.services.session_cookies import SessionCookies

Result = TypeVar("Result")

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


@dataclass(frozen=True)
class ApiContext:
    """Made once, by `make_context`. `host`: the address the server binds to."""

    runtime: Runtime
    predictor: Predictor
    cookies: SessionCookies
    principals: Principals
    host: str
    known_images: KnownImages
    known_passes: KnownPasses
    renditions: Renditions
    metrics: Metrics
    shadowing: Shadowing
    closing: threading.Event = field(default_factory=threading.Event)
    """Set while the server drains: it is not ready for new work."""

    @cached_property
    def in_passes(self) -> "ApiContext":
        """The same, for requests of what is labelled blindly."""
        runtime = self.runtime.in_passes
        return replace(self, runtime=runtime, known_images=KnownImages(runtime))

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    async def in_thread(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """What waits for the database or the store, away from the loop that answers clicks."""
        return await anyio.to_thread.run_sync(partial(work, *arguments))


def make_context(runtime: Runtime, predictor: Predictor, *, host: str) -> ApiContext:
    """Raises `BadSettingError` for a secret key that others can read."""
    cookies = SessionCookies(secret_key(runtime.settings))
    principals, known = Principals(runtime, cookies), KnownImages(runtime)
    metrics = Metrics()
    return ApiContext(
        runtime,
        predictor,
        cookies,
        principals,
        host,
        known,
        KnownPasses(runtime),
        Renditions(runtime),
        metrics,
        Shadowing(runtime, predictor, metrics),
    )


def context_of(request: Request) -> ApiContext:
    """In passes where the request is of somebody's pass; `access.project` finds out."""
    context: ApiContext = request.app.state.context
    return context.in_passes if getattr(request.state, "in_pass", False) else context


def is_loopback(host: str) -> bool:
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
