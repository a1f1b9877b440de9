"""The processes that train together: average gradients, decide alike. One alone does neither."""

from collections.abc import Iterable
from typing import Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn


class Group(Protocol):
    rank: int
    size: int

    def mean(self, values: Tensor) -> Tensor:
        """The mean of each value over the group; everybody gets the same."""

    def decide(self, code: int) -> int:
        """What the first of the group says."""


class Alone:
    rank = 0
    size = 1

    def mean(self, values: Tensor) -> Tensor:
        return values

    def decide(self, code: int) -> int:
        return code


class Together:
    """Of the process group that Ray Train opened."""

    def __init__(self, device: str) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()
        self._device = device

    def mean(self, values: Tensor) -> Tensor:
        summed = values.clone()
        dist.all_reduce(summed)
        return summed / self.size

    def decide(self, code: int) -> int:
        decided = torch.tensor([code], device=self._device)
        dist.broadcast(decided, src=0)
        return int(decided)


def average_gradients(group: Group, parameters: Iterable[nn.Parameter]) -> None:
    """What DistributedDataParallel does, once a step: a step has several backward passes, of which
    each uses other parts of the decoder."""
    if group.size == 1:
        return
    held = list(parameters)
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in held]
    flat = group.mean(torch.cat([gradient.flatten() for gradient in gradients]))
    for parameter, part in zip(held, torch.split(flat, [p.numel() for p in held]), strict=True):
        parameter.grad = part.view_as(parameter).clone()
