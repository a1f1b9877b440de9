"""Clicks that were answered, asked of the challenger too: behind the answer, in a thread.

Nothing of it reaches whoever clicked: what does not fit the queue is dropped, what fails is logged,
and both are counted.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from maskloop.platform.db.shadows import NewSample, Shadow
from maskloop.platform.errors import DatabaseUnavailableError, MaskloopError
from maskloop.platform.mask_answers import MaskAnswer, MaskQuestion, ShadowSkipped
from maskloop.platform.sent_prompts import digest_of
from maskloop.services import shadows
from maskloop.services.api.metrics import Metrics
from maskloop.services.predictor import Predictor
from maskloop.services.runtime import Runtime
from maskloop.services.shadow_figures import overlap

logger = logging.getLogger(__name__)

_MOST_WAITING: Final = 64
_LOOK_SECONDS: Final = 1.0
"""Between two looks at which shadow runs."""
_QUIET_SECONDS: Final = 0.15
"""Without a click, before a challenger is asked: people refine an object click by click, and the
next one shall find the processor free."""
_MOST_QUIET_SECONDS: Final = 2.0
"""Where clicks never pause, one of them is asked so often nevertheless."""
SAMPLED: Final = "sampled"
DROPPED: Final = "dropped"
FAILED: Final = "failed"


@dataclass(frozen=True)
class Click:
    """`prompt` as it was sent."""

    project_id: int
    image_id: int
    user_id: int
    question: MaskQuestion
    answer: MaskAnswer
    prompt: Mapping[str, Any]


class Shadowing:
    """Of one API process. Takes clicks from its start to its close, and may be started again."""

    def __init__(self, runtime: Runtime, predictor: Predictor, metrics: Metrics) -> None:
        self._runtime, self._predictor, self._metrics = runtime, predictor, metrics
        self._running: Shadow | None = None
        self._looked = self._clicked = float("-inf")
        self._waiting: deque[tuple[Shadow, Click]] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopped, self._looked = False, float("-inf")
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """What waits is forgotten."""
        with self._changed:
            self._stopped, self._running = True, None
            self._waiting.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wants(self, *, image_id: int, user_id: int, version: int) -> bool:
        """Whether a click belongs to the share; `version` answered it."""
        shadow = self._running
        if shadow is None or shadow.version == version:
            return False
        day = datetime.now(UTC).date()
        return shadows.is_drawn(shadow, image_id=image_id, user_id=user_id, day=day)

    async def take(self, click: Click) -> None:
        """Never waits."""
        shadow = self._running
        if shadow is None:
            return
        with self._changed:
            self._clicked = time.monotonic()
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append((shadow, click))
                self._changed.notify()
                return
        self._count(DROPPED)

    def _run(self) -> None:
        while not self._stopped:
            self._look()
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._waiting, _LOOK_SECONDS)
                if self._stopped or not self._waiting:
                    continue
            self._wait_for_quiet()
            with self._changed:
                if self._stopped or not self._waiting:
                    continue
                shadow, click = self._waiting.popleft()
            self._count(self._outcome(shadow, click))

    def _wait_for_quiet(self) -> None:
        most = time.monotonic() + _MOST_QUIET_SECONDS
        with self._changed:
            while not self._stopped:
                quiet = min(self._clicked + _QUIET_SECONDS, most) - time.monotonic()
                if quiet <= 0:
                    return
                self._changed.wait(quiet)

    def _look(self) -> None:
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        try:
            found = shadows.running(self._runtime)
        except DatabaseUnavailableError as error:
            logger.warning("shadow.unknown error=%s", error)
            found = None
        with self._changed:
            self._running = None if self._stopped else found
        self._looked = time.monotonic()

    def _outcome(self, shadow: Shadow, click: Click) -> str:
        try:
            answer = self._predictor.shadow(click.question)
            if isinstance(answer, ShadowSkipped):
                return answer.value
            if answer.model_version.number != shadow.version:  # replicas follow within seconds
                return ShadowSkipped.NOT_LOADED.value
            recorded = shadows.record(self._runtime, _sample(shadow, click, answer))
        except (MaskloopError, sa.exc.SQLAlchemyError) as error:
            logger.warning(
                "shadow.failed shadow=%d version=%d project=%d image=%d error=%s",
                shadow.id,
                shadow.version,
                click.project_id,
                click.image_id,
                error,
            )
            return FAILED
        return SAMPLED if recorded else DROPPED

    def _count(self, outcome: str) -> None:
        self._metrics.shadow_clicks.labels(outcome).inc()


def _sample(shadow: Shadow, click: Click, answer: MaskAnswer) -> NewSample:
    champion, challenger = click.answer.masks[0].rle, answer.masks[0].rle
    return NewSample(
        project_id=click.project_id,
        shadow_id=shadow.id,
        image_id=click.image_id,
        user_id=click.user_id,
        champion_id=click.answer.model_version.number,
        prompt=click.prompt,
        prompt_digest=digest_of(click.prompt),
        champion=champion,
        challenger=challenger,
        agreement=overlap(champion, challenger),
        seconds=sum(answer.seconds.values()),
    )
