"""The version that a replica decodes with beside the one that serves.

It is loaded in the background and answers when it is ready. What goes wrong with it is told in the
status and concerns no click.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final, Generic

from maskloop.actors.serving.versions import Current, Loaded, VersionSpec
from maskloop.platform.errors import MaskloopError
from maskloop.platform.mask_answers import ChallengerStatus

logger = logging.getLogger(__name__)

_UNLOADABLE: Final = (MaskloopError, OSError, RuntimeError, ValueError, KeyError)
"""Weights that are not whole, and whole ones that are no decoder's."""


class Challenger(Generic[Loaded]):
    """Safe in many threads. `load` may take seconds."""

    def __init__(self, load: Callable[[VersionSpec], Loaded]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._wish: VersionSpec | None = None
        self._current: Current[Loaded] | None = None
        self._refused = ""

    @property
    def current(self) -> Current[Loaded] | None:
        """None without a challenger, and until it is loaded."""
        return self._current

    @property
    def status(self) -> ChallengerStatus | None:
        with self._lock:
            if self._wish is None:
                return None
            return ChallengerStatus(self._wish.served, self._current is not None, self._refused)

    def reconfigure(self, spec: VersionSpec | None) -> None:
        """Returns at once; the one before is given up at once."""
        with self._lock:
            if spec == self._wish and not self._refused:
                return
            self._wish, self._current, self._refused = spec, None, ""
        if spec is not None:
            threading.Thread(target=self._change, args=(spec,), daemon=True).start()

    def _change(self, spec: VersionSpec) -> None:
        loaded: Current[Loaded] | None = None
        refused = ""
        try:
            loaded = Current(spec, self._load(spec))
        except _UNLOADABLE as error:
            refused = str(error) or type(error).__name__
            logger.error("shadow.refused version=%d reason=%s", spec.number, refused)
        with self._lock:
            if spec == self._wish:
                self._current, self._refused = loaded, refused
