"""Evaluations and gate results over HTTP."""

from typing import TYPE_CHECKING

from maskloop.platform.access import Role
from maskloop.services.people import set_roles

if TYPE_CHECKING:
    from sites.contest import Contest
    from sites.site import Site


def test_an_evaluation_is_a_job_whose_results_are_listed(site: "Site", contest: "Contest") -> None:
    project_id = contest.school.project_id
    root = f"/api/v1/projects/{project_id}"
    mia = site.person("mia", roles=[Role.ML], project_id=project_id)
    wish = {
        "model_version": contest.challenger.id,
        "training_set_id": contest.training_set.id,
        "protocol": {"most_objects": 5000},
    }
    job = mia.post(f"{root}/evaluations", json=wish)
    assert (job.status_code, job.json()["kind"], job.json()["state"]) == (
        201,
        "evaluate",
        "queued",
    )
    assert job.json()["parameters"]["champion"] == contest.champion.id

    contest.run(job.json()["id"])

    both = mia.get(f"{root}/evaluations").json()["items"]
    assert [one["model_version"] for one in both] == [
        contest.challenger.id,
        contest.champion.id,
    ]
    (own,) = mia.get(f"{root}/evaluations", params={"model_version": contest.challenger.id}).json()[
        "items"
    ]
    assert own == both[0] == mia.get(f"{root}/evaluations/{own['id']}").json()
    assert (own["job_id"], own["protocol"]["most_objects"]) == (job.json()["id"], 5000)
    assert own["summary"]["by_category"]["cat"]["one_click"]["count"] == 5

    (result,) = mia.get(
        f"{root}/gate-results", params={"challenger": contest.challenger.id}
    ).json()["items"]
    assert result == mia.get(f"{root}/gate-results/{result['id']}").json()
    assert (result["challenger"], result["champion"], result["passed"]) == (
        contest.challenger.id,
        contest.champion.id,
        True,
    )
    assert result["rules"][0]["name"] == "better:one_click"
    nobody = {"challenger": contest.champion.id}
    assert mia.get(f"{root}/gate-results", params=nobody).json()["items"] == []

    version = mia.get(f"/api/v1/model-versions/{contest.challenger.id}").json()
    assert version["gate"] == {"passed": True, "gate_result_id": result["id"]}


def test_a_general_set_that_one_may_not_see_is_not_there(site: "Site", contest: "Contest") -> None:
    project_id, general = contest.school.project_id, contest.other_set("things")
    mia = site.person("mia", roles=[Role.ML], project_id=project_id)
    wish = {
        "model_version": contest.challenger.id,
        "training_set_id": contest.training_set.id,
        "general": general.model_dump(),
    }
    path = f"/api/v1/projects/{project_id}/evaluations"
    hidden = mia.post(path, json=wish)
    assert (hidden.status_code, hidden.json()["fields"]["noun"]) == (404, "project")

    set_roles(site.runtime, general.project_id, "mia", roles=[Role.LABELER])
    site.context.principals.forget()
    seen = mia.post(path, json=wish)
    assert (seen.status_code, seen.json()["parameters"]["general"]) == (201, general.model_dump())


def test_what_cannot_be_evaluated_says_why(site: "Site", contest: "Contest") -> None:
    project_id = contest.school.project_id
    mia = site.person("mia", roles=[Role.ML], project_id=project_id)
    path = f"/api/v1/projects/{project_id}/evaluations"
    frozen = {"training_set_id": contest.training_set.id}
    itself = mia.post(path, json={**frozen, "model_version": contest.champion.id})
    assert (itself.status_code, itself.json()["code"]) == (422, "bad_parameters")
    unknown = mia.post(path, json={**frozen, "model_version": 987_654})
    assert (unknown.status_code, unknown.json()["fields"]["noun"]) == (404, "model version")
    no_set = {"training_set_id": 987_654, "model_version": contest.challenger.id}
    missing = mia.post(path, json=no_set)
    assert (missing.status_code, missing.json()["fields"]["noun"]) == (404, "training set")
