"""The model version of a replica: changed while it serves, refused when its weights are not whole.

A replica is told the versions that were promoted, the newest first. It serves the first one that it
can load. A new one is loaded beside the old one, which goes on answering until the new one is
ready; whoever began with the old one finishes with it, because a request holds on to what it took.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from maskloop.platform.errors import MaskloopError, NoVersionServesError
from maskloop.platform.mask_answers import ServedVersion

logger = logging.getLogger(__name__)

Loaded = TypeVar("Loaded")


class VersionSpec(BaseModel):
    """A model version as replicas need it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    name: str
    encoder_digest: str
    decoder_digest: str

    @property
    def served(self) -> ServedVersion:
        return ServedVersion(self.number, self.name)


class PromotedVersions(BaseModel):
    """What `reconfigure` is given (Serve's `user_config`): newest first, at least one. `shadow`
    decodes beside the one that serves, and never instead of it; for decoders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    versions: tuple[VersionSpec, ...]
    shadow: VersionSpec | None = None

    @classmethod
    def of(cls, user_config: dict[str, Any]) -> "PromotedVersions":
        return cls.model_validate(user_config)


@dataclass(frozen=True)
class Current(Generic[Loaded]):
    """A version with what was loaded of it."""

    spec: VersionSpec
    loaded: Loaded


class Versions(Generic[Loaded]):
    """Safe in many threads. `load` may take seconds; it raises a `MaskloopError` to refuse."""

    def __init__(self, load: Callable[[VersionSpec], Loaded]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._current: Current[Loaded] | None = None
        self._refused: dict[ServedVersion, str] = {}
        self._wish = 0

    def current(self) -> Current[Loaded]:
        """What serves now; whoever takes it keeps it for one request."""
        if self._current is None:
            raise NoVersionServesError("none was loaded yet")
        return self._current

    @property
    def refused(self) -> dict[ServedVersion, str]:
        """Versions that were to be served, and why they are not."""
        with self._lock:
            return dict(self._refused)

    def reconfigure(self, promoted: PromotedVersions) -> None:
        """At once when one serves already: the change then happens in the background.

        The first time it returns when a version is loaded, or raises why the last one could not be.
        """
        with self._lock:
            self._wish += 1
            wish = self._wish
        if self._current is None:
            self._change(promoted.versions, wish)
            if self._current is None:
                self._raise_refusals()
        else:
            work = (promoted.versions, wish)
            threading.Thread(target=self._change, args=work, daemon=True).start()

    def _change(self, versions: Sequence[VersionSpec], wish: int) -> None:
        """Serve the first that loads; stay with what serves when the list comes down to it."""
        refused: dict[ServedVersion, str] = {}
        for spec in versions:
            serving = self._current
            if serving is not None and serving.spec == spec:
                break
            try:
                loaded = self._load(spec)
            except MaskloopError as error:
                refused[spec.served] = str(error)
                logger.error("version.refused version=%d reason=%s", spec.number, error)
                continue
            with self._lock:
                if wish == self._wish:
                    self._current = Current(spec, loaded)
            break
        with self._lock:
            if wish == self._wish:
                self._refused = refused

    def _raise_refusals(self) -> None:
        raise NoVersionServesError(" ".join(self.refused.values()) or "none was named")
