"""Sixteen clients at once over HTTP, with crashes: nothing is in two hands, nothing is lost, nobody
is starved, and no transactions end in a deadlock.

`MASKLOOP_CROWD_SECONDS=60` brings work for as long, and `--log-cli-level=INFO` tells its figures.
"""

import logging
import os
from typing import TYPE_CHECKING

import pytest

from maskloop.platform.access import Role
from maskloop.platform.states import QueueOrder
from maskloop.services.runtime import Runtime
from sites import card_seats, image_seats
from sites.crowd import SEATS, Crowd, crowd_at, deadlocks
from sites.table import lay

if TYPE_CHECKING:
    from sites.bench import Bench

logger = logging.getLogger(__name__)

SECONDS = float(os.environ.get("MASKLOOP_CROWD_SECONDS", "0"))
STOCK = 240
"""To begin with, and as many more whenever it runs low."""

pytestmark = pytest.mark.timeout(1200)


def test_cards_are_in_one_hand_at_a_time_and_each_answer_stands_once(
    runtime: Runtime, bench: "Bench"
) -> None:
    table = lay(runtime, bench, 6)
    table.queue("by score", ordering=QueueOrder.SCORE)
    table.queue("at random", ordering=QueueOrder.RANDOM)
    table.queue("as made", ordering=QueueOrder.OLDEST)
    stock, heard = card_seats.Stock(table), card_seats.Heard()
    stock.bring(STOCK)
    with crowd_at(
        runtime,
        table.project_id,
        role=Role.REVIEWER,
        restock=lambda: stock.bring(STOCK),
        seconds=SECONDS,
    ) as crowd:
        told(crowd, crowd.work(card_seats.seat_of(table, heard)))
        proposals = card_seats.proposals_by_card(crowd)
        assert crowd.ledger.held_twice(proposals.__getitem__) == []
        count = stock.count + len(table.proposal_ids)
        assert card_seats.outcomes(crowd) == {
            "proposals": count,
            "pending": 0,
            "not_once": 0,
            "answered": count,
            "taken_early": 0,
        }
        answered = card_seats.answered_cards(crowd)
        assert heard.answered <= answered
        assert answered - heard.answered <= heard.unheard
        assert set(crowd.handed) == set(range(SEATS))
    assert deadlocks(runtime) == 0


def test_images_are_leased_to_one_at_a_time_and_each_submission_stands_once(
    runtime: Runtime, bench: "Bench"
) -> None:
    project_id, submitted = bench.make_project(), set[int]()
    stock = image_seats.Stock(runtime, project_id)
    stock.bring(STOCK)
    with crowd_at(
        runtime,
        project_id,
        role=Role.LABELER,
        restock=lambda: stock.bring(STOCK),
        seconds=SECONDS,
    ) as crowd:
        told(crowd, crowd.work(image_seats.seat_of(submitted)))
        assert crowd.ledger.held_twice() == []
        assert image_seats.outcomes(crowd) == {
            "images": stock.count,
            "to_do": 0,
            "not_once": 0,
            "token_twice": 0,
            "leased": 0,
        }
        assert image_seats.submissions_of(crowd) == submitted
        assert set(crowd.handed) == set(range(SEATS))
    assert deadlocks(runtime) == 0


@pytest.fixture(autouse=True)
def quiet_httpx(caplog: pytest.LogCaptureFixture) -> None:
    """It tells of each request."""
    caplog.set_level(logging.WARNING, logger="httpx")


def told(crowd: Crowd, seconds: float) -> None:
    each = sorted(crowd.handed.values())
    figures = f"seconds={seconds:.1f} events={dict(crowd.events)} least={each[0]} most={each[-1]}"
    logger.info("crowd %s handed=%d", figures, sum(each))
