"""The mask decoder: an embedding and prompts to masks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.mask_decoder import PromptedDecoder
from maskloop.actors.sam.transforms import to_input_xy
from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.platform.prompts import MASK_SIDE, POSITIVE, Prompts

_CPU_GROUP = 2
"""Prompts decoded at a time on a CPU: the image side of more of them does not fit its cache."""


@dataclass(frozen=True, eq=False)
class DecodedMasks:
    """`low_res_logits`: (B, M, 256, 256), `predicted_iou`: (B, M). A decoder gives M = 4: token 0,
    made for several prompts, then tokens 1 to 3, the readings of a single one.
    """

    low_res_logits: Tensor
    predicted_iou: Tensor

    @property
    def multimask(self) -> "DecodedMasks":
        """Tokens 1 to 3, M = 3."""
        return DecodedMasks(self.low_res_logits[:, 1:], self.predicted_iou[:, 1:])

    def single(self, prompts: Prompts) -> "DecodedMasks":
        """The one mask that the official ONNX export returns for these prompts, M = 1.

        Token 0 when there is more than one prompt, else the best of tokens 1 to 3; a box counts as
        two points, and where there is none a padding point counts as one.
        """
        point_count = len(prompts.points_xy) + (1 if prompts.box_xyxy is None else 2)
        scores = self.predicted_iou.clone()
        scores[:, 0] += (point_count - 2.5) * 1000
        best = scores.argmax(dim=1)
        rows = torch.arange(len(best), device=best.device)
        return DecodedMasks(
            self.low_res_logits[rows, best][:, None], self.predicted_iou[rows, best][:, None]
        )


class Decoder:
    """`network` with the weights that `digest` stands for; moved to `device`."""

    def __init__(self, network: PromptedDecoder, *, digest: str, device: str) -> None:
        self.digest = digest
        self._device = torch.device(device)
        self._network = network.eval().to(self._device)
        with torch.inference_mode():
            self._positions = self._network.positions()

    def decode(self, embedding: Embedding, prompts: Prompts) -> DecodedMasks:
        """All four masks of one object (B = 1). Raises `BadPromptError`."""
        prompts.check(embedding.size_hw)
        points = labels = boxes = masks = None
        if prompts.points_xy:
            points = self._input_xy(embedding, prompts.points_xy)[None]
            labels = torch.tensor([prompts.labels], device=self._device)
        if prompts.box_xyxy is not None:
            corners = np.reshape(prompts.box_xyxy, (2, 2))
            boxes = self._input_xy(embedding, corners).reshape(1, 4)
        if prompts.mask_logits is not None:
            masks = torch.tensor(prompts.mask_logits, device=self._device)[None, None]
        with torch.inference_mode():
            sparse, dense = self._network.embed_prompts(points, labels, boxes=boxes, masks=masks)
            return self._decode(embedding, sparse, dense)

    def decode_points(
        self, embedding: Embedding, points_xy: npt.NDArray[np.floating]
    ) -> DecodedMasks:
        """All four masks for each of B positive points, (B, 2) in pixels of the original image.

        Each point is a prompt of its own. That they lie on the image is the caller's business.
        """
        points = self._input_xy(embedding, points_xy)[:, None]
        if not len(points):
            return DecodedMasks(
                torch.empty(0, 4, MASK_SIDE, MASK_SIDE, device=self._device),
                torch.empty(0, 4, device=self._device),
            )
        labels = torch.full((len(points), 1), POSITIVE, device=self._device)
        with torch.inference_mode():
            sparse, dense = self._network.embed_prompts(points, labels)
            return self._decode(embedding, sparse, dense)

    def _input_xy(self, embedding: Embedding, points_xy: npt.ArrayLike) -> Tensor:
        mapped = to_input_xy(points_xy, embedding.size_hw, embedding.resized_hw)
        return torch.from_numpy(mapped).to(self._device)

    def _decode(self, embedding: Embedding, sparse: Tensor | None, dense: Tensor) -> DecodedMasks:
        """`sparse`: (B, 1, N, 256), or None for a mask prompt alone; `dense`: (1, 256, 64, 64)."""
        image = embedding.features.to(self._device)[None]
        groups: Sequence[Tensor | None] = [sparse]
        if sparse is not None and self._device.type == "cpu":
            starts = range(0, len(sparse), _CPU_GROUP)
            groups = [sparse[start : start + _CPU_GROUP] for start in starts]
        decoded = [self._network(image, self._positions, part, dense) for part in groups]
        return DecodedMasks(*(torch.cat(parts) for parts in zip(*decoded, strict=True)))


def load_decoder(folder: WeightsFolder, digest: str, device: str) -> Decoder:
    """Raises `WeightsMissingError` or `WeightsCorruptError`."""
    network = load_module(folder, digest, architecture=DECODER_ARCHITECTURE, build=PromptedDecoder)
    return Decoder(network, digest=digest, device=device)
