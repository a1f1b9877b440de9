"""Cards of a report: a photograph with its masks, made from what the object store holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from statistics import fmean

from maskloop.platform import sa1b
from maskloop.platform.db.images import object_key
from maskloop.platform.db.job_ledger import LedgerRow
from maskloop.platform.errors import MaskloopError
from maskloop.platform.images import Limits, read_image
from maskloop.services.report_drawing import DrawnMask, draw_masks, draw_photograph
from maskloop.services.runtime import Runtime


@dataclass(frozen=True)
class Card:
    """An image that is done. `problem` says why there is no `picture`, when there is none."""

    position: int
    source_uri: str
    width: int
    height: int
    scores: tuple[float, ...] = ()
    picture: str = ""
    view_wh: tuple[int, int] = (1, 1)
    drawn: tuple[DrawnMask, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        return PurePosixPath(self.source_uri).name or self.source_uri

    @property
    def mean_score(self) -> float:
        return fmean(self.scores) if self.scores else 0.0

    @property
    def best_score(self) -> float:
        return max(self.scores, default=0.0)

    @property
    def rounded_scores(self) -> list[float]:
        return [round(score, 4) for score in self.scores]

    @property
    def left_out(self) -> int:
        """Masks that are counted but too many to be drawn."""
        return len(self.scores) - len(self.drawn)

    @property
    def data(self) -> dict[str, object]:
        """What the page's script draws from."""
        masks = [[one.path, one.colour, one.score, one.share] for one in self.drawn]
        return {"view": self.view_wh, "masks": masks}


def make_cards(runtime: Runtime, rows: Sequence[LedgerRow]) -> Iterator[Card]:
    """One at a time, so that only one photograph is in memory."""
    for position, row in enumerate(rows):
        plain = Card(position, row.source_uri, row.width, row.height)
        try:
            yield _filled(plain, runtime, row)
        except MaskloopError as error:
            yield replace(plain, problem=str(error))


def _filled(plain: Card, runtime: Runtime, row: LedgerRow) -> Card:
    if row.result_key is None:
        raise AssertionError(f"image {row.image_id} is not done")
    masks = sa1b.masks_of(sa1b.unpack(runtime.objects.get(row.result_key), row.result_key))
    data = runtime.objects.get(object_key(row.sha256))
    pixels, _ = read_image(data, row.source_uri, Limits(runtime.settings.max_image_pixels))
    photograph = draw_photograph(pixels)
    return replace(
        plain,
        scores=tuple(mask.predicted_iou for mask in masks),
        picture=photograph.data_uri,
        view_wh=photograph.view_wh,
        drawn=tuple(draw_masks(masks)),
    )
