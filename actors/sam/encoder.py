"""The image encoder: pixels to an embedding."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from maskloop.actors.sam import transforms
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.tiny_vit import TinyViT
from maskloop.actors.sam.weights import ENCODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.platform.images import Pixels

Network = Callable[[Tensor], Tensor]
"""(B, 3, 1024, 1024) float32 on the processor to (B, 256, 64, 64) float32, channels last."""

_IN_FP32 = ("patch_embed", "layers.0", "layers.1.blocks.0", "neck.2")
"""Where rounding to bf16 does most harm. That of the first layers shifts flat backgrounds, and with
them which of three masks is thought the best. The last convolution has a few channels that are
large and nearly constant; what rounding does to its result is half of the embedding's error."""


class Encoder:
    """`network` with the weights that `digest` stands for."""

    def __init__(self, network: Network, *, digest: str) -> None:
        self.digest = digest
        self._network = network

    def encode(self, pixels: Pixels) -> Embedding:
        """Nothing is kept."""
        return self.encode_together([pixels])[0]

    def encode_together(self, images: Sequence[Pixels]) -> list[Embedding]:
        """Several images in one pass, which pays on a GPU; on a processor it is one by one."""
        inputs = torch.cat([transforms.input_tensor(pixels) for pixels in images])
        features = self._network(inputs)
        return [
            self._embedding(each, pixels) for each, pixels in zip(features, images, strict=True)
        ]

    def _embedding(self, features: Tensor, pixels: Pixels) -> Embedding:
        size_hw = (pixels.shape[0], pixels.shape[1])
        return Embedding(features, size_hw, transforms.resized_hw(size_hw), self.digest)


def load_encoder(folder: WeightsFolder, digest: str, compute: Compute) -> Encoder:
    """Raises `WeightsMissingError` or `WeightsCorruptError`."""
    network = load_module(folder, digest, architecture=ENCODER_ARCHITECTURE, build=TinyViT)
    network = network.eval().requires_grad_(False).to(compute.device)
    if compute.engine == "openvino":
        return Encoder(_in_openvino(network, folder, digest, compute), digest=digest)
    return Encoder(_in_pytorch(network, compute), digest=digest)


def _in_pytorch(network: TinyViT, compute: Compute) -> Network:
    def encode(pixels: Tensor) -> Tensor:
        bf16 = compute.precision == "bf16"
        precision = torch.autocast(compute.device, dtype=torch.bfloat16, enabled=bf16)
        with torch.inference_mode(), precision:
            features: Tensor = network(pixels.to(compute.device))
        return features.float()

    return encode


def _in_openvino(network: TinyViT, folder: WeightsFolder, digest: str, compute: Compute) -> Network:
    from maskloop.actors.sam import graphs

    side = transforms.INPUT_SIDE
    example = torch.zeros(1, 3, side, side)
    graph = graphs.graph_of(
        folder.root,
        digest,
        "encode",
        lambda: (_ChannelsLast(network), [example], [tuple(example.shape)]),
        (TinyViT, _ChannelsLast),
        in_fp32=tuple(f"network.{part}" for part in _IN_FP32),
    )
    bf16 = compute.precision == "bf16"
    compiled = graphs.compile_graph(graph, bf16=bf16, threads=compute.threads)
    requests = graphs.Requests(compiled, idle=1)

    def encode(pixels: Tensor) -> Tensor:
        with requests.taken() as request:
            found = []
            for image in torch.split(pixels, 1):
                request.infer([graphs.as_input(image, bf16=False)])
                found.append(graphs.output(request, 0))
        return (found[0] if len(found) == 1 else torch.cat(found)).permute(0, 3, 1, 2)

    return encode


class _ChannelsLast(nn.Module):
    """(1, 64, 64, 256), which the last norm leaves in memory anyway."""

    def __init__(self, network: TinyViT) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        features: Tensor = self.network(pixels)
        return features.permute(0, 2, 3, 1)
