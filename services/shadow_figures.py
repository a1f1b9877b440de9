"""What the samples of a shadow say: how much two versions agree, and which one was nearer to what
people saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Final

from maskloop.platform.db.shadows import Chain, Sample
from maskloop.platform.intervals import Interval, mean_of, share_of
from maskloop.platform.masks import Rle, iou_matrix
from maskloop.platform.sent_prompts import digest_of

TIE: Final = 0.01
"""A difference of IoU up to this decides nothing."""
_ROUNDING: Final = 1e-9


class Outcome(Enum):
    """For the challenger."""

    WIN = "win"
    LOSS = "loss"
    TIE = "tie"


@dataclass(frozen=True)
class ShadowFigures:
    """`samples`: all there are, of which the newest give the other figures. `judged`: those whose
    object was saved; `untouched`: of them, where the champion's mask was saved as it was, which the
    challenger cannot win. `win_rate` is of those that decide."""

    samples: int = 0
    judged: int = 0
    untouched: int = 0
    wins: int = 0
    losses: int = 0
    ties: int = 0
    agreement: Interval | None = None
    win_rate: Interval | None = None
    seconds: float | None = None
    """Of the challenger's decoding, the median."""


def overlap(ours: Rle, theirs: Rle) -> float:
    """Intersection over union; two equal masks have 1, empty ones too."""
    if ours.counts == theirs.counts:
        return 1.0
    return float(iou_matrix([ours], [theirs])[0, 0])


def matches(samples: Sequence[Sample], chains: Sequence[Chain]) -> dict[int, int]:
    """Annotation by sample: of the person who asked, on that image, by the last prompt of a
    revision. One sample for each annotation's prompt, the newest where it was asked again; one
    annotation for each sample, the newest too. `samples`: newest first, `chains`: oldest first."""
    newest: dict[tuple[int, int, int, bytes], int] = {}
    for sample in samples:
        key = (sample.project_id, sample.image_id, sample.user_id, sample.prompt_digest)
        newest.setdefault(key, sample.id)
    found: dict[int, int] = {}
    for chain in chains:
        key = (chain.project_id, chain.image_id, chain.author_id, digest_of(chain.last_prompt))
        if key in newest:
            found[newest[key]] = chain.annotation_id
    return found


def outcome_of(sample: Sample, saved: Rle) -> Outcome:
    ahead = overlap(sample.challenger, saved) - overlap(sample.champion, saved)
    if abs(ahead) <= TIE + _ROUNDING:
        return Outcome.TIE
    return Outcome.WIN if ahead > 0 else Outcome.LOSS


def figures_of(count: int, samples: Sequence[Sample], saved: Mapping[int, Rle]) -> ShadowFigures:
    """`count`: how many samples there are in all; `saved`: masks by the sample that they judge."""
    if not samples:
        return ShadowFigures(samples=count)
    judged = [sample for sample in samples if sample.id in saved]
    outcomes = [outcome_of(sample, saved[sample.id]) for sample in judged]
    wins, losses = outcomes.count(Outcome.WIN), outcomes.count(Outcome.LOSS)
    return ShadowFigures(
        samples=count,
        judged=len(judged),
        untouched=sum(sample.champion.counts == saved[sample.id].counts for sample in judged),
        wins=wins,
        losses=losses,
        ties=outcomes.count(Outcome.TIE),
        agreement=mean_of(
            [sample.agreement for sample in samples], [sample.image_id for sample in samples]
        ),
        win_rate=share_of(wins, wins + losses),
        seconds=median(sample.seconds for sample in samples),
    )
