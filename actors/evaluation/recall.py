"""Everything-mode recall: which of an image's objects a mask of it meets."""

from collections.abc import Sequence
from typing import Final

from maskloop.actors.everything import generate
from maskloop.actors.referee import Referee
from maskloop.actors.sam.decoder import Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels
from maskloop.platform.masks import Rle, iou_matrix

MEETS: Final = 0.5
"""IoU from which a mask counts as the object's."""
AS_A_JOB_WOULD: Final = GenerationParameters()
"""Everything-mode's parameters where nobody chose others."""


def hits(objects: Sequence[Rle], masks: Sequence[Rle]) -> list[bool]:
    """For each object whether a mask meets it. Objects that do not overlap never share one."""
    if not masks:
        return [False] * len(objects)
    best = iou_matrix(list(objects), list(masks)).max(axis=1, initial=0.0)
    return [bool(iou >= MEETS) for iou in best]


def everything_hits(
    pixels: Pixels,
    embedding: Embedding,
    objects: Sequence[Rle],
    *,
    encoder: Encoder,
    decoder: Decoder,
    referee: Referee | None,
    parameters: GenerationParameters = AS_A_JOB_WOULD,
) -> list[bool]:
    found = generate(pixels, encoder, decoder, parameters, referee=referee, whole_image=embedding)
    return hits(objects, [mask.rle for mask in found])
