"""What the encoder makes of an image, with all that a decoder needs to place masks on it."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Embedding:
    """`features`: (256, 64, 64), best with the channels of a position side by side in memory, which
    is how a decoder reads them. `size_hw`: the original image, `resized_hw`: its part of the
    1024² input, the rest being padding. `encoder_digest`: which encoder made it.
    """

    features: Tensor
    size_hw: tuple[int, int]
    resized_hw: tuple[int, int]
    encoder_digest: str
