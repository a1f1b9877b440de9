"""Drift: whether people change what a version proposes more than they did, or accept less of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from maskloop.platform.masks import Rle, iou_matrix
from maskloop.platform.states import Verdict
from maskloop.platform.training import Triggers


@dataclass(frozen=True)
class Judged:
    """A reviewed proposal; `kept` is the mask that the reviewer kept, None where it was none."""

    verdict: Verdict
    proposed: Rle
    kept: Rle | None

    @property
    def edit_distance(self) -> float | None:
        """1 - IoU of proposed and kept; None of a rejected one."""
        if self.kept is None:
            return None
        if self.kept == self.proposed:
            return 0.0
        return 1.0 - float(iou_matrix([self.proposed], [self.kept])[0, 0])


@dataclass(frozen=True)
class Window:
    """A stretch of reviews in the order in which they were made."""

    edit_distance: float | None
    """Mean, of those that were kept; None where none was."""
    acceptance: float
    """Share that was accepted as proposed."""

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> "Window":
        """Of one review at least."""
        distances = [found for one in judged if (found := one.edit_distance) is not None]
        accepted = sum(one.verdict is Verdict.ACCEPTED for one in judged)
        mean = sum(distances) / len(distances) if distances else None
        return cls(mean, accepted / len(judged))


@dataclass(frozen=True)
class Drift:
    """`before`: the version's first reviews, once there is a window of them; `now`: the newest
    ones, once they are others."""

    reviews: int = 0
    before: Window | None = None
    now: Window | None = None

    def told(self, triggers: Triggers) -> str | None:
        """What rose or fell too far, in words; None when nothing did."""
        if self.before is None or self.now is None:
            return None
        found = []
        before, now = self.before, self.now
        if (
            before.edit_distance is not None
            and now.edit_distance is not None
            and now.edit_distance - before.edit_distance >= triggers.edit_distance_rise
        ):
            found.append(
                f"the edit distance of kept proposals rose from {before.edit_distance:.3f} to "
                f"{now.edit_distance:.3f}"
            )
        if before.acceptance - now.acceptance >= triggers.acceptance_fall:
            found.append(
                f"the share of proposals accepted as they are fell from {before.acceptance:.0%} "
                f"to {now.acceptance:.0%}"
            )
        if not found:
            return None
        return f"{' and '.join(found)}, over {triggers.window} reviews each"
