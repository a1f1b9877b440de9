"""A challenger beside the version that serves, through the real application and the real API."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa

from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db import model_versions
from maskloop.platform.db.learning_tables import shadow_samples
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.mask_answers import ShadowSkipped
from maskloop.services import shadows
from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.sign_in import local_principal

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from tests.integration.serving.conftest import Application

CLICK = {"points": [[300, 200, 1]], "multimask": True}


@pytest.fixture(scope="module")
def page(application: "Application") -> Iterator[httpx.Client]:
    """Somebody on this machine."""
    context = make_context(application.runtime, application.serving, host="127.0.0.1")
    with (
        running(context, port=0) as server,
        httpx.Client(base_url=f"{server.url}/api/v1", timeout=60) as client,
    ):
        yield client


def start(application: "Application", version: ModelVersion) -> None:
    user_id = local_principal(application.runtime).user_id
    with application.runtime.engine.begin() as connection:
        shadows.start_in(connection, version.id, share=1.0, started_by=user_id)


def click(page: httpx.Client, prompt: dict[str, Any] = CLICK) -> dict[str, Any]:
    answer = page.post("/projects/1/images/1/masks", json=prompt)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(page: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = page.get("/shadow").json()["shadow"]
    return found


def count(application: "Application") -> int:
    with application.runtime.engine.connect() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(shadow_samples)
        ).scalar_one()


def test_clicks_are_answered_by_the_champion_and_sampled_until_the_shadow_ends(
    application: "Application", page: httpx.Client, weights: WeightsFolder
) -> None:
    with application.runtime.engine.connect() as connection:
        champion = model_versions.serving(connection)
    challenger = application.register_variant(weights, "challenger")
    before = click(page)
    encoded = application.encoder_calls()
    start(application, challenger)
    application.eventually(lambda: shown(page)["replicas"] == 1)

    answers = []

    def sampled() -> bool:
        answers.append(click(page))
        return shown(page)["samples"] >= 1

    application.eventually(sampled)
    refined = {"points": [[300, 200, 1], [320, 210, 1]], "multimask": False}
    answer = click(page, {**refined, "previous": answers[-1]["masks"][0]["reference"]})

    assert {a["model_version"]["number"] for a in [*answers, answer]} == {champion.id}
    assert [a["masks"] for a in answers] == [before["masks"]] * len(answers)
    assert application.encoder_calls() == encoded
    found = shown(page)
    # The variant draws the same masks and predicts other IoUs.
    assert found["agreement"]["mean"] == pytest.approx(1.0, abs=0.001)
    assert (found["champion"], found["refused"]) == (champion.id, None)
    assert found["seconds"]["p50"] > 0

    assert page.delete("/shadow").status_code == 204

    application.eventually(lambda: application.status().challengers == [])
    question = application.question("coffee.png")
    assert application.serving.shadow(question) is ShadowSkipped.NOT_LOADED
    there = count(application)
    assert click(page)["model_version"]["number"] == champion.id
    assert count(application) == there


def test_an_image_that_the_challengers_encoder_never_saw_is_left_out(
    application: "Application", weights: WeightsFolder
) -> None:
    challenger = application.register_variant(weights, "other_encoder")
    with application.runtime.engine.begin() as connection:
        other = model_versions.register(
            connection,
            name="other_encoder",
            encoder_digest="e" * 64,
            decoder_digest=challenger.decoder_digest,
        )
    application.ask("coffee.png")
    encoded = application.encoder_calls()
    start(application, other)
    application.eventually(lambda: any(told.loaded for told in application.status().challengers))

    question = application.question("coffee.png")
    assert application.serving.shadow(question) is ShadowSkipped.NO_EMBEDDING

    assert application.encoder_calls() == encoded
    shadows.stop(application.runtime)


def test_a_challenger_whose_weights_are_not_whole_says_so_and_disturbs_nobody(
    application: "Application", page: httpx.Client, weights: WeightsFolder
) -> None:
    with application.runtime.engine.connect() as connection:
        champion = model_versions.serving(connection)
    broken = application.register_variant(weights, "broken", bias=0.5)
    file = application.runtime.settings.weights / broken.decoder_digest / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    there = count(application)
    start(application, broken)

    def refused() -> str | None:
        assert click(page)["model_version"]["number"] == champion.id
        found: str | None = shown(page)["refused"]
        return found

    assert "does not have the digest" in application.eventually(refused)
    assert (shown(page)["replicas"], shown(page)["samples"]) == (0, 0)
    assert count(application) == there
    assert page.delete("/shadow").status_code == 204
