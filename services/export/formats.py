"""What can be asked of an export. Stands alone, so that the command line can name it without the
rest."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from maskloop.platform.states import ProposalState

WAITING_OR_ACCEPTED = (ProposalState.PENDING, ProposalState.ACCEPTED)


class ExportFormat(StrEnum):
    COCO = "coco"
    """One file of COCO instances with compressed RLE."""
    SA1B = "sa1b"
    """One JSON document per image, as in the SA-1B data set."""


class ExportSource(StrEnum):
    """Whose masks."""

    PROPOSALS = "proposals"
    """What models proposed, in the wanted states."""
    ANNOTATIONS = "annotations"
    """What people stand behind, as it is now."""
    BOTH = "both"
    """Annotations, and of the proposals those that no annotation has come of, so nothing twice."""


@dataclass(frozen=True)
class ExportParameters:
    format: ExportFormat
    source: ExportSource = ExportSource.BOTH
    states: tuple[ProposalState, ...] = WAITING_OR_ACCEPTED
    """Of proposals."""
    with_pictures: bool = False

    def to_json(self) -> dict[str, int | float | str]:
        return {
            "format": self.format,
            "source": self.source,
            "states": ",".join(self.states),
            "with_pictures": self.with_pictures,
        }

    @classmethod
    def from_json(cls, values: dict[str, int | float | str]) -> Self:
        """What `to_json` gave."""
        states = str(values["states"])
        return cls(
            format=ExportFormat(str(values["format"])),
            source=ExportSource(str(values["source"])),
            states=tuple(map(ProposalState, states.split(","))) if states else (),
            with_pictures=bool(values["with_pictures"]),
        )
