"""How many processes a bulk job gets, and where."""

from pathlib import Path
from typing import Any

import pytest

from maskloop.actors.pools import Node, fitted
from maskloop.actors.sam.compute import Compute
from maskloop.actors.work import Encoders, Plan, Pool
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Limits
from maskloop.platform.settings import Settings

ON_CPU = Compute("cpu", "bf16", "openvino", 1)
ON_GPU = Compute("cuda", "bf16", "pytorch", 1)
GPUS = {"maskloop/pool": "encode"}
HEAD = Node(0, 0, {})
SMALL = Node(8, 0, {"zone": "a"})
LARGE = Node(4, 2, GPUS)


def plan_of(compute: Compute = ON_CPU, **parameters: Any) -> Plan:
    return Plan(
        objects="s3://masks",
        s3_endpoint_url=None,
        weights=Path("weights"),
        encoder_digest="e" * 64,
        decoder_digest="d" * 64,
        compute=compute,
        workers=Pool(2),
        parameters=GenerationParameters(**parameters),
        limits=Limits(),
    )


def fit(*nodes: Node, plan: Plan | None = None, **told: Any) -> Plan:
    return fitted(plan or plan_of(), Settings(**told), nodes)


def test_without_gpus_there_is_a_worker_for_each_processor_and_more_as_nodes_come() -> None:
    plan = fit(HEAD, SMALL, SMALL)
    assert plan.workers == Pool(16, grows=True)
    assert plan.encoders is None
    assert plan.compute == ON_CPU


def test_gpus_encode_and_all_other_processors_propose() -> None:
    plan = fit(HEAD, SMALL, LARGE)
    pool = Pool(2, grows=True, gpus=1.0)
    assert plan.encoders == Encoders(pool, Compute("cuda", "bf16", "pytorch", 1), together=8)
    assert plan.workers == Pool(10, grows=True)


def test_several_encoders_share_a_gpu_where_that_is_said() -> None:
    encoders = fit(SMALL, LARGE, encoder_gpus=0.5, encoder_batch=4).encoders
    assert encoders is not None
    assert encoders.pool == Pool(4, grows=True, gpus=0.5)
    assert encoders.together == 4


def test_a_driver_with_a_gpu_leaves_it_to_the_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = fit(SMALL, LARGE, plan=plan_of(ON_GPU))
    assert plan.encoders is not None
    assert (plan.compute.device, plan.compute.precision) == ("cpu", "bf16")
    assert plan.workers.gpus == 0


def test_labels_say_which_nodes_count() -> None:
    plan = fit(SMALL, LARGE, worker_labels={"zone": "a"}, encoder_labels=GPUS)
    assert plan.workers == Pool(6, grows=True, labels={"zone": "a"})
    assert plan.encoders is not None
    assert plan.encoders.pool.labels == GPUS


def test_gpus_without_the_label_of_encoders_encode_nothing() -> None:
    assert fit(SMALL, LARGE, encoder_labels={"zone": "a"}).encoders is None


def test_no_encoders_are_wanted() -> None:
    plan = fit(SMALL, LARGE, bulk_encoders=0)
    assert (plan.encoders, plan.workers) == (None, Pool(12, grows=True))


def test_encoders_that_are_wanted_without_a_gpu_are_on_processors_one_image_at_a_time() -> None:
    plan = fit(SMALL, bulk_encoders=3)
    assert plan.encoders == Encoders(Pool(3), ON_CPU, together=1)
    assert plan.workers == Pool(5, grows=True)


def test_a_number_of_workers_that_is_said_does_not_grow() -> None:
    assert fit(SMALL, SMALL, workers=3).workers == Pool(3)


def test_crops_are_encoded_where_they_are_decoded() -> None:
    plan = fit(SMALL, LARGE, plan=plan_of(crop_n_layers=1))
    assert (plan.encoders, plan.workers) == (None, Pool(12, grows=True))
    on_gpus = fit(SMALL, LARGE, plan=plan_of(ON_GPU, crop_n_layers=1))
    assert (on_gpus.compute, on_gpus.workers) == (ON_GPU, Pool(2, grows=True, gpus=1.0))


def test_a_cluster_whose_nodes_are_still_to_come_begins_with_one_worker() -> None:
    assert fit(HEAD).workers == Pool(1, grows=True)
