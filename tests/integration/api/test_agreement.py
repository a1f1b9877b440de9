"""Agreement and doubts over HTTP: figures where there are none, and who has doubts computed."""

from typing import TYPE_CHECKING

import httpx
import pytest

from maskloop.platform.access import Role

if TYPE_CHECKING:
    from sites.site import Site
    from sites.ward import Ward


@pytest.fixture
def ops(site: "Site", ward: "Ward") -> httpx.Client:
    return site.person("otto", roles=[Role.OPS], project_id=ward.project_id)


def path(ward: "Ward", noun: str) -> str:
    return f"/api/v1/projects/{ward.project_id}/{noun}"


def test_without_votes_alpha_says_why_there_is_none(ward: "Ward", ops: httpx.Client) -> None:
    assert ops.get(path(ward, "agreement")).json() == {
        "proposals": 0,
        "votes": 0,
        "settled": 0,
        "in_dispute": 0,
        "mean_iou": None,
        "alpha": None,
        "alpha_undefined": "no object was given a category by two people",
        "images": {
            "images": 0,
            "passes": 0,
            "settled": 0,
            "in_dispute": 0,
            "mean_iou": None,
            "found_by_all": None,
            "alpha": None,
            "alpha_undefined": "no object was given a category by two people",
        },
    }
    other = ops.get(path(ward, "agreement"), params={"queue_id": 987_654})
    assert (other.status_code, other.json()["fields"]["noun"]) == (404, "queue")


def test_doubts_are_counted_and_computed_anew_by_who_runs_jobs(
    ward: "Ward", ops: httpx.Client, site: "Site"
) -> None:
    assert ops.get(path(ward, "doubts")).json() == {"doubted": 0, "waiting": 300}
    asked = ops.post(path(ward, "doubts"))
    assert (asked.status_code, asked.json()) == (202, {"doubted": 0, "waiting": 300})
    labeler = site.person("lee", roles=[Role.LABELER], project_id=ward.project_id)
    assert labeler.post(path(ward, "doubts")).status_code == 403
