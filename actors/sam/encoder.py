"""The image encoder: pixels to an embedding."""

import torch

from maskloop.actors.sam import transforms
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.tiny_vit import TinyViT
from maskloop.actors.sam.weights import ENCODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.platform.images import Pixels


class Encoder:
    """`network` with the weights that `digest` stands for; moved to `device`."""

    def __init__(self, network: TinyViT, *, digest: str, device: str) -> None:
        self.digest = digest
        self._device = torch.device(device)
        self._network = network.eval().to(self._device)

    def encode(self, pixels: Pixels) -> Embedding:
        """The embedding's features are float32 on this encoder's device. Nothing is kept."""
        size_hw = (pixels.shape[0], pixels.shape[1])
        with torch.inference_mode():
            features = self._network(transforms.input_tensor(pixels).to(self._device))[0]
        return Embedding(features, size_hw, transforms.resized_hw(size_hw), self.digest)


def load_encoder(folder: WeightsFolder, digest: str, device: str) -> Encoder:
    """Raises `WeightsMissingError` or `WeightsCorruptError`."""
    network = load_module(folder, digest, architecture=ENCODER_ARCHITECTURE, build=TinyViT)
    return Encoder(network, digest=digest, device=device)
