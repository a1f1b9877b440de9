"""Which processes a bulk job has: on one machine as many as it can use, on a cluster as many as
there is room for, and encoders of their own where GPUs are."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ray

from maskloop.actors.sam.compute import Compute, compute_of
from maskloop.actors.work import Encoders, Plan, Pool
from maskloop.platform.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Node:
    """Of a Ray cluster."""

    cpus: float
    gpus: float
    labels: Mapping[str, str]

    def has(self, labels: Mapping[str, str]) -> bool:
        return labels.items() <= self.labels.items()


def with_pools(plan: Plan, settings: Settings) -> Plan:
    """`plan` for the Ray that is connected. A local one has what the plan asks for already."""
    if not is_cluster():
        return plan
    return fitted(plan, settings, nodes())


def is_cluster() -> bool:
    return bool(os.environ.get("RAY_ADDRESS"))


def nodes() -> list[Node]:
    """Those that are alive, of the Ray that is connected."""
    told: Sequence[Mapping[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return [
        Node(
            cpus=node["Resources"].get("CPU", 0.0),
            gpus=node["Resources"].get("GPU", 0.0),
            labels=node.get("Labels", {}),
        )
        for node in told
        if node["Alive"]
    ]


def fitted(plan: Plan, settings: Settings, nodes: Sequence[Node]) -> Plan:
    """As many processes as these nodes have room for, where the settings do not say how many; those
    grow with the cluster.

    Where GPUs encode, workers compute on processors. Crops are encoded where they are decoded, so
    a job over crops has no encoders.
    """
    if plan.parameters.crop_n_layers == 0:
        encoders = _encoders(plan.compute, settings, nodes)
    else:
        encoders = None
    labels = dict(settings.worker_labels)
    mine = [node for node in nodes if node.has(labels)]
    on_gpu = plan.compute.device == "cuda" and encoders is None
    room = sum(node.gpus if on_gpu else node.cpus for node in mine)
    if encoders is not None:
        room -= encoders.pool.size
    if room < 1:
        logger.warning("pool.no_node labels=%s", labels)
    size = settings.workers or max(1, int(room))
    pool = Pool(size, grows=settings.workers is None, gpus=float(on_gpu), labels=labels)
    compute = plan.compute if on_gpu or encoders is None else _on_processors(plan.compute, settings)
    return replace(plan, compute=compute, workers=pool, encoders=encoders)


def _on_processors(compute: Compute, settings: Settings) -> Compute:
    there = compute_of(settings.model_copy(update={"device": "cpu"}), threads=compute.threads)
    return replace(there, precision=compute.precision)


def _encoders(compute: Compute, settings: Settings, nodes: Sequence[Node]) -> Encoders | None:
    """None where no node has a GPU, or none are wanted."""
    labels = dict(settings.encoder_labels)
    gpus = _gpus(settings, nodes)
    wanted = settings.bulk_encoders
    size = int(gpus / settings.encoder_gpus) if wanted is None else wanted
    if size == 0:
        return None
    each = settings.encoder_gpus if gpus else 0.0
    pool = Pool(size, grows=wanted is None, gpus=each, labels=labels)
    together = settings.encoder_batch if gpus else 1
    return Encoders(pool, encoding_compute(compute, settings, nodes), together=together)


def encoding_compute(compute: Compute, settings: Settings, nodes: Sequence[Node]) -> Compute:
    """On a GPU where a node that may encode has one, whatever this machine has; else `compute`."""
    if not _gpus(settings, nodes):
        return compute
    return replace(compute, device="cuda", engine="pytorch")


def _gpus(settings: Settings, nodes: Sequence[Node]) -> float:
    """Those that may encode: none where the settings name another device."""
    if settings.device not in ("auto", "cuda"):
        return 0.0
    return sum(node.gpus for node in nodes if node.has(settings.encoder_labels))
