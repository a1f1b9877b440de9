"""Images of several threads, encoded together."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from maskloop.actors.gathering import Gathering
from maskloop.actors.sam.embedding import Embedding
from maskloop.platform.images import Pixels


def picture(number: int) -> Pixels:
    return np.full((2, 3, 3), number, dtype=np.uint8)


class Encoder:
    """Remembers which images it got together; an embedding is the image's number."""

    def __init__(self, *, bad: int | None = None) -> None:
        self.passes: list[list[int]] = []
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Event()
        self._bad = bad

    def encode_together(self, images: list[Pixels]) -> list[Embedding]:
        numbers = [int(image[0, 0, 0]) for image in images]
        self.passes.append(numbers)
        self.entered.release()
        assert self.go_on.wait(60)
        if self._bad in numbers:
            raise ValueError(f"image {self._bad} is bad")
        return [Embedding(torch.tensor([number]), (2, 3), (2, 3), "e") for number in numbers]


def number_of(embedding: Embedding) -> int:
    return int(embedding.features[0])


def test_a_single_image_waits_for_no_company() -> None:
    encoder = Encoder()
    encoder.go_on.set()

    embedding = Gathering(encoder, most=8).encode(picture(5))

    assert number_of(embedding) == 5
    assert encoder.passes == [[5]]


def test_what_waits_for_the_encoder_goes_together_and_no_more_than_is_allowed() -> None:
    encoder = Encoder()
    gathering = Gathering(encoder, most=3)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(gathering.encode, picture(0))
        assert encoder.entered.acquire(timeout=60)
        others = [threads.submit(gathering.encode, picture(number)) for number in range(1, 6)]
        while len(gathering._waiting) < 5:
            threading.Event().wait(0.001)
        encoder.go_on.set()

        found = [number_of(one.result(60)) for one in [first, *others]]

    assert found == list(range(6))
    assert [len(one) for one in encoder.passes] == [1, 3, 2]


def test_a_bad_image_fails_alone_and_its_company_is_encoded() -> None:
    encoder = Encoder(bad=2)
    gathering = Gathering(encoder, most=8)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(gathering.encode, picture(0))
        assert encoder.entered.acquire(timeout=60)
        others = [threads.submit(gathering.encode, picture(number)) for number in (1, 2, 3)]
        while len(gathering._waiting) < 3:
            threading.Event().wait(0.001)
        encoder.go_on.set()

        assert number_of(first.result(60)) == 0
        assert number_of(others[0].result(60)) == 1
        assert number_of(others[2].result(60)) == 3
        with pytest.raises(ValueError, match="image 2 is bad"):
            others[1].result(60)
