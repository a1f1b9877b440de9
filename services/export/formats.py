"""The formats there are. Stands alone, so that the command line can name them without the rest."""

from enum import StrEnum


class ExportFormat(StrEnum):
    COCO = "coco"
    """One file of COCO instances with compressed RLE."""
    SA1B = "sa1b"
    """One JSON document per image, as in the SA-1B data set."""
