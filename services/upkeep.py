"""What a running platform does for review by itself: it finishes what an auto-accept has begun, and
computes doubts where a queue begins with the doubtful."""

import logging
import threading
from typing import Final

from maskloop.platform.db import auto_accepts as auto_accept_rows
from maskloop.platform.db import model_versions, proposal_doubts
from maskloop.platform.db.proposal_doubts import Progress
from maskloop.platform.errors import MaskloopError
from maskloop.services import auto_accepts, doubts
from maskloop.services.doubts import Crew
from maskloop.services.runtime import Runtime

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 10.0


class Upkeep:
    """One look after the other; remembers what has nothing left to do, or nothing that can be."""

    def __init__(self, runtime: Runtime, crew: Crew) -> None:
        self._runtime = runtime
        self._crew = crew
        self._accepted: set[int] = set()
        self._left: dict[int, tuple[int, Progress]] = {}
        """By project: the serving version, and what its last go left."""

    def look(self, stop: threading.Event) -> None:
        self._accept(stop)
        self._doubt(stop)

    def _accept(self, stop: threading.Event) -> None:
        """All that waited when it was switched on; what jobs propose later comes with them."""
        with self._runtime.engine.connect() as connection:
            found = auto_accept_rows.all_active(connection)
        for accept in found:
            if accept.id not in self._accepted:
                auto_accepts.catch_up(self._runtime, accept, stop=stop)
                if not stop.is_set():
                    self._accepted.add(accept.id)

    def _doubt(self, stop: threading.Event) -> None:
        with self._runtime.engine.connect() as connection:
            if not model_versions.any_promoted(connection):
                return
            version_id = model_versions.serving(connection).id
            found = proposal_doubts.wanted_in(connection)
        for project_id in found:
            before = (version_id, doubts.progress(self._runtime, project_id))
            if stop.is_set() or not before[1].waiting or self._left.get(project_id) == before:
                continue
            doubts.compute_doubts(self._runtime, project_id, crew=self._crew, stop=stop)
            self._left[project_id] = (version_id, doubts.progress(self._runtime, project_id))


def keep_up(
    runtime: Runtime, stop: threading.Event, *, crew: Crew, poll_seconds: float = _POLL_SECONDS
) -> None:
    """Until `stop` is set."""
    upkeep = Upkeep(runtime, crew)
    while not stop.is_set():
        try:
            upkeep.look(stop)
        except MaskloopError as error:  # the next look tries again
            logger.warning("upkeep.failed error=%s", error)
        stop.wait(poll_seconds)


def keep_up_in_ray(runtime: Runtime, stop: threading.Event) -> None:
    """`keep_up` in the Ray session of a running platform."""
    from maskloop.actors.doubter import doubt_images

    keep_up(runtime, stop, crew=doubt_images)
