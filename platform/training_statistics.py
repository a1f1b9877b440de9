"""What a training set holds, in figures that people read; they travel and are kept as JSON."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from maskloop.platform.evaluation import Size
from maskloop.platform.states import NeverTrained, Split
from maskloop.platform.training import Frozen, Origin

MOST_LEAKS: Final = 200
"""That are listed; all are counted."""


class Content(Frozen):
    annotations: int = 0
    images: int = 0


class Splits(Frozen):
    train: Content = Content()
    validation: Content = Content()
    holdout: Content = Content()


class SplitCounts(Frozen):
    """Annotations."""

    train: int = 0
    validation: int = 0
    holdout: int = 0


class Excluded(Frozen):
    """Annotations that the rule chooses and the set leaves out."""

    gold: int = 0
    """On images that are not held out."""
    planted: int = 0
    leaked: int = 0
    """On images that show the same picture as one on another side."""


class Areas(Frozen):
    """Annotations by their pixels: below 32², below 96², and larger."""

    small: int = 0
    medium: int = 0
    large: int = 0


class Leak(Frozen):
    """An image that was left out, because its twin on another side shows the same picture."""

    image_id: int
    source: str
    split: Split
    """On which side it would stand."""
    twin_image_id: int
    twin_source: str
    twin_split: Split
    distance: float
    """1 - correlation of the two, shrunk to 16 by 16 grey values."""


class Span(Frozen):
    """When the oldest and the newest revision of the set were made."""

    since: datetime | None = None
    until: datetime | None = None


class Statistics(Frozen):
    annotations: int
    images: int
    splits: Splits
    categories: dict[str, SplitCounts]
    origins: dict[Origin, int]
    excluded: Excluded
    area: Areas
    leaks: tuple[Leak, ...]
    """The first `MOST_LEAKS`, by image."""
    leaked_images: int
    span: Span


class Measured(Protocol):
    """What is counted of an item."""

    @property
    def image_id(self) -> int: ...
    @property
    def category(self) -> str: ...
    @property
    def origin(self) -> Origin: ...
    @property
    def area(self) -> int: ...
    @property
    def split(self) -> Split: ...
    @property
    def made_at(self) -> datetime: ...


@dataclass(frozen=True)
class LeftOut:
    """What the rule chose and the set does not hold."""

    never_trained: Counter[NeverTrained]
    leaked: int
    leaks: Sequence[Leak]


def statistics_of(items: Sequence[Measured], left_out: LeftOut) -> Statistics:
    never = left_out.never_trained
    made = [item.made_at for item in items]
    return Statistics(
        annotations=len(items),
        images=len({item.image_id for item in items}),
        splits=Splits(**{split.value: _content(items, split) for split in Split}),
        categories=_categories(items),
        origins={origin: sum(item.origin is origin for item in items) for origin in Origin},
        excluded=Excluded(
            gold=never[NeverTrained.GOLD],
            planted=never[NeverTrained.PLANTED],
            leaked=left_out.leaked,
        ),
        area=_areas(item.area for item in items),
        leaks=tuple(left_out.leaks[:MOST_LEAKS]),
        leaked_images=len(left_out.leaks),
        span=Span(since=min(made, default=None), until=max(made, default=None)),
    )


def _content(items: Iterable[Measured], split: Split) -> Content:
    images = [item.image_id for item in items if item.split is split]
    return Content(annotations=len(images), images=len(set(images)))


def _categories(items: Iterable[Measured]) -> dict[str, SplitCounts]:
    counted: dict[str, Counter[Split]] = {}
    for item in items:
        counted.setdefault(item.category, Counter())[item.split] += 1
    return {name: _split_counts(counted[name]) for name in sorted(counted)}


def _split_counts(counted: Counter[Split]) -> SplitCounts:
    return SplitCounts(**{split.value: counted[split] for split in Split})


def _areas(areas: Iterable[int]) -> Areas:
    found = Counter(Size.of(area).value for area in areas)
    return Areas(**found)
