"""A challenger beside the version that serves, a hold-out, and a stand-in for the evaluator."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from maskloop.actors.evaluation.plan import EvaluationPlan
from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, ModelWeights, WeightsFolder
from maskloop.platform.db import gate_results, jobs
from maskloop.platform.db.gate_results import StoredGateResult
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.training_sets import TrainingSet
from maskloop.platform.evaluation import ObjectScore
from maskloop.platform.manifests import read_manifest
from maskloop.platform.masks import Rle
from maskloop.platform.states import Split
from maskloop.platform.storage import open_store
from maskloop.platform.training import GatePolicy, GeneralSet, SetRule
from maskloop.services.annotations import Submitted, create
from maskloop.services.evaluation_runs import Evaluator, run_evaluation
from maskloop.services.evaluations import submit_evaluation
from maskloop.services.jobs import JobView
from maskloop.services.model_versions import register_weights
from maskloop.services.projects import list_categories
from maskloop.services.runtime import Runtime
from maskloop.services.training_sets import freeze
from sites.school import RULE, School, square

CHAMPION_IOU = 0.5
HELD_OUT = GatePolicy().images_least
"""Images, of one object each: enough for the gate."""
CheckStop = Callable[[], None]


def nothing(plan: EvaluationPlan, check_stop: CheckStop) -> None:
    pass


@dataclass
class StandInCrew:
    """In the evaluator's place: the IoU of every object is what the test says of the decoder."""

    ious: dict[str, float]
    before: Callable[[EvaluationPlan, CheckStop], None] = nothing
    slowdown: float = 1.0
    plans: list[EvaluationPlan] = field(default_factory=list)
    races: list[tuple[str, str]] = field(default_factory=list)
    """Decoders of champion and challenger."""

    @contextmanager
    def __call__(self, runtime: Runtime) -> Iterator[Evaluator]:
        yield self

    def evaluate(
        self,
        plan: EvaluationPlan,
        *,
        on_progress: Callable[[int, int], None],
        check_stop: CheckStop,
    ) -> list[ObjectScore]:
        self.plans.append(plan)
        self.before(plan, check_stop)
        objects = open_store(plan.objects, s3_endpoint_url=plan.s3_endpoint_url)
        items = read_manifest(objects, plan.manifest_key)
        assert {item.split for item in items} == {Split.HOLDOUT}
        on_progress(0, len(items))
        iou = self.ious[plan.decoder_digest]
        scores = [
            ObjectScore(
                annotation_id=item.annotation_id,
                image_sha256=item.image_sha256,
                category=item.category,
                area=item.rle.area,
                one_click=iou,
                best_of_three=iou,
                box=iou,
                boundary_f=iou,
                milliseconds=8.0,
            )
            for item in items
        ]
        on_progress(len(items), len(items))
        return scores

    def race(
        self, champion: EvaluationPlan, challenger: EvaluationPlan, *, check_stop: CheckStop
    ) -> float:
        self.races.append((champion.decoder_digest, challenger.decoder_digest))
        return self.slowdown


@dataclass
class Contest:
    school: School
    challenger: ModelVersion
    training_set: TrainingSet
    crew: StandInCrew

    @property
    def runtime(self) -> Runtime:
        return self.school.runtime

    @property
    def champion(self) -> ModelVersion:
        """What serves at the beginning."""
        return self.school.parent

    def submit(self, challenger: ModelVersion | None = None, **asked: Any) -> int:
        """With what `submit_evaluation` takes."""
        wanted = {"project_id": self.school.project_id, **asked}
        number = (challenger or self.challenger).id
        return submit_evaluation(self.runtime, challenger_id=number, **wanted)

    def run(self, job_id: int) -> JobView:
        return run_evaluation(self.runtime, job_id, crew=self.crew)

    def result_of(self, job_id: int) -> StoredGateResult | None:
        with self.runtime.engine.connect() as connection:
            job = jobs.by_id(connection, job_id)
            return gate_results.of_job(connection, job.project_id, job_id)

    def judged(self, challenger: ModelVersion | None = None, **asked: Any) -> StoredGateResult:
        """What the gate says of it beside what serves now."""
        job_id = self.submit(challenger, **asked)
        self.run(job_id)
        result = self.result_of(job_id)
        assert result is not None
        return result

    def other_set(self, name: str) -> GeneralSet:
        """Of a project of this name, whose images are all held out."""
        self.school.bench.project = name
        project_id = self.school.bench.make_project(categories=["cat"])
        (cat,) = list_categories(self.runtime, project_id)
        drawn = Submitted(cat.id, Rle.encode(square(10, 12)).counts)
        for number in range(HELD_OUT):
            image = self.school.image(f"/{name}/val/{number}.png", project_id=project_id)
            create(self.runtime, project_id, image.id, drawn, author_id=self.school.ann)
        frozen = freeze(self.runtime, project_id, SetRule(holdout_share=1), by=self.school.ann)
        return GeneralSet(project_id=project_id, training_set_id=frozen.id)

    def another(self, name: str, *, iou: float) -> ModelVersion:
        """A ready version, whose every object has this IoU."""
        folder = WeightsFolder(self.runtime.settings.weights)
        _, tensors = folder.load(self.champion.decoder_digest)
        first = sorted(tensors)[0]
        shift = 0.01 * (len(self.crew.ious) + 1)
        digest = folder.add(DECODER_ARCHITECTURE, tensors | {first: tensors[first] + shift})
        self.crew.ious[digest] = iou
        return register_weights(
            self.runtime, ModelWeights(name, self.champion.encoder_digest, digest)
        )


@pytest.fixture
def contest(school: School) -> Contest:
    """The challenger is better, by 0.1 in everything."""
    for number in range(1, HELD_OUT):  # the school holds one out
        school.annotate(school.image(f"/photos/val/{number}.png"), square(10, 12))
    frozen = freeze(school.runtime, school.project_id, RULE, by=school.ann)
    crew = StandInCrew({school.parent.decoder_digest: CHAMPION_IOU})
    made = Contest(school, school.parent, frozen, crew)
    return replace(made, challenger=made.another("photos-1", iou=CHAMPION_IOU + 0.1))
