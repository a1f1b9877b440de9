"""Prompts are checked against the image before they reach a model."""

import numpy as np
import pytest

from maskloop.platform.errors import BadPromptError
from maskloop.platform.prompts import Prompts

SIZE_HW = (40, 60)
LOGITS = np.zeros((256, 256), dtype=np.float32)


@pytest.mark.parametrize(
    "prompts",
    [
        Prompts(points_xy=((30, 20),), labels=(1,)),
        Prompts(points_xy=((0, 0), (60, 40)), labels=(1, 0)),
        Prompts(box_xyxy=(0, 0, 60, 40)),
        Prompts(mask_logits=LOGITS),
        Prompts(((1.5, 2.5),), (0,), (1, 1, 2, 2), LOGITS),
    ],
)
def test_prompts_inside_the_image_its_edges_included_are_good(prompts: Prompts) -> None:
    prompts.check(SIZE_HW)


@pytest.mark.parametrize(
    ("prompts", "reason"),
    [
        (Prompts(), "give at least one point, a box or a mask"),
        (Prompts(points_xy=((1, 1),)), "1 points but 0 labels"),
        (Prompts(points_xy=((1, 1),), labels=(1, 0)), "1 points but 2 labels"),
        (
            Prompts(points_xy=((1, 1),), labels=(2,)),
            "a point's label is 1 (positive) or 0 (negative)",
        ),
        (
            Prompts(points_xy=((60.5, 1),), labels=(1,)),
            "the point (60.5, 1) lies outside the image, which is 60 wide and 40 high",
        ),
        (
            Prompts(points_xy=((1, 1), (1, -1)), labels=(1, 1)),
            "the point (1, -1) lies outside the image, which is 60 wide and 40 high",
        ),
        (
            Prompts(points_xy=((45, 50),), labels=(1,)),
            "the point (45, 50) lies outside the image, which is 60 wide and 40 high",
        ),
        (
            Prompts(points_xy=((float("nan"), 1),), labels=(1,)),
            "the point (nan, 1) lies outside the image, which is 60 wide and 40 high",
        ),
        (
            Prompts(points_xy=((1, float("inf")),), labels=(1,)),
            "the point (1, inf) lies outside the image, which is 60 wide and 40 high",
        ),
        (
            Prompts(box_xyxy=(0, 0, 61, 40)),
            "the box corner (61, 40) lies outside the image, which is 60 wide and 40 high",
        ),
        (
            Prompts(box_xyxy=(-1, 0, 5, 5)),
            "the box corner (-1, 0) lies outside the image, which is 60 wide and 40 high",
        ),
        (
            Prompts(box_xyxy=(5, 5, 5, 9)),
            "the box (5, 5, 5, 9) has no area; give x1, y1, x2, y2 with x1 < x2 and y1 < y2",
        ),
        (
            Prompts(box_xyxy=(9, 9, 5, 5)),
            "the box (9, 9, 5, 5) has no area; give x1, y1, x2, y2 with x1 < x2 and y1 < y2",
        ),
        (
            Prompts(mask_logits=np.zeros((1, 256, 256), dtype=np.float32)),
            "a mask prompt is 256 by 256 logits, not (1, 256, 256)",
        ),
        (
            Prompts(mask_logits=np.where(np.eye(256) > 0, np.nan, LOGITS).astype(np.float32)),
            "the mask prompt holds values that are not numbers",
        ),
    ],
)
def test_prompts_that_make_no_sense_are_refused_with_the_reason(
    prompts: Prompts, reason: str
) -> None:
    with pytest.raises(BadPromptError) as caught:
        prompts.check(SIZE_HW)
    assert caught.value.fields == {"reason": reason}
