"""What a queue hands out: a rule over proposals, annotations or images, kept as JSON in the queue's
row."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from maskloop.platform.errors import BadParametersError
from maskloop.platform.states import QueueOrder, QueueSubject

_SomeId = Annotated[int, Field(ge=1, le=2**63 - 1)]
_Score = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]


class Rule(BaseModel):
    """What is unset lets everything through. What it says of proposals, an image fits by one that
    waits on it and has all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    states: tuple[Literal["pending"]] = Field(
        default=("pending",), description="Of proposals; only these can be answered"
    )
    image: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        pattern=r"^[^\x00]*$",
        description="Text that the image's source URI holds",
    )
    category_ids: tuple[_SomeId, ...] = Field(
        default=(),
        max_length=1000,
        description="Of annotations, or of one on the image; none: any",
    )
    job_id: _SomeId | None = Field(default=None, description="That made the proposal")
    model_version_id: _SomeId | None = Field(default=None, description="That drew the mask")
    predicted_iou_least: _Score | None = None
    predicted_iou_most: _Score | None = None
    sample: float = Field(
        default=1.0, gt=0, le=1, description="A share of them, always the same ones"
    )

    adjudicate: bool = Field(
        default=False,
        description="Only proposals whose votes disagree; each is decided by one person",
    )

    @property
    def is_about_proposals(self) -> bool:
        """Whether an image without one that waits fits at no time."""
        wanted = (self.job_id, self.model_version_id)
        scores = (self.predicted_iou_least, self.predicted_iou_most)
        return any(one is not None for one in (*wanted, *scores))

    def check(self, subject: QueueSubject) -> None:
        """Raises `BadParametersError`."""
        if self.category_ids and subject is QueueSubject.PROPOSALS:
            reason = "proposals have none; it is for queues of annotations"
            raise BadParametersError("category_ids", str(list(self.category_ids)), reason)
        if self.adjudicate and subject is not QueueSubject.PROPOSALS:
            reason = "several people are asked of proposals only"
            raise BadParametersError("adjudicate", True, reason)
        least, most = self.predicted_iou_least, self.predicted_iou_most
        if least is not None and most is not None and least > most:
            raise BadParametersError("predicted_iou_least", least, f"it is above most, {most}")


def usual_ordering(subject: QueueSubject) -> QueueOrder:
    """Where nothing is said of it."""
    return QueueOrder.OLDEST if subject is QueueSubject.IMAGES else QueueOrder.DOUBT
