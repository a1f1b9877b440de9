"""A mask under a category, as requests say it."""

from collections.abc import Sequence
from typing import Any

from maskloop.platform.masks import Rle


def drawing(
    category_id: int,
    mask: Rle,
    prompts: Sequence[dict[str, Any]],
    model_version: int | None,
    seconds: float | None,
) -> dict[str, Any]:
    return {
        "category_id": category_id,
        "segmentation": {"size": list(mask.size_hw), "counts": mask.counts.decode("ascii")},
        "prompts": list(prompts),
        "model_version": model_version,
        "seconds": seconds,
    }
