"""What a server answers, typed. Fields that a newer server adds are ignored."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from maskloop.platform.masks import Rle


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Project(Answer):
    id: int
    name: str


class ProjectListed(Project):
    """With the numbers of its images and categories, and the roles of whoever asks."""

    images: int
    categories: int
    roles: tuple[str, ...]


class Category(Answer):
    id: int
    name: str


class Image(Answer):
    id: int
    sha256: str
    width: int
    height: int
    source_uri: str


class AddedImage(Answer):
    """What became of one file: `outcome` is added, known or refused, the latter with a reason."""

    name: str
    outcome: str
    image_id: int | None = None
    code: str | None = None
    reason: str | None = None


class Segmentation(Answer):
    """COCO's compressed run lengths; `size` is (height, width)."""

    size: tuple[int, int]
    counts: str

    @property
    def rle(self) -> Rle:
        return Rle(self.size, self.counts.encode("ascii"))


class Mask(Answer):
    """`bbox`: left, top, width, height. `reference` names it in a later question."""

    segmentation: Segmentation
    bbox: tuple[int, int, int, int]
    area: int
    predicted_iou: float
    reference: str


class ServedVersion(Answer):
    number: int
    name: str


class MaskAnswer(Answer):
    """Best predicted IoU first."""

    model_version: ServedVersion
    embedding: str
    masks: tuple[Mask, ...]
    seconds: dict[str, float]


class Annotation(Answer):
    """`revision` is what a change has to name."""

    id: int
    revision: int
    image_id: int
    category_id: int
    segmentation: Segmentation
    bbox: tuple[int, int, int, int]
    area: int


class Proposal(Answer):
    id: int
    image_id: int
    state: str
    segmentation: Segmentation
    bbox: tuple[int, int, int, int]
    area: int
    predicted_iou: float
    stability_score: float


class Queue(Answer):
    """`left`: what waits for an answer, whoever has it; `mine`: cards of it that one holds."""

    id: int
    name: str
    subject: str
    rule: dict[str, Any]
    ordering: str
    priority: int
    fold: int
    people: tuple[str, ...]
    closed_at: datetime | None
    left: int
    mine: int


class Reason(Answer):
    """`text` says it to people; `value`: the figure behind it, where there is one."""

    reason: str
    text: str
    value: float | None = None


class Vote(Answer):
    """`segmentation` None: the mask as it was proposed."""

    verdict: str
    category_id: int | None
    segmentation: Segmentation | None
    reason: str | None


class Card(Answer):
    """`token` guards the answer; `why` it is worth a look. It does not say whether it shows a
    proposal, an annotation or a check. `votes`: in a queue of disputes, else empty."""

    id: int
    token: str
    seconds: float
    queue_id: int
    image: Image
    segmentation: Segmentation
    bbox: tuple[int, int, int, int]
    area: int
    category_id: int | None
    predicted_iou: float | None
    model_version: int | None
    why: tuple[Reason, ...]
    votes: tuple[Vote, ...] = ()


class Hand(Answer):
    """`left`: what waits for an answer, whoever has it."""

    cards: tuple[Card, ...]
    left: int


class Feedback(Answer):
    """How one did; `truth` and `category_id` are what was right."""

    passed: bool
    iou: float | None
    boundary_f: float | None
    text: str
    truth: Segmentation
    category_id: int


class Answered(Answer):
    """`feedback`: of a check, in a queue that gives it."""

    verdict: str
    feedback: Feedback | None = None


class LostCard(Answer):
    """`holder`: who has what it shows now, or "nobody"."""

    id: int
    holder: str


class Renewal(Answer):
    """`seconds` are left of those that are not lost."""

    lost: tuple[LostCard, ...]
    seconds: float


class Job(Answer):
    id: int
    kind: str
    state: str
    error: str | None = None
    error_code: str | None = None
    priority: int = 0
    forecast: dict[str, Any] | None = None
    budget: dict[str, float] = {}
    counts: dict[str, int] = {}
    created_at: datetime | None = None

    @property
    def is_paused_by_itself(self) -> bool:
        return self.state == "paused" and self.error_code is not None

    @property
    def images(self) -> int:
        """Of the job."""
        return sum(
            count for state, count in self.counts.items() if state not in ("masks", "put_off")
        )

    @property
    def settled(self) -> int:
        """Images that nothing more is done with."""
        return sum(self.counts.get(state, 0) for state in ("done", "failed", "quarantined"))

    @property
    def has_ended(self) -> bool:
        return self.state in ("succeeded", "failed", "cancelled")


class TrainingVersion(Answer):
    number: int
    name: str
    state: str


class TrainingPoint(Answer):
    """`figures`: of one step, and where it was validated of that."""

    step: int
    steps: int
    figures: dict[str, float]


class Training(Answer):
    """`model_version` is the one that is made; `steps` are planned in all."""

    job_id: int
    state: str
    model_version: TrainingVersion
    reason: str
    because: str
    outcome: dict[str, Any] | None = None
    error: str | None = None
    last_point: TrainingPoint | None = None
    steps: int | None = None

    @property
    def has_ended(self) -> bool:
        return self.state in ("succeeded", "failed", "cancelled")


class ModelVersion(Answer):
    number: int
    name: str
    state: str
    serving: bool = False
    metrics: dict[str, Any] = {}
