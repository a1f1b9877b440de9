"""What computes the folded decoder: OpenVINO on a processor, PyTorch anywhere."""

from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.folded_decoder import FoldedDecoder, ImageSide, Places
from maskloop.actors.sam.prompt_encoder import CHANNELS, GRID_SIDE

Decoded = tuple[Tensor, Tensor]
"""Logits (B, 4, 256, 256) and predicted IoU (B, 4), float32, on the engine's device."""

_COMMON_TOKENS = 2
"""Prompt tokens of one point (with its padding) or of one box."""
_SIDE = (*ImageSide._fields, *Places._fields)
_EXAMPLE = torch.zeros(GRID_SIDE**2, CHANNELS)
"""An image's embedding and dense prompt."""


class DecoderEngine(Protocol):
    """An image's side is made once by `project` and is the engine's own business."""

    def project(self, image: Tensor) -> Any:
        """`image` (4096, 256): the embedding plus the dense prompt embedding."""

    def decode(self, side: Any, sparse: Tensor) -> Decoded:
        """`sparse` (1, N, 256): one prompt, as soon as possible."""

    def decode_groups(self, side: Any, sparse: Tensor, at_most: int) -> Iterator[Decoded]:
        """`sparse` (B, 2, 256): many prompts, group by group in their order; `at_most` in one."""


class PyTorchEngine:
    """`threads` of a processor are PyTorch's own setting."""

    def __init__(self, network: FoldedDecoder, compute: Compute) -> None:
        self._network = network
        self._device = torch.device(compute.device)
        self._bf16 = compute.precision == "bf16"
        with torch.inference_mode():
            self._places = network.places()

    def project(self, image: Tensor) -> ImageSide:
        with torch.inference_mode(), self._precision():
            return self._network.project(image)

    def decode(self, side: ImageSide, sparse: Tensor) -> Decoded:
        with torch.inference_mode(), self._precision():
            logits, predicted_iou = self._network(*side, *self._places, sparse)
        return logits.float(), predicted_iou.float()

    def decode_groups(self, side: ImageSide, sparse: Tensor, at_most: int) -> Iterator[Decoded]:
        # The image side of more prompts does not fit a processor's cache.
        together = min(2, at_most) if self._device.type == "cpu" else at_most
        for group in torch.split(sparse, together):
            yield self.decode(side, group)

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._bf16)


class OpenVinoEngine:
    """Compiled lazily: a click and a grid of points want the same graph in different ways.

    Safe in many threads at once, and with several walks over groups under way: each call takes
    requests of its own.
    """

    _GROUP = 2
    """Prompts per request: what a core works on stays in its cache."""

    def __init__(
        self, network: FoldedDecoder, compute: Compute, weights: Path, digest: str
    ) -> None:
        from maskloop.actors.sam import graphs

        self._network = network
        self._graphs = graphs
        self._bf16 = compute.precision == "bf16"
        self._threads = compute.threads
        with torch.no_grad():
            places = network.places()
        self._places = [graphs.as_input(tensor, bf16=self._bf16) for tensor in places]
        sources = (FoldedDecoder, OpenVinoEngine)
        self._graph = graphs.graph_of(weights, digest, "decode", self._traced, sources)
        projection = graphs.graph_of(weights, digest, "project", self._traced_projection, sources)
        compiled = graphs.compile_graph(
            projection, bf16=self._bf16, threads=compute.threads, bf16_out=self._bf16
        )
        self._projection = graphs.Requests(compiled, idle=1)

    def project(self, image: Tensor) -> list[Any]:
        inputs = [self._graphs.as_input(image, bf16=False)]
        return self._graphs.results(self._projection, inputs) + self._places

    def decode(self, side: list[Any], sparse: Tensor) -> Decoded:
        requests = self._common if sparse.shape[1] == _COMMON_TOKENS else self._any
        with requests.taken() as request:
            self._start(request, side, sparse)
            return self._result(request)

    def decode_groups(self, side: list[Any], sparse: Tensor, at_most: int) -> Iterator[Decoded]:
        requests = self._many
        taken = [requests.take() for _ in range(self._threads)]
        idle, running = list(taken), deque[tuple[Any, int]]()
        try:
            for group in torch.split(sparse, self._GROUP):
                ready = None if idle else running.popleft()
                request = idle.pop() if ready is None else ready[0]
                result = None if ready is None else self._result(*ready)
                # Started before the caller looks at the result, so that no core has to wait.
                missing = self._GROUP - len(group)
                self._start(request, side, torch.cat([group, group[:1].expand(missing, -1, -1)]))
                running.append((request, len(group)))
                if result is not None:
                    yield result
            while running:
                yield self._result(*running.popleft())
        finally:
            for request, _ in running:  # the caller went away
                request.wait()
            for request in taken:
                requests.give(request)

    @cached_property
    def _common(self) -> Any:
        return self._compiled(streams=1, shape=(1, _COMMON_TOKENS, CHANNELS))

    @cached_property
    def _any(self) -> Any:
        return self._compiled(streams=1, shape=(1, -1, CHANNELS))

    @cached_property
    def _many(self) -> Any:
        shape = (self._GROUP, _COMMON_TOKENS, CHANNELS)
        return self._compiled(streams=self._threads, shape=shape)

    def _compiled(self, *, streams: int, shape: tuple[int, ...]) -> Any:
        compiled = self._graphs.compile_graph(
            self._graph,
            bf16=self._bf16,
            threads=self._threads,
            streams=streams,
            bf16_in=len(_SIDE) if self._bf16 else 0,
            shapes={len(_SIDE): shape},
        )
        return self._graphs.Requests(compiled, idle=streams)

    def _start(self, request: Any, side: list[Any], sparse: Tensor) -> None:
        for number, tensor in enumerate(side):
            request.set_input_tensor(number, tensor)
        request.set_input_tensor(len(side), self._graphs.as_input(sparse, bf16=False))
        request.start_async()

    def _result(self, request: Any, count: int = 1) -> Decoded:
        request.wait()
        logits, predicted_iou = (self._graphs.output(request, number)[:count] for number in (0, 1))
        return logits, predicted_iou

    def _traced(self) -> Any:
        with torch.no_grad():
            projected = self._network.project(_EXAMPLE)
            side = [tensor.clone() for tensor in (*projected, *self._network.places())]
        sparse = torch.zeros(2, _COMMON_TOKENS, CHANNELS)
        shapes = [tuple(tensor.shape) for tensor in side] + [(-1, -1, CHANNELS)]
        return self._network, [*side, sparse], shapes

    def _traced_projection(self) -> Any:
        return _Projection(self._network), [_EXAMPLE], [tuple(_EXAMPLE.shape)]


class _Projection(nn.Module):
    """`FoldedDecoder.project` as a module of its own."""

    def __init__(self, network: FoldedDecoder) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> ImageSide:
        return self.network.project(image)
