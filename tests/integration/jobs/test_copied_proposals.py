"""What is copied in is read back as it was, and no mask twice."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa

from maskloop.platform.db import proposals
from maskloop.platform.errors import DatabaseUnavailableError
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.masks import GeneratedMask, Rle
from maskloop.platform.states import ProposalState
from maskloop.services.jobs import submit_autolabel, view
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench

NOISE = np.random.default_rng(3).random((4, 4)) > 0.5
MASKS = [
    GeneratedMask(
        rle=Rle.encode(NOISE),
        bbox_xywh=(0, 1, 2, 3),
        area=int(NOISE.sum()),
        predicted_iou=0.875,
        stability_score=1.0,
        point_xy=(0.5, 3.25),
        crop_box_xywh=(-1, 0, 2**31 - 1, 4),
    ),
    GeneratedMask(
        rle=Rle.encode(~NOISE),
        bbox_xywh=(3, 2, 1, 0),
        area=int((~NOISE).sum()),
        predicted_iou=-0.25,
        stability_score=0.5,
        point_xy=(0.0, 1e6),
        crop_box_xywh=(0, 0, 4, 4),
    ),
]


def copy_in(
    connection: sa.Connection, runtime: Runtime, job_id: int, masks: Sequence[GeneratedMask]
) -> int:
    """On the first image."""
    job = view(runtime, job_id).job
    image_id = connection.execute(sa.text("SELECT min(id) FROM images")).scalar_one()
    return proposals.copy_in(
        connection,
        masks,
        project_id=job.project_id,
        image_id=image_id,
        job_id=job_id,
        model_version_id=job.version_id,
    )


def until_one_waits(runtime: Runtime) -> None:
    """For a lock of this database."""
    waiting = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with runtime.engine.connect() as connection:
            if connection.execute(sa.text(waiting)).scalar_one():
                return
    raise AssertionError("nobody waited for a lock within 30 s")


def stored(runtime: Runtime, job_id: int) -> list[proposals.Proposal]:
    project_id = view(runtime, job_id).job.project_id
    with runtime.engine.connect() as connection:
        return proposals.page(connection, project_id, limit=100)


def test_every_field_is_read_back_as_it_was_written(runtime: Runtime, job_id: int) -> None:
    with runtime.engine.begin() as connection:
        assert copy_in(connection, runtime, job_id, MASKS) == 2
    found = stored(runtime, job_id)
    assert [one.mask for one in found] == MASKS
    job = view(runtime, job_id).job
    assert {(one.job_id, one.model_version_id) for one in found} == {(job_id, job.version_id)}
    assert {one.state for one in found} == {ProposalState.PENDING}
    digests = "SELECT mask_digest FROM proposals ORDER BY id"
    with runtime.engine.connect() as connection:
        assert connection.execute(sa.text(digests)).scalars().all() == [
            mask.rle.digest for mask in MASKS
        ]


def test_a_mask_that_is_there_is_left_out_and_the_first_of_two_equal_ones_stays(
    runtime: Runtime, job_id: int
) -> None:
    surer = replace(MASKS[0], predicted_iou=0.75)
    with runtime.engine.begin() as connection:
        assert copy_in(connection, runtime, job_id, [MASKS[0], surer]) == 1
        assert copy_in(connection, runtime, job_id, [surer]) == 0
        assert copy_in(connection, runtime, job_id, [surer, MASKS[1]]) == 1
        assert copy_in(connection, runtime, job_id, []) == 0
    assert [one.mask for one in stored(runtime, job_id)] == MASKS


def test_of_two_jobs_that_propose_the_same_at_once_one_waits_and_adds_the_rest(
    runtime: Runtime, job_id: int
) -> None:
    other_id = submit_autolabel(runtime, "photos", GenerationParameters())

    def second() -> int:
        with runtime.engine.begin() as connection:
            return copy_in(connection, runtime, other_id, MASKS)

    with ThreadPoolExecutor(1) as pool:
        with runtime.engine.begin() as connection:
            assert copy_in(connection, runtime, job_id, MASKS[:1]) == 1
            waiting = pool.submit(second)
            until_one_waits(runtime)
            assert not waiting.done()
        assert waiting.result(timeout=60) == 1
    assert [one.job_id for one in stored(runtime, job_id)] == [job_id, other_id]


@pytest.mark.parametrize("wrong", ["image", "job", "version"])
def test_what_belongs_to_another_is_refused_and_nothing_is_stored(
    runtime: Runtime, bench: "Bench", job_id: int, wrong: str
) -> None:
    """An image and a job of another project, and a version that is not the job's."""
    job = view(runtime, job_id).job
    theirs = "INSERT INTO projects (name) VALUES ('theirs') RETURNING id"
    version = (
        "INSERT INTO model_versions (name, state, encoder_digest, decoder_digest) "
        "VALUES ('other', 'ready', 'a', 'b') RETURNING id"
    )
    first = "SELECT min(id) FROM images WHERE project_id = :id"
    with runtime.engine.begin() as connection:
        their_id = connection.execute(sa.text(theirs)).scalar_one()
        other = connection.execute(sa.text(version)).scalar_one()
        our_image = connection.execute(sa.text(first), {"id": job.project_id}).scalar_one()
    their_image = bench.add_image(their_id, bench.png(np.zeros((4, 4, 3), np.uint8)), "theirs.png")
    project_id, image_id, version_id, named = {
        "image": (job.project_id, their_image.id, job.version_id, "proposals_image_check"),
        "job": (their_id, their_image.id, job.version_id, "proposals_job_check"),
        "version": (job.project_id, our_image, other, "proposals_job_check"),
    }[wrong]
    with (
        pytest.raises(psycopg.errors.ForeignKeyViolation) as caught,
        runtime.engine.begin() as connection,
    ):
        proposals.copy_in(
            connection,
            MASKS,
            project_id=project_id,
            image_id=image_id,
            job_id=job_id,
            model_version_id=version_id,
        )
    assert caught.value.diag.constraint_name == named
    assert stored(runtime, job_id) == []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM images",
        "TRUNCATE images CASCADE",
        "UPDATE images SET project_id = project_id + 1",
        "DELETE FROM jobs",
        "UPDATE jobs SET model_version_id = model_version_id + 1",
    ],
)
def test_what_proposals_belong_to_neither_goes_nor_becomes_anothers(
    runtime: Runtime, job_id: int, change: str
) -> None:
    assert view(runtime, job_id).counts.total > 0
    with (
        pytest.raises(sa.exc.IntegrityError, match="are never changed or removed"),
        runtime.engine.begin() as connection,
    ):
        connection.execute(sa.text(change))


def test_a_proposal_cannot_be_moved_to_what_is_not_the_projects(
    runtime: Runtime, job_id: int
) -> None:
    with runtime.engine.begin() as connection:
        copy_in(connection, runtime, job_id, MASKS)
    for column in ("project_id", "image_id", "job_id", "model_version_id"):
        move = f"UPDATE proposals SET {column} = 1000"
        with (
            pytest.raises(sa.exc.IntegrityError, match="proposals name "),
            runtime.engine.begin() as connection,
        ):
            connection.execute(sa.text(move))


def copy_over_a_lost_connection(runtime: Runtime, job_id: int) -> None:
    with runtime.engine.begin() as connection:
        pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        with runtime.engine.begin() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:pid, 30000)"), {"pid": pid})
        whose = dict.fromkeys(("project_id", "image_id", "model_version_id"), 1)
        proposals.copy_in(connection, MASKS, job_id=job_id, **whose)


def test_a_server_that_is_gone_is_an_error_of_ours(runtime: Runtime, job_id: int) -> None:
    with pytest.raises(DatabaseUnavailableError):
        copy_over_a_lost_connection(runtime, job_id)
