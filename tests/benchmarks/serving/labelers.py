"""Simulated labelers: threads that click over HTTP, each with a connection of its own.

An object takes 1 to 8 clicks. The first one asks for the three readings, each next one adds a point
and names the mask that it refines. Between two clicks a labeler thinks, for an exponentially
distributed time, as people's pauses are. Places and pauses come from a seed.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_CLICKS = 8


@dataclass(frozen=True)
class Target:
    """An image that can be clicked on: the path of its masks, and its size."""

    path: str
    width: int
    height: int


@dataclass(frozen=True)
class Click:
    """One answer: seconds as the labeler waited, and of the model's stages in it."""

    status: int
    seconds: float
    stages: dict[str, float]
    bytes: int
    embedding: str
    version: int
    points: int

    @property
    def overhead(self) -> float:
        """Not spent on embedding, decoding or making masks."""
        return self.seconds - sum(self.stages.values())


MODEL_STAGES = ("embedding", "queue", "decode", "mask")


class Connection:
    """Keeps its connection alive, without Nagle's wait."""

    def __init__(self, host: str, port: int, headers: dict[str, str]) -> None:
        self._http = http.client.HTTPConnection(host, port, timeout=60)
        self._headers = {"Content-Type": "application/json", **headers}

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], bytes]:
        content = None if body is None else json.dumps(body).encode()
        try:
            self._http.request(method, path, body=content, headers=self._headers)
            answer = self._http.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (OSError, http.client.HTTPException):
            self._http.close()
            return 0, {}, b""

    def click(self, path: str, body: dict[str, Any]) -> tuple[Click, dict[str, Any]]:
        started = time.perf_counter()
        status, _, data = self.ask("POST", path, body)
        seconds = time.perf_counter() - started
        answer = json.loads(data) if status == 200 else {}
        stages = answer.get("seconds", {})
        click = Click(
            status=status,
            seconds=seconds,
            stages={name: stages[name] for name in MODEL_STAGES if name in stages},
            bytes=len(data),
            embedding=answer.get("embedding", ""),
            version=answer.get("model_version", {}).get("number", 0),
            points=len(body["points"]),
        )
        return click, answer


@dataclass
class Labeler:
    """`think_seconds`: the mean pause; 0 for none."""

    connection: Connection
    targets: Sequence[Target]
    think_seconds: float
    seed: int
    clicks: list[Click] = field(default_factory=list)

    def work(self, until: float, stop: threading.Event, most: int | None = None) -> None:
        chance = random.Random(self.seed)
        stop.wait(chance.random() * self.think_seconds)  # nobody begins with anybody else
        while not stop.is_set() and time.monotonic() < until:
            self._make_object(chance, chance.choice(self.targets), until, stop, most)
            if most is not None and len(self.clicks) >= most:
                return

    def _make_object(
        self,
        chance: random.Random,
        target: Target,
        until: float,
        stop: threading.Event,
        most: int | None,
    ) -> None:
        centre = (chance.uniform(0.1, 0.9) * target.width, chance.uniform(0.1, 0.9) * target.height)
        points: list[tuple[float, float, int]] = []
        previous: str | None = None
        for number in range(chance.randint(1, MOST_CLICKS)):
            points.append(_near(chance, centre, target, first=not points))
            body = {"points": points, "multimask": number == 0, "previous": previous}
            click, answer = self.connection.click(target.path, body)
            self.clicks.append(click)
            if click.status == 200:
                previous = answer["masks"][0]["reference"]
            done = most is not None and len(self.clicks) >= most
            if done or time.monotonic() > until:
                return
            if self.think_seconds and stop.wait(chance.expovariate(1 / self.think_seconds)):
                return


def _near(
    chance: random.Random, centre: tuple[float, float], target: Target, *, first: bool
) -> tuple[float, float, int]:
    """Corrections lie around the first click, every third of them outside the object."""
    x, y = centre
    if not first:
        x += chance.gauss(0, target.width * 0.05)
        y += chance.gauss(0, target.height * 0.05)
    label = 1 if first or chance.random() < 0.67 else 0
    return (
        round(min(max(x, 0), target.width), 1),
        round(min(max(y, 0), target.height), 1),
        label,
    )


def work_together(labelers: Sequence[Labeler], seconds: float) -> list[Click]:
    """All of them for so long; every click that they made."""
    stop = threading.Event()
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=labeler.work, args=(until, stop), daemon=True)
        for labeler in labelers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    stop.set()
    return [click for labeler in labelers for click in labeler.clicks]
