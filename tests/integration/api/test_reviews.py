"""Proposals and their reviews over HTTP, and the jobs and exports beside them."""

import io
import zipfile
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from maskloop.platform.access import Role
from maskloop.platform.db import model_versions
from maskloop.services.export.jobs import run_export

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.site import Site


@pytest.fixture
def photos(site: "Site", bench: "Bench") -> int:
    """A project with an image of two proposals."""
    made = bench.make_project(["cell"])
    image = bench.add_image(made, bench.png(np.zeros((8, 12, 3), dtype=np.uint8)), "a.png")
    masks = np.zeros((2, 8, 12), dtype=np.bool_)
    masks[0, 1:4, 1:5] = True
    masks[1, 4:8, 6:9] = True
    job = bench.start_job(made)
    job.done(image, [bench.mask_of(mask) for mask in masks])
    job.finish()
    return made


@pytest.fixture
def reviewer(site: "Site", photos: int) -> httpx.Client:
    return site.person("rae", roles=[Role.REVIEWER], project_id=photos)


def _proposals(client: httpx.Client, project_id: int, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/projects/{project_id}/proposals", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_an_accepted_proposal_becomes_an_annotation(photos: int, reviewer: httpx.Client) -> None:
    path = f"/api/v1/projects/{photos}"
    first, second = _proposals(reviewer, photos, state="pending")
    (cell,) = reviewer.get(f"{path}/categories").json()["items"]
    verdict = {"verdict": "accepted", "category_id": cell["id"], "seconds": 1.5}
    answer = reviewer.post(f"{path}/proposals/{first['id']}/review", json=verdict)
    assert answer.status_code == 201, answer.text
    made = answer.json()["annotation"]
    annotation = reviewer.get(f"{path}/annotations/{made['id']}").json()
    assert annotation["segmentation"] == first["segmentation"]
    assert (annotation["proposal_id"], annotation["author"]) == (first["id"], "rae")
    assert [one["id"] for one in _proposals(reviewer, photos, state="pending")] == [second["id"]]
    assert reviewer.get(f"{path}/proposals/{first['id']}").json()["state"] == "accepted"
    assert reviewer.get(f"{path}/reviews").json()["items"] == [answer.json()]


def test_a_corrected_proposal_has_the_mask_that_was_given(
    photos: int, reviewer: httpx.Client
) -> None:
    path = f"/api/v1/projects/{photos}"
    first, second = _proposals(reviewer, photos)
    (cell,) = reviewer.get(f"{path}/categories").json()["items"]
    mask = {"category_id": cell["id"], "segmentation": second["segmentation"]}
    answer = reviewer.post(
        f"{path}/proposals/{first['id']}/review", json={"verdict": "corrected", "mask": mask}
    )
    made = answer.json()["annotation"]
    annotation = reviewer.get(f"{path}/annotations/{made['id']}").json()
    assert annotation["segmentation"] == second["segmentation"]


def test_the_second_verdict_on_a_proposal_names_the_first(
    site: "Site", photos: int, reviewer: httpx.Client
) -> None:
    first, _ = _proposals(reviewer, photos)
    path = f"/api/v1/projects/{photos}/proposals/{first['id']}/review"
    verdict = {"verdict": "rejected", "reason": "only shade"}
    assert reviewer.post(path, json=verdict).status_code == 201
    other = site.person("kim", roles=[Role.REVIEWER], project_id=photos)
    refused = other.post(path, json=verdict)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_reviewed")
    assert "rae" in refused.json()["detail"]


@pytest.mark.parametrize(
    "verdict",
    [
        {"verdict": "accepted"},
        {"verdict": "corrected"},
        {"verdict": "rejected", "category_id": 1},
        {"verdict": "accepted", "category_id": 1, "reason": "good"},
        {"verdict": "perhaps"},
        {"verdict": "rejected", "reason": "a\u0000b"},
    ],
)
def test_a_verdict_that_is_none_decides_nothing(
    photos: int, reviewer: httpx.Client, verdict: dict[str, Any]
) -> None:
    first, _ = _proposals(reviewer, photos)
    path = f"/api/v1/projects/{photos}/proposals/{first['id']}"
    assert reviewer.post(f"{path}/review", json=verdict).status_code == 422
    assert reviewer.get(path).json()["state"] == "pending"


def test_a_job_is_submitted_once_followed_and_cancelled(site: "Site", photos: int) -> None:
    with site.runtime.engine.begin() as connection:
        version = model_versions.register(
            connection, name="minisam", encoder_digest="e" * 64, decoder_digest="d" * 64
        )
        model_versions.promote(connection, version, because="the first")
    ops = site.person("ops", roles=[Role.OPS], project_id=photos)
    path = f"/api/v1/projects/{photos}/jobs"
    new = {"parameters": {"points_per_side": 8, "mode": "adaptive"}}
    first, again = (ops.post(path, json=new, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    job = first.json()
    assert (job["state"], job["counts"]["queued"]) == ("queued", 1)
    assert job["parameters"]["points_per_side"] == 8
    items = ops.get(f"{path}/{job['id']}/items").json()["items"]
    assert [(item["source_uri"], item["state"]) for item in items] == [("a.png", "queued")]
    assert len(ops.get(path).json()["items"]) == 2
    assert ops.post(f"{path}/{job['id']}/cancel").json()["state"] == "cancelled"
    assert ops.post(f"{path}/{job['id']}/resume").json()["state"] == "queued"


@pytest.mark.parametrize(
    "parameters",
    [{"points": 3}, {"points_per_side": "many"}, {"points_per_side": 1000}, {"mode": "quick"}],
)
def test_a_job_with_parameters_that_cannot_be_is_refused(
    site: "Site", photos: int, parameters: dict[str, Any]
) -> None:
    ops = site.person("ops", roles=[Role.OPS], project_id=photos)
    answer = ops.post(f"/api/v1/projects/{photos}/jobs", json={"parameters": parameters})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameters")
    assert answer.json()["fields"]["parameter"] == next(iter(parameters))


def test_an_export_is_there_when_its_job_has_succeeded(site: "Site", photos: int) -> None:
    ops = site.person("ops", roles=[Role.OPS], project_id=photos)
    path = f"/api/v1/projects/{photos}/exports"
    submitted = ops.post(path, json={"format": "coco", "source": "proposals"})
    assert submitted.status_code == 201, submitted.text
    file = f"{path}/{submitted.json()['id']}/file"
    early = ops.get(file)
    assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")
    run_export(site.runtime, submitted.json()["id"])
    answer = ops.get(file)
    assert answer.headers["Content-Type"] == "application/zip"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert any(name.endswith(".json") for name in archive.namelist())
