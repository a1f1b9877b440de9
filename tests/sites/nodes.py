"""A Ray cluster of several nodes on this machine, as far as processes can tell, and work that takes
a known time instead of a model's."""

import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import ray.data
from ray.cluster_utils import Cluster

from maskloop.actors.autolabel import through
from maskloop.actors.ray_session import ray_session
from maskloop.actors.tries import Tries, counted_tries
from maskloop.actors.work import ItemResult, Plan, Prepared, WorkItem, broke, done

STORE_BYTES = 80 * 1024 * 1024
"""Of a node's shared memory."""


@contextmanager
def nodes_of(*labels: Mapping[str, str], cpus: int) -> Iterator[Cluster]:
    """A head without processors for this process, and a node with `cpus` for each of `labels`;
    connected."""
    tests = str(Path(__file__).parents[1])  # where their processes find `Working`
    path = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        cluster = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 0,
                "object_store_memory": STORE_BYTES,
                "include_dashboard": False,
            },
        )
        try:
            for each in labels:
                cluster.add_node(num_cpus=cpus, object_store_memory=STORE_BYTES, labels=dict(each))
            patch.setenv("RAY_ADDRESS", cluster.address)
            with ray_session(workers=1, object_store_mb=80):
                yield cluster
        finally:
            cluster.shutdown()


@dataclass(frozen=True)
class Work:
    """What `Working` does with an image; stands where a plan's weights are."""

    folder: Path
    """Gets an empty file for each time that an image is begun."""
    seconds: float

    def as_weights(self) -> Path:
        return self.folder / str(self.seconds)

    @classmethod
    def of(cls, plan: Plan) -> "Work":
        return cls(plan.weights.parent, float(plan.weights.name))

    def begun(self) -> Counter[int]:
        """How often each item was."""
        return Counter(int(file.name.partition("-")[0]) for file in self.folder.iterdir())


class Working:
    """An actor that takes its time, and dies of an image whose source is "deadly". A result's key
    is the id of its node."""

    def __init__(self, plan: Plan, tries: Tries) -> None:
        self._work = Work.of(plan)
        self._tries = tries
        self._node = ray.get_runtime_context().get_node_id()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        item = Prepared.of(batch).item
        if not self._tries.begin(item.item_id):
            return broke(item).to_batch()
        (self._work.folder / f"{item.item_id}-{uuid.uuid4()}").touch()
        if item.source == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self._work.seconds)
        return done(item, self._node, 0, {"other": self._work.seconds}, "").to_batch()


def working(plan: Plan, items: Sequence[WorkItem]) -> Iterator[ItemResult]:
    """A `Pipeline` of such actors, as many and where `plan.workers` says."""
    rows = [asdict(item) for item in items]
    made: ray.data.Dataset = ray.data.from_items(rows, override_num_blocks=len(rows))
    with counted_tries() as tries:
        for row in through(made, Working, plan, plan.workers, len(rows), tries).iter_rows():
            yield ItemResult.of(row)
