"""The learning rate over a training, and where a click is when it is measured."""

import numpy as np
import pytest

from maskloop.actors.training.steps import learning_rate
from maskloop.actors.training.validate import centre
from maskloop.platform.training import Recipe

RECIPE = Recipe(learning_rate=1e-3, warmup_steps=4)


def test_the_rate_rises_linearly_and_falls_along_a_cosine() -> None:
    rates = [learning_rate(RECIPE, step, 24) for step in range(24)]

    assert rates[:5] == pytest.approx([2.5e-4, 5e-4, 7.5e-4, 1e-3, 1e-3])
    assert rates[14] == pytest.approx(5e-4)
    assert 0 < rates[-1] < 1e-5
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_a_short_training_warms_up_for_half_of_it_at_most() -> None:
    assert learning_rate(RECIPE, 1, 4) == 1e-3
    assert learning_rate(RECIPE, 0, 1) == 1e-3


def test_the_click_is_farthest_from_the_boundary_and_the_images_edge_is_one() -> None:
    mask = np.zeros((20, 30), dtype=np.bool_)
    mask[0:9, 0:9] = True

    assert centre(mask) == (4.0, 4.0)
