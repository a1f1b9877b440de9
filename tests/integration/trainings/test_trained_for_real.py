"""A training through the service with the trainer itself, in Ray: a few steps of it."""

from maskloop.actors.ray_session import ray_session
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db import model_versions
from maskloop.platform.states import JobState, ModelVersionState
from maskloop.platform.training import Recipe
from maskloop.services import trainings
from maskloop.services.training_runs import run_training
from sites.school import School

FEW = Recipe(
    epochs=1, rounds=2, rounds_without_point=0, replay_share=0, warmup_steps=1, validations=1
)


def test_a_version_is_trained_from_corrections(school: School, fp32: Compute) -> None:
    job_id = school.submit(FEW)

    with ray_session(workers=1, object_store_mb=128):
        run_training(school.runtime, job_id)

    made = trainings.get(school.runtime, school.project_id, job_id)
    with school.runtime.engine.connect() as connection:
        version = model_versions.by_id(connection, made.version.number)
    assert (made.state, version.state) == (JobState.SUCCEEDED, ModelVersionState.READY)
    assert version.decoder_digest != school.parent.decoder_digest
    load_decoder(WeightsFolder(school.runtime.settings.weights), version.decoder_digest, fp32)
    points = trainings.points(school.runtime, school.project_id, job_id)
    assert made.outcome is not None
    assert points[-1].step == points[-1].steps == made.outcome["steps"]
    assert any(point.figures.get("train/loss", 0) > 0 for point in points)
    assert made.outcome["replay_images"] == 0
    assert made.outcome["encoder_calls"] == 3
    assert list(school.runtime.objects.list(f"trainings/{job_id}/")) == []
