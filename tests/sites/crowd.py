"""A crowd that works over HTTP against the real server: sixteen seats with a person at each. Some
vanish with what they have in hand, and some are cut off in the middle of a request."""

import json
import random
import socket
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa

from maskloop.platform.access import Role
from maskloop.platform.db.database import connect
from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.people import create_user, set_roles
from maskloop.services.runtime import Runtime
from maskloop.services.tokens import create_token
from sites.idle import Idle

LEASE_SECONDS: Final = 2.0
SEATS: Final = 16
MOST_SECONDS: Final = 500.0
_LOW: Final = 200
"""With fewer left, more are brought while the crowd is to go on."""
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Holding:
    """That somebody surely had something, by the monotonic clock."""

    name: str
    since: float
    until: float


@dataclass
class Ledger:
    """Who surely had what when. A lease begins no sooner than the request for it, and is there when
    its answer is; it ends with its time, or no sooner than the request that gives it up."""

    held: dict[int, list[Holding]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, thing: int, name: str, asked_at: float) -> None:
        with self.lock:
            found = Holding(name, time.monotonic(), asked_at + LEASE_SECONDS)
            self.held[thing].append(found)

    def let_go(self, thing: int, name: str) -> None:
        now = time.monotonic()
        with self.lock:
            self.held[thing] = [
                replace(one, until=min(one.until, now)) if one.name == name else one
                for one in self.held[thing]
            ]

    def held_twice(self, same: Callable[[int], int] = lambda thing: thing) -> list[str]:
        """`same`: what a thing stands for; so two cards of one proposal are one."""
        together: dict[int, list[Holding]] = defaultdict(list)
        for thing, holdings in self.held.items():
            together[same(thing)] += holdings
        return [
            f"{thing} was in the hands of {one.name} and of {other.name}"
            for thing, holdings in together.items()
            for one, other in combinations(holdings, 2)
            if one.name != other.name and max(one.since, other.since) < min(one.until, other.until)
        ]


@dataclass
class Crowd:
    """`restock` brings more of what is worked on; there is always some until `seconds` are over."""

    runtime: Runtime
    url: str
    project_id: int
    role: Role
    restock: Callable[[], None]
    seconds: float
    ledger: Ledger = field(default_factory=Ledger)
    handed: Counter[int] = field(default_factory=Counter)
    """By seat."""
    events: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    patience: threading.Event = field(default_factory=threading.Event)
    ends_at: float = 0.0
    restocked_at: float = 0.0

    @property
    def path(self) -> str:
        return f"/api/v1/projects/{self.project_id}"

    def work(self, seat: "type[Seat]") -> float:
        """Until nothing is left; how long it took. What went wrong at a seat is raised."""
        together = threading.Barrier(SEATS)
        began = time.monotonic()
        self.ends_at = began + self.seconds

        def run(number: int) -> None:
            with seat(self, number).sitting() as somebody:
                together.wait(timeout=MOST_SECONDS)
                somebody.work(began + MOST_SECONDS)

        with ThreadPoolExecutor(SEATS) as pool:
            list(pool.map(run, range(SEATS)))
        return time.monotonic() - began

    def goes_on(self, left: int, asked_at: float) -> bool:
        """`left`: what somebody was told who asked at that time; what was brought since is more."""
        with self.lock:
            now = time.monotonic()
            if left < _LOW and now < self.ends_at and asked_at > self.restocked_at:
                self.restock()
                self.restocked_at = time.monotonic()
            return left > 0 or asked_at <= self.restocked_at

    def count(self, event: str) -> None:
        with self.lock:
            self.events[event] += 1


class Seat(ABC):
    """Where somebody works, by a token of their own; who vanishes is followed by somebody else."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.crowd, self.number = crowd, number
        self.random = random.Random(number)

    @contextmanager
    def sitting(self) -> Iterator["Seat"]:
        with httpx.Client(base_url=self.crowd.url, timeout=60) as self.http:
            self.sit_down()
            yield self

    def sit_down(self) -> None:
        runtime = self.crowd.runtime
        self.name = f"seat-{self.number}-{uuid.uuid4().hex[:8]}"
        create_user(runtime, self.name)
        set_roles(runtime, self.crowd.project_id, self.name, roles=[self.crowd.role])
        token = create_token(runtime, self.name, name="crowd").text
        self.http.headers["Authorization"] = f"Bearer {token}"

    def vanish(self) -> None:
        """With all that is in hand; nobody is told."""
        self.crowd.count("vanished")
        self.sit_down()

    def work(self, deadline: float) -> None:
        left, asked_at = 1, 0.0
        while self.crowd.goes_on(left, asked_at):
            asked_at = time.monotonic()
            assert asked_at < deadline, "the crowd got stuck"
            got, left = self.turn()
            with self.crowd.lock:
                self.crowd.handed[self.number] += got
            if not got:
                self.crowd.patience.wait(_LOOK_SECONDS)

    @abstractmethod
    def turn(self) -> tuple[int, int]:
        """How many things came into this hand, and how many are left."""

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def ask(self, below: str, body: Any, *, key: str | None = None) -> httpx.Response:
        """200 and 201, or a conflict that says why."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        path, content = f"{self.crowd.path}/{below}", json.dumps(body)
        answer = self.http.post(path, content=content, headers=headers)
        assert answer.is_success or answer.status_code == 409, f"{below}: {answer.text}"
        if answer.status_code == 409:
            self.crowd.count(answer.json()["code"])
        return answer

    def cut_off(self, below: str, body: Any, *, key: str | None = None) -> None:
        """The connection ends somewhere in the request, or before its answer."""
        content = json.dumps(body).encode()
        url = urlsplit(self.crowd.url)
        lines = [
            f"POST {self.crowd.path}/{below} HTTP/1.1",
            f"Host: {url.netloc}",
            f"Authorization: {self.http.headers['Authorization']}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            *([] if key is None else [f"Idempotency-Key: {key}"]),
        ]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + content
        if self.chance(0.3):
            request = request[: self.random.randrange(len(request))]
        with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
            connection.sendall(request)
        self.crowd.count("cut off")

    def ask_twice(self, below: str, body: Any) -> httpx.Response:
        """Cut off at the first try; whether it came through is told by the second."""
        key = uuid.uuid4().hex
        self.cut_off(below, body, key=key)
        return self.ask(below, body, key=key)


@contextmanager
def crowd_at(
    runtime: Runtime, project_id: int, *, role: Role, restock: Callable[[], None], seconds: float
) -> Iterator[Crowd]:
    """At a server of its own with short leases; afterwards no session is left in the database."""
    lease = {f"{noun}_lease_minutes": LEASE_SECONDS / 60 for noun in ("card", "image")}
    engine = connect(runtime.engine.url.render_as_string(hide_password=False))
    short = replace(runtime, settings=runtime.settings.model_copy(update=lease), engine=engine)
    try:
        with running(make_context(short, Idle(), host="127.0.0.1")) as server:
            yield Crowd(short, server.url, project_id, role, restock, seconds)
    finally:
        engine.dispose()


def deadlocks(runtime: Runtime) -> int:
    """Of the database so far; sessions tell of theirs when they end, so this is once all have."""
    runtime.engine.dispose()
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    deadline, patience = time.monotonic() + 60, threading.Event()
    with runtime.engine.connect() as connection:
        outside = connection.execution_options(isolation_level="AUTOCOMMIT")
        while outside.execute(sa.text(others)).scalar_one() > 1:
            assert time.monotonic() < deadline, "somebody is still connected"
            patience.wait(_LOOK_SECONDS)
        return int(outside.execute(sa.text(counted)).scalar_one())
