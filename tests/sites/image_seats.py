"""Seats of a crowd: images are leased, submitted, reopened and given back."""

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from maskloop.services.runtime import Runtime
from sites.crowd import Crowd, Seat

MORE = """
INSERT INTO images (project_id, sha256, source_uri, media_type, byte_size, width, height,
    exif_orientation)
SELECT :project_id, sha256(n::text::bytea), n || '.png', 'image/png', 1, 20, 16, 1
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
"""


@dataclass
class Stock:
    """Images that nobody opens: rows without a file."""

    runtime: Runtime
    project_id: int
    count: int = 0

    def bring(self, count: int) -> None:
        chosen = {
            "project_id": self.project_id,
            "first": self.count + 1,
            "last": self.count + count,
        }
        with self.runtime.engine.begin() as connection:
            connection.execute(sa.text(MORE), chosen)
        self.count += count


class ImageSeat(Seat):
    submitted: set[int]
    """Ids of submissions that somebody was told of, by all seats."""
    after: int | None = None

    def turn(self) -> tuple[int, int]:
        if self.chance(0.03):
            self.cut_off("queue/next", {"after": self.after})
        asked_at = time.monotonic()
        asked = {"after": self.after if self.chance(0.8) else None, "ahead": 2}
        turn = self.ask("queue/next", asked).json()
        if turn["image"] is None:
            self.after = None  # what came to a request that was cut off is one's own
            return 0, turn["left"]
        self.after = turn["image"]["id"]
        self.crowd.ledger.hold(self.after, self.name, asked_at)
        self._go_on(self.after, turn["lease"]["token"])
        return 1, turn["left"]

    def _go_on(self, image_id: int, token: str) -> None:
        chance = self.random.random()
        if chance < 0.03:
            self.vanish()
            return
        if chance < 0.06:
            self._give_back(image_id, token)
            return
        if chance < 0.12:
            self._renew(image_id, token)
        self._submit(image_id, token)

    def _give_back(self, image_id: int, token: str) -> None:
        self.crowd.ledger.let_go(image_id, self.name)
        self.crowd.count("gave back")
        path = f"{self.crowd.path}/images/{image_id}/lease"
        answer = self.http.delete(path, params={"token": token})
        assert answer.status_code == 204, answer.text

    def _renew(self, image_id: int, token: str) -> None:
        asked_at = time.monotonic()
        self.crowd.count("renewed")
        if self.ask(f"images/{image_id}/lease/renew", {"token": token}).is_success:
            self.crowd.ledger.hold(image_id, self.name, asked_at)

    def _submit(self, image_id: int, token: str) -> None:
        said: dict[str, Any] = {"lease": token, "outcome": "done", "seconds": 1.5}
        if self.chance(0.1):
            said |= {"outcome": "skipped", "reason": "too dark"}
        self.crowd.ledger.let_go(image_id, self.name)
        ask = self.ask_twice if self.chance(0.05) else self.ask
        answer = ask(f"images/{image_id}/submissions", said)
        if not answer.is_success:
            return
        self.submitted.add(answer.json()["id"])
        if self.chance(0.03):
            self.ask(f"images/{image_id}/reopen", {"reason": "look again"})
            self.crowd.count("reopened")


def seat_of(submitted: set[int]) -> type[ImageSeat]:
    return type("ImageSeat", (ImageSeat,), {"submitted": submitted})


def submissions_of(crowd: Crowd) -> set[int]:
    wanted = "SELECT id FROM submissions WHERE outcome <> 'reopened'"
    with crowd.runtime.engine.connect() as connection:
        return set(connection.execute(sa.text(wanted)).scalars())


def outcomes(crowd: Crowd) -> dict[str, int]:
    """What the database says afterwards. `not_once`: images that were not submitted once more than
    they were reopened; `token_twice`: submissions by one lease."""
    statement = """
    SELECT count(*) AS images, count(*) FILTER (WHERE state = 'todo') AS to_do,
        count(*) FILTER (WHERE submitted - reopened <> 1) AS not_once,
        (SELECT count(lease_token) - count(DISTINCT lease_token) FROM submissions) AS token_twice,
        (SELECT count(*) FROM image_leases) AS leased
    FROM (SELECT state,
        (SELECT count(*) FROM submissions WHERE image_id = images.id AND outcome <> 'reopened')
            AS submitted,
        (SELECT count(*) FROM submissions WHERE image_id = images.id AND outcome = 'reopened')
            AS reopened
        FROM images) AS each
    """
    with crowd.runtime.engine.connect() as connection:
        return dict(connection.execute(sa.text(statement)).one()._mapping)
