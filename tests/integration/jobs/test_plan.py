"""`maskloop plan`, by a job whose ledger, objects and database are real."""

import json
from pathlib import Path

import pytest

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.errors import BadPricesError, NotFoundError, NothingToPlanByError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.prices import EXAMPLE
from maskloop.platform.states import JobState
from maskloop.services import planning
from maskloop.services.autolabel import run_job
from maskloop.services.jobs import submit_autolabel
from maskloop.services.planning import measured_job, rows_of, sample_of
from maskloop.services.runtime import Runtime
from sites.commands import Run, all_commands, command_of
from sites.pictures import add_pictures
from sites.pipelines import Answering

IMAGES = 12
MASKS = 4


@pytest.fixture
def pictures(runtime: Runtime, weights: WeightsFolder, tmp_path: Path) -> Runtime:
    add_pictures(runtime, weights, tmp_path / "pictures", IMAGES)
    return runtime


@pytest.fixture
def job_id(pictures: Runtime) -> int:
    """A job that has done every picture in half a second, with four masks each."""
    found = submit_autolabel(pictures, "photos", GenerationParameters())
    view = run_job(pictures, found, pipeline=Answering(pictures, masks=lambda number: MASKS))
    assert view.job.state is JobState.SUCCEEDED
    return found


@pytest.fixture
def maskloop(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(planning, "_MASKS", 400)
    return command_of(runtime.settings, all_commands())


def test_a_job_says_what_its_images_took_and_left(pictures: Runtime, job_id: int) -> None:
    job, rows = measured_job(pictures)
    sample = sample_of(pictures, job, rows)

    assert job.id == job_id
    assert list(sample.seconds) == [{"decode": 0.5}] * IMAGES
    assert list(sample.masks) == [MASKS] * IMAGES
    files = {row.source_uri: Path(row.source_uri).stat().st_size for row in rows}
    assert sorted(sample.bytes["images"]) == sorted(files.values())
    assert min(sample.bytes["results"]) > 0
    assert set(sample.bytes["embeddings"]) == set(sample.bytes["candidates"]) == {0}


def test_rows_are_measured_beside_the_database_and_leave_nothing_in_it(
    pictures: Runtime, job_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_MASKS", 2000)
    _, rows = measured_job(pictures)

    found = rows_of(pictures, rows, MASKS)

    assert 150 < found.table_bytes < 1000
    assert 100 < found.index_bytes < 1000
    assert 200 < found.image_bytes < 5000
    assert found.log_bytes > found.table_bytes
    assert found.masks_per_second > 0
    assert measured_job(pictures)[0].id == job_id


def test_the_newest_job_that_computed_is_taken_and_another_where_it_is_named(
    pictures: Runtime, job_id: int
) -> None:
    again = submit_autolabel(pictures, "photos", GenerationParameters())
    run_job(pictures, again, pipeline=Answering(pictures, written=0))
    assert measured_job(pictures)[0].id == job_id
    with pytest.raises(NothingToPlanByError, match=f"job {again} is no autolabel job that"):
        measured_job(pictures, again)
    with pytest.raises(NotFoundError):
        measured_job(pictures, 99)


def test_without_a_job_it_says_how_to_get_one(pictures: Runtime, maskloop: Run) -> None:
    told = maskloop("plan", "--images", 1000)
    assert told.exit_code == 1
    assert "no job here computed masks" in told.output
    assert "maskloop demo --exit" in told.output


def test_people_read_tables_and_what_gives_way(job_id: int, maskloop: Run, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(EXAMPLE)
    told = maskloop(
        *("plan", "--images", 7_200_000, "--masks-per-image", MASKS, "--image-mb", 0.5),
        *("--prices", prices, "--days", 10, "--workers", 4),
    )
    assert told.exit_code == 0, told.output
    assert "7,200,000 images, 4 masks each: 28,800,000 masks." in told.output
    assert f"Measured by {IMAGES} images of job {job_id}" in told.output
    assert "In 10 days: 5 cores, always busy. With 4 cores: 10 days." in told.output
    assert "3.6 TB" in told.output  # 7.2 M files of 0.5 MB
    assert "What gives way: processors" in told.output
    assert "40.00" in told.output  # 1,000 core hours at 0.04


def test_machines_read_the_same_as_json(job_id: int, maskloop: Run) -> None:
    told = maskloop("plan", "--images", 72_000, "--gpu-encode-ms", 10, "--json")
    found = json.loads(told.stdout)
    assert found["job"] == job_id
    assert found["corpus"]["images"] == 72_000
    assert found["cpu_seconds_in_all"] == pytest.approx(36_000)
    assert found["gpu_seconds"] == pytest.approx(720)
    assert found["gpu"] == {"encode_seconds": 0.01, "source": "given"}
    assert (found["currency"], found["costs"]) == (None, [])
    ratios = [limit["ratio"] for limit in found["limits"]]
    assert ratios == sorted(ratios, reverse=True)


def test_wrong_prices_are_refused_before_anything_is_measured(
    runtime: Runtime, maskloop: Run, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text("cpu_hour = 1")
    told = maskloop("plan", "--images", 10, "--prices", prices)
    assert told.exit_code == 2
    assert BadPricesError.code in told.output
    assert "currency is missing" in told.output


def test_how_many_images_must_be_said(maskloop: Run) -> None:
    told = maskloop("plan")
    assert told.exit_code == 2
    assert "--images" in told.output
    example = maskloop("plan", "--example-prices")
    assert (example.exit_code, example.output) == (0, EXAMPLE)
