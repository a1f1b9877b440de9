"""What an evaluation measures, and in which form its results travel."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import Field

from maskloop.platform.training import Frozen

PROTOCOL_VERSION: Final = 1
"""Raise it whenever the same masks get other figures."""
SMALL_AREA: Final = 32**2
LARGE_AREA: Final = 96**2
"""COCO's bounds of small, medium and large objects, in pixels of the original image."""


class Size(StrEnum):
    """Of an object, by its area as in COCO."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"

    @classmethod
    def of(cls, area: int) -> "Size":
        if area < SMALL_AREA:
            return cls.SMALL
        return cls.MEDIUM if area < LARGE_AREA else cls.LARGE


class Protocol(Frozen):
    """What is measured, and on how much of the set. Two evaluations compare when theirs are equal.

    one_click      IoU of the mask with the highest predicted IoU of the three that a click at the
                   maximum of the object's distance transform gives
    best_of_three  IoU of the best of the same three
    box            IoU of the single mask that the object's box gives
    boundary_f     F measure of the one_click mask's boundary, within `boundary_tolerance` of the
                   image's diagonal
    clicks_85, _90 clicks until IoU 0.85, 0.90, each at the maximum of the error region's distance
                   transform; `most_clicks` + 1 where it is never reached
    everything_recall  share of an image's objects that a mask of everything-mode meets at IoU 0.5
    """

    version: int = PROTOCOL_VERSION
    most_clicks: int = Field(default=20, ge=1, le=20)
    most_objects: int | None = Field(default=2000, ge=1)
    """Beyond it a fixed choice of them by their masks' digests, the same for every version."""
    most_clicked_objects: int = Field(default=300, ge=0)
    """Of those, how many are clicked to IoU 0.85 and 0.90."""
    everything_images: int = Field(default=8, ge=0)
    """Images for everything_recall, chosen by their sha256."""
    boundary_tolerance: float = Field(default=0.0075, gt=0, lt=0.1)


@dataclass(frozen=True)
class ObjectScore:
    """One object's figures; NaN-free: None where it was not measured."""

    annotation_id: int
    image_sha256: str
    category: str
    area: int
    one_click: float
    best_of_three: float
    box: float
    boundary_f: float
    clicks_85: int | None = None
    clicks_90: int | None = None
    everything_hit: bool | None = None
    """A mask of everything-mode meets it; None on images where that was not run."""
    milliseconds: float = 0.0
    """That one click took to decode, with its image at hand; 0 where it was not timed."""

    @property
    def size(self) -> Size:
        return Size.of(self.area)

    def figure(self, metric: str) -> float | None:
        """By a name of `platform.training.METRICS`."""
        if metric == "everything_recall":
            return None if self.everything_hit is None else float(self.everything_hit)
        value: float | None = getattr(self, metric)
        return value


class Figure(Frozen):
    """A mean with its bootstrap interval over images."""

    mean: float
    low: float
    high: float
    count: int
    """Objects."""


class Summary(Frozen):
    """Of one version on one hold-out; keys are metrics, then `by_category` and `by_size`."""

    overall: dict[str, Figure]
    by_category: dict[str, dict[str, Figure]]
    by_size: dict[str, dict[str, Figure]]
    objects: int
    images: int
    click_milliseconds: float
    """Median."""


class Comparison(Frozen):
    """Challenger minus champion on the same objects; intervals by paired bootstrap over images.

    For clicks_85 and _90 less is better; everywhere else more is.
    """

    overall: dict[str, Figure]
    by_category: dict[str, dict[str, Figure]]
    by_size: dict[str, dict[str, Figure]]
    general: dict[str, Figure] = {}
    """On the general set, where there is one."""
    images: int
    """Of the hold-out."""
    general_images: int = 0
    """Of the general set's hold-out."""
    slowdown: float
    """Median time a click, challenger over champion, when both decoded the same clicks in turn."""
    champion: dict[str, float]
    challenger: dict[str, float]
    """Their means on the hold-out."""


class RuleOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    TOO_FEW = "too_few"
    """Too few objects to judge; counts as passed."""


class GateRule(Frozen):
    """One rule's outcome, with what was measured against which bound."""

    name: str
    """`not_worse:one_click`, `not_worse:category:NAME`, `better:one_click`, `not_forgotten:box`,
    `not_slower`, `enough:images`, `enough:general_images`, `usual:protocol`."""
    outcome: RuleOutcome
    measured: float
    low: float | None = None
    high: float | None = None
    bound: float
    sentence: str
    """For people: what was asked, what came out."""


class GateResult(Frozen):
    passed: bool
    rules: tuple[GateRule, ...]
