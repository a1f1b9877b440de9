"""Errors of gold and planted errors."""

from maskloop.platform.errors.base import MaskloopError


class NothingToPlantError(MaskloopError):
    """`reason` says what to do next."""

    code = "nothing_to_plant"
    sentence = "No error can be planted in project {project}: {reason}."

    def __init__(self, project: str, reason: str) -> None:
        super().__init__(project, reason)
