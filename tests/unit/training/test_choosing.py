"""Which weights are kept."""

import torch

from maskloop.actors.training.choosing import Candidate, between, chosen
from maskloop.actors.training.validate import Figures


def figures(score: float, replay: float | None) -> Figures:
    return Figures(score, score, score, replay)


PARENT = figures(0.70, 1.0)


def test_weights_between_parent_and_trained_ones() -> None:
    parent = {"w": torch.tensor([1.0, 2.0]), "n": torch.tensor(3)}
    trained = {"w": torch.tensor([2.0, 6.0]), "n": torch.tensor(3)}

    found = between(parent, trained, 0.25)

    assert found["w"].tolist() == [1.25, 3.0]
    assert found["n"].item() == 3
    assert between(parent, trained, 1.0) == trained


def test_the_one_that_agrees_best_of_those_that_keep_the_gain() -> None:
    candidates = [
        Candidate(0.25, figures(0.74, 0.99)),  # a gain of 0.04 of 0.10
        Candidate(0.5, figures(0.792, 0.97)),
        Candidate(0.75, figures(0.80, 0.95)),
        Candidate(1.0, figures(0.795, 0.90)),
    ]

    assert chosen(PARENT, candidates).share == 0.5


def test_without_replays_it_is_the_largest_gain() -> None:
    candidates = [Candidate(0.5, figures(0.79, None)), Candidate(1.0, figures(0.795, None))]

    assert chosen(PARENT, candidates).share == 1.0


def test_where_nothing_gains_it_is_the_one_that_loses_least() -> None:
    candidates = [Candidate(0.5, figures(0.69, 0.9)), Candidate(1.0, figures(0.60, 0.99))]

    assert chosen(PARENT, candidates).share == 0.5


def test_without_a_validation_side_the_trained_weights_are_kept() -> None:
    nothing = Figures(replay=0.9)

    candidates = [Candidate(share, nothing) for share in (0.25, 1.0)]

    assert chosen(Figures(), candidates).share == 1.0
