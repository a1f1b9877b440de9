"""Trainings, their curves and policies over HTTP."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from maskloop.platform.access import Role
from maskloop.platform.db import jobs, projects, trainings
from maskloop.platform.training import Policy, Recipe, Triggers
from maskloop.services.jobs import claim
from maskloop.services.people import set_roles
from maskloop.services.tokens import create_token
from sites.school import RULE, School

if TYPE_CHECKING:
    from sites.site import Site

RULED = {"rule": RULE.model_dump(mode="json"), "evaluate": False}


@pytest.fixture
def ann(site: "Site", school: School) -> httpx.Client:
    """Who may train."""
    set_roles(school.runtime, school.project_id, "ann", roles=[Role.ML])
    return site.client(create_token(school.runtime, "ann", name="test").text)


def under(school: School, path: str) -> str:
    return f"/api/v1/projects/{school.project_id}/{path}"


def submit(ann: httpx.Client, school: School, **more: Any) -> dict[str, Any]:
    answer = ann.post(under(school, "trainings"), json=RULED | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_training_is_asked_for_and_shown(ann: httpx.Client, school: School) -> None:
    made = submit(ann, school, recipe={"epochs": 2}, because="the cats are cut off")

    assert made["state"] == "queued"
    assert made["parent"] == {"number": school.parent.id, "name": "minisam"}
    assert (made["model_version"]["name"], made["model_version"]["state"]) == (
        "photos-1",
        "training",
    )
    assert made["recipe"] == Recipe(epochs=2).model_dump(mode="json")
    assert (made["reason"], made["because"], made["started_by"]) == (
        "by_hand",
        "the cats are cut off",
        "ann",
    )
    assert len(made["training_set"]["digest"]) == 64
    assert (made["outcome"], made["last_point"], made["steps"]) == (None, None, None)
    assert ann.get(under(school, f"trainings/{made['job_id']}")).json() == made
    listed = ann.get(under(school, "trainings")).json()
    assert listed == {"items": [made], "next": None}
    job = ann.get(under(school, f"jobs/{made['job_id']}")).json()
    assert (job["kind"], job["model_version"]) == ("train", made["model_version"]["number"])


def test_a_request_that_is_repeated_trains_once(ann: httpx.Client, school: School) -> None:
    headers = {"Idempotency-Key": "the first one"}
    first, again = (
        ann.post(under(school, "trainings"), json=RULED, headers=headers) for _ in range(2)
    )
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replay"] == "true"
    other = ann.post(under(school, "trainings"), json=RULED)
    assert (other.status_code, other.json()["code"]) == (409, "training_busy")
    assert other.json()["retryable"] is True


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"training_set_id": 987654}, 404, "not_found"),
        ({"parent": 987654}, 404, "not_found"),
        ({"rule": {"sources": ["/none/*"]}}, 422, "empty_training_set"),
        ({"recipe": {"rounds": 12}}, 422, "invalid_request"),
        ({"rule": {}, "training_set_id": 1}, 422, "bad_parameters"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    ann: httpx.Client, school: School, more: dict[str, Any], status: int, code: str
) -> None:
    answer = ann.post(under(school, "trainings"), json=more)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_curves_are_read_step_by_step(ann: httpx.Client, school: School) -> None:
    job_id = submit(ann, school)["job_id"]
    lease = claim(school.runtime, job_id)
    with school.runtime.engine.begin() as connection:
        for step in (1, 2, 3):
            figures = {"train/loss": 1 / step}
            assert trainings.write_point(
                connection, job_id, lease, step=step, steps=9, figures=figures
            )
    path = under(school, f"trainings/{job_id}/points")

    first = ann.get(path, params={"limit": 2}).json()
    rest = ann.get(path, params={"after": first["next"]}).json()

    assert [(point["step"], point["steps"]) for point in first["items"]] == [(1, 9), (2, 9)]
    assert first["items"][1]["figures"] == {"train/loss": 0.5}
    assert first["next"] == 2
    assert [point["step"] for point in rest["items"]] == [3]
    assert rest["next"] is None
    shown = ann.get(under(school, f"trainings/{job_id}")).json()
    assert (shown["last_point"], shown["steps"]) == (rest["items"][0], 9)


def test_another_project_s_training_is_not_there(ann: httpx.Client, school: School) -> None:
    with school.runtime.engine.begin() as connection:
        other = projects.create(connection, "others").id
    set_roles(school.runtime, other, "ann", roles=[Role.ML])
    job_id = submit(ann, school)["job_id"]

    for path in (f"trainings/{job_id}", f"trainings/{job_id}/points"):
        answer = ann.get(f"/api/v1/projects/{other}/{path}")
        assert (answer.status_code, answer.json()["fields"]["noun"]) == (404, "training")


def test_a_training_is_cancelled_and_gone_on_with_as_a_job(
    ann: httpx.Client, school: School
) -> None:
    job_id = submit(ann, school)["job_id"]

    cancelled = ann.post(under(school, f"jobs/{job_id}/cancel"))
    stopped = ann.get(under(school, f"trainings/{job_id}")).json()
    resumed = ann.post(under(school, f"jobs/{job_id}/resume"))
    waiting = ann.get(under(school, f"trainings/{job_id}")).json()

    assert (cancelled.status_code, resumed.status_code) == (200, 200)
    assert (stopped["state"], stopped["model_version"]["state"]) == ("cancelled", "failed")
    assert (waiting["state"], waiting["model_version"]["state"]) == ("queued", "training")


def test_a_policy_has_defaults_until_somebody_puts_another(
    ann: httpx.Client, school: School
) -> None:
    path = under(school, "training-policy")
    default = Policy().model_dump(mode="json")
    assert ann.get(path).json() == default | {"updated_by": None, "updated_at": None}

    changed = {"triggers": {"automatic": True, "corrections": 50}}
    put = ann.put(path, json=changed).json()

    assert put["updated_by"] == "ann"
    assert put["triggers"] == Triggers(automatic=True, corrections=50).model_dump(mode="json")
    assert put["recipe"] == default["recipe"]
    assert ann.get(path).json() == put


def test_a_policy_names_a_general_set_that_one_sees(ann: httpx.Client, school: School) -> None:
    path = under(school, "training-policy")
    set_id = school.prepared().training_set.id
    with school.runtime.engine.begin() as connection:
        hidden = projects.create(connection, "others").id
    for general in (
        {"project_id": hidden, "training_set_id": set_id},
        {"project_id": school.project_id, "training_set_id": 987654},
    ):
        answer = ann.put(path, json={"general": general})
        assert (answer.status_code, answer.json()["fields"]["noun"]) == (404, "training set")
    general = {"project_id": school.project_id, "training_set_id": set_id}
    assert ann.put(path, json={"general": general}).json()["general"] == general


def test_the_status_says_whether_it_is_time(ann: httpx.Client, school: School) -> None:
    path = under(school, "training-status")
    ann.put(
        under(school, "training-policy"),
        json={"triggers": {"corrections": 4, "debounce_minutes": 0}},
    )

    before = ann.get(path).json()
    job_id = submit(ann, school)["job_id"]
    busy = ann.get(path).json()

    assert before["serving"] == {"number": school.parent.id, "name": "minisam"}
    assert (before["corrections"], before["needed"]) == (4, 4)
    assert (before["due"], before["reason"]) == (True, "corrections")
    assert before["because"] == "4 corrections; 4 make a training due"
    assert before["drift"] == {
        "edit_distance_before": None,
        "edit_distance_now": None,
        "acceptance_before": None,
        "acceptance_now": None,
        "reviews": 0,
    }
    assert before["quiet_for_seconds"] >= 0
    assert (before["running_job"], before["last_training"]) == (None, None)
    assert (busy["due"], busy["running_job"], busy["corrections"]) == (False, job_id, 0)
    assert busy["last_training"]["job_id"] == job_id


def test_a_project_that_nothing_serves_has_a_status(site: "Site") -> None:
    status = site.client().get(f"/api/v1/projects/{site.project('photos')}/training-status")
    assert status.json()["serving"] is None
    assert (status.json()["due"], status.json()["quiet_for_seconds"]) == (False, None)
    with site.runtime.engine.connect() as connection:
        assert jobs.standing(connection).by_state == {}
