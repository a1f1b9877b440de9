"""The mask decoder: an embedding and prompts to masks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder_engines import DecoderEngine, OpenVinoEngine, PyTorchEngine
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.folded_decoder import MOST_TOKENS, OUTPUT_TOKENS, FoldedDecoder
from maskloop.actors.sam.transforms import to_input_xy
from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.platform.prompts import POSITIVE, Prompts

if TYPE_CHECKING:
    from maskloop.actors.sam.mask_decoder import PromptedDecoder


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
        """The one mask that the official ONNX export returns for these prompts, M = 1."""
        best = self.single_token(prompts)
        rows = torch.arange(len(best), device=best.device)
        return DecodedMasks(
            self.low_res_logits[rows, best][:, None], self.predicted_iou[rows, best][:, None]
        )

    def single_token(self, prompts: Prompts) -> Tensor:
        """Which token that mask is of, (B,).

        Token 0 when there is more than one prompt, else the best of tokens 1 to 3; a box counts as
        two points, and where there is none a padding point counts as one.
        """
        point_count = len(prompts.points_xy) + (1 if prompts.box_xyxy is None else 2)
        scores = self.predicted_iou.clone()
        scores[:, 0] += (point_count - 2.5) * 1000
        return scores.argmax(dim=1)


class Decoder:
    """`network` with the weights that `digest` stands for; `engine` computes it."""

    def __init__(
        self,
        network: FoldedDecoder,
        *,
        digest: str,
        device: str,
        engine: DecoderEngine,
        plain: Callable[[], "PromptedDecoder"],
    ) -> None:
        self.digest = digest
        self._device = torch.device(device)
        self._prompts = network.prompt_encoder
        self._engine = engine
        self._load_plain = plain
        self._sides: WeakKeyDictionary[Embedding, Any] = WeakKeyDictionary()

    def decode(self, embedding: Embedding, prompts: Prompts) -> DecodedMasks:
        """All four masks of one object (B = 1, M = 4). Raises `BadPromptError`."""
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
            sparse = self._prompts.sparse(points, labels, boxes)
            dense = self._prompts.dense(masks)
        if sparse is None or OUTPUT_TOKENS + sparse.shape[1] > MOST_TOKENS:
            return self._decode_plainly(embedding, sparse, dense)
        side = self._side(embedding) if masks is None else self._project(embedding, dense)
        return DecodedMasks(*self._engine.decode(side, sparse))

    def decode_points(
        self, embedding: Embedding, points_xy: npt.NDArray[np.floating], *, at_most: int = 64
    ) -> Iterator[DecodedMasks]:
        """Three masks (M = 3) for each of B positive points, (B, 2) in pixels of the original.

        Each point is a prompt of its own. The masks come in groups of a few points, in the order
        of the points, while further groups are being decoded; whoever wants no more may stop.
        `at_most` bounds a group on a GPU, whose memory it costs. That the points lie on the image
        is the caller's business.
        """
        points = self._input_xy(embedding, points_xy)[:, None]
        labels = torch.full((len(points), 1), POSITIVE, device=self._device)
        with torch.inference_mode():
            sparse = self._prompts.sparse(points, labels, None)
        yield from self._decode_groups(embedding, sparse, at_most)

    def decode_boxes(
        self, embedding: Embedding, boxes_xyxy: npt.NDArray[np.floating], *, at_most: int = 64
    ) -> Iterator[DecodedMasks]:
        """The same for each of B boxes, (B, 4) in pixels of the original."""
        corners = self._input_xy(embedding, boxes_xyxy.reshape(-1, 2)).reshape(-1, 4)
        with torch.inference_mode():
            sparse = self._prompts.sparse(None, None, corners)
        yield from self._decode_groups(embedding, sparse, at_most)

    def _decode_groups(
        self, embedding: Embedding, sparse: Tensor | None, at_most: int
    ) -> Iterator[DecodedMasks]:
        if sparse is not None and len(sparse):
            for decoded in self._engine.decode_groups(self._side(embedding), sparse, at_most):
                yield DecodedMasks(*decoded).multimask

    def _input_xy(self, embedding: Embedding, points_xy: npt.ArrayLike) -> Tensor:
        mapped = to_input_xy(points_xy, embedding.size_hw, embedding.resized_hw)
        return torch.from_numpy(mapped).to(self._device)

    def project(self, embedding: Embedding) -> None:
        """Do now what the first prompt on this embedding would have to wait for."""
        self._side(embedding)

    def _side(self, embedding: Embedding) -> Any:
        """Made with the first prompt of an embedding, kept as long as the embedding is."""
        side = self._sides.get(embedding)
        if side is None:
            side = self._project(embedding, self._prompts.dense(None))
            self._sides[embedding] = side
        return side

    def _project(self, embedding: Embedding, dense: Tensor) -> Any:
        features = embedding.features.to(self._device)
        return self._engine.project((features + dense[0]).flatten(1).T)

    def _decode_plainly(
        self, embedding: Embedding, sparse: Tensor | None, dense: Tensor
    ) -> DecodedMasks:
        """Folding does not pay for many tokens, and there is nothing to fold without any."""
        image = embedding.features.to(self._device)[None]
        with torch.inference_mode():
            return DecodedMasks(*self._plain.from_embedded(image, sparse, dense))

    @cached_property
    def _plain(self) -> "PromptedDecoder":
        return self._load_plain()


def load_decoder(folder: WeightsFolder, digest: str, compute: Compute) -> Decoder:
    """Raises `WeightsMissingError` or `WeightsCorruptError`."""
    network = load_module(folder, digest, architecture=DECODER_ARCHITECTURE, build=FoldedDecoder)
    network = network.eval().requires_grad_(False).to(compute.device)
    engine: DecoderEngine
    if compute.engine == "openvino":
        engine = OpenVinoEngine(network, compute, folder.root, digest)
    else:
        engine = PyTorchEngine(network, compute)
    plain = partial(_load_plain, folder, digest, compute.device)
    return Decoder(network, digest=digest, device=compute.device, engine=engine, plain=plain)


def _load_plain(folder: WeightsFolder, digest: str, device: str) -> "PromptedDecoder":
    # Transformers takes seconds to import, and few prompts need it.
    from maskloop.actors.sam.mask_decoder import PromptedDecoder

    network = load_module(folder, digest, architecture=DECODER_ARCHITECTURE, build=PromptedDecoder)
    return network.eval().to(device)
