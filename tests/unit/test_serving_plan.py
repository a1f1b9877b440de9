"""Where the replicas that answer clicks are, and on what they compute."""

from typing import Any

import pytest

from maskloop.actors.app import DECODER, ENCODER, build
from maskloop.actors.pools import Node
from maskloop.actors.serving.plan import ServingPlan
from maskloop.platform.settings import Settings
from maskloop.services.serving import plan_of

GPUS = {"maskloop/pool": "gpu"}
CPUS = {"maskloop/pool": "cpu"}
NODES = [Node(0, 0, {}), Node(8, 0, CPUS), Node(4, 1, GPUS)]


def plan(cluster: list[Node], **told: Any) -> ServingPlan:
    return plan_of(Settings(**told), "s3://masks", cluster)


def test_a_cluster_with_gpus_encodes_on_them_though_this_machine_has_none() -> None:
    made = plan(NODES, encoder_gpus=0.5, encoder_batch=4)
    assert (made.encoder_compute.device, made.encoder_compute.engine) == ("cuda", "pytorch")
    assert (made.encoder.num_gpus, made.encoder_batch) == (0.5, 4)
    assert (made.decoder_compute.device, made.decoder.num_gpus) == ("cpu", 0)


@pytest.mark.parametrize(
    ("cluster", "told"),
    [
        ([], {}),
        (NODES[:2], {}),
        (NODES, {"device": "cpu"}),
        (NODES, {"encoder_labels": CPUS}),
    ],
)
def test_without_a_gpu_that_may_encode_processors_do(
    cluster: list[Node], told: dict[str, Any]
) -> None:
    made = plan(cluster, **told)
    assert (made.encoder_compute.device, made.encoder.num_gpus) == ("cpu", 0)
    assert made.encoder_batch == 1


def test_replicas_are_on_the_nodes_with_their_labels() -> None:
    application = build(plan(NODES, encoder_labels=GPUS, worker_labels=CPUS))
    decoder = application._bound_deployment
    encoder = decoder.init_args[1]._bound_deployment
    assert (decoder.name, encoder.name) == (DECODER, ENCODER)
    assert decoder.ray_actor_options["label_selector"] == CPUS
    assert encoder.ray_actor_options["label_selector"] == GPUS


def test_labels_mean_nothing_on_one_machine() -> None:
    made = plan([], encoder_labels=GPUS, worker_labels=CPUS)
    assert made.encoder.labels == made.decoder.labels == {}
