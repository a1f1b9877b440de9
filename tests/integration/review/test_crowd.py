"""Sixteen at once, with crashes: no proposal is in two hands, none is lost, nobody is starved.

`MASKLOOP_CROWD_PROPOSALS=8000` and `--log-cli-level=INFO` make a run of a minute and more, with its
figures.
"""

import logging
import os
from typing import TYPE_CHECKING

from maskloop.platform.states import QueueOrder
from sites.crowd import Crowd, outcomes

if TYPE_CHECKING:
    from sites.table import Table

logger = logging.getLogger(__name__)


def test_a_crowd_that_crashes_loses_nothing_and_starves_nobody(table: "Table") -> None:
    table.queue("by score", ordering=QueueOrder.SCORE)
    table.queue("at random", ordering=QueueOrder.RANDOM)
    table.queue("as made", ordering=QueueOrder.OLDEST)
    crowd, count = Crowd(table), int(os.environ.get("MASKLOOP_CROWD_PROPOSALS", "320"))
    crowd.add_proposals(count - len(table.proposal_ids))
    seconds = crowd.work(most_seconds=600)
    assert crowd.held_twice == []
    found = outcomes(table)
    assert found == {"proposals": count, "pending": 0, "not_once": 0, "answered": count}
    assert set(crowd.handed) == set(range(crowd.clients))
    each = sorted(crowd.handed.values())
    logger.info("crowd seconds=%.1f events=%s each=%s", seconds, dict(crowd.events), each)
