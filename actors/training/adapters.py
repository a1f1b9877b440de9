"""Low-rank adapters on the encoder's attention projections, merged into it when it is stored.

Source: LoRA (arXiv 2106.09685), by `peft`, which is an extra of this project. The second matrix
starts at zero, so that an adapted encoder begins as the parent's.
"""

import importlib.util
from collections.abc import Callable
from typing import Final, Protocol, cast

import torch
from torch import Tensor, nn

from maskloop.actors.sam.tiny_vit import TinyViT, WindowAttention
from maskloop.actors.sam.weights import ENCODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.platform.errors import BadParametersError

_TARGETS: Final = ("qkv", "proj")
_ADAPTER: Final = "default"
_ALPHA_PER_RANK: Final = 2


class _LowRank(Protocol):
    """What is used of a layer that `peft` adapted."""

    weight: Tensor
    bias: Tensor

    def get_delta_weight(self, adapter: str) -> Tensor: ...


class _Effective(nn.Module):
    """The weight and bias that an adapted layer stands for. The encoder's attention does not call
    its projection but sorts its rows first, and would not see the adapter otherwise."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    @property
    def weight(self) -> Tensor:
        return _effective(self.layer)

    @property
    def bias(self) -> Tensor:
        return cast(_LowRank, self.layer).bias


class AdaptedEncoder(nn.Module):
    """A TinyViT of which only the adapters learn. Its batch norms stay as they are."""

    def __init__(self, network: TinyViT, rank: int) -> None:
        super().__init__()
        self._plain = {name: value.clone() for name, value in network.state_dict().items()}
        self.network = _adapted(network, rank)
        self._layers = {
            name: module for name, module in network.named_modules() if _is_adapted(module)
        }
        for module in list(network.modules()):
            if isinstance(module, WindowAttention):
                module.qkv = _Effective(module.qkv)  # type: ignore[assignment]

    @classmethod
    def load(cls, folder: WeightsFolder, digest: str, rank: int, seed: int) -> "AdaptedEncoder":
        """Raises `BadParametersError` where `peft` is not installed."""
        require_peft(rank)
        network = load_module(folder, digest, architecture=ENCODER_ARCHITECTURE, build=TinyViT)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(network, rank)

    def forward(self, pixels: Tensor) -> Tensor:
        encoded: Tensor = self.network(pixels)
        return encoded

    def train(self, mode: bool = True) -> "AdaptedEncoder":
        super().train(mode)
        self.network.eval()
        return self

    def merged(self) -> dict[str, Tensor]:
        """A copy of the encoder's tensors by their stored names."""
        merged = {name: value.clone() for name, value in self._plain.items()}
        for name, layer in self._layers.items():
            merged[f"{name}.weight"] = _effective(layer).detach().cpu().clone()
        return merged


def require_peft(rank: int) -> None:
    """Raises `BadParametersError`."""
    if importlib.util.find_spec("peft") is None:
        reason = "adapters of the encoder need peft; install maskloop[lora]"
        raise BadParametersError("lora_rank", rank, reason)


def _adapted(network: TinyViT, rank: int) -> nn.Module:
    from peft import LoraConfig, inject_adapter_in_model  # an extra, and slow to import

    config = LoraConfig(
        r=rank,
        lora_alpha=_ALPHA_PER_RANK * rank,
        target_modules=list(_TARGETS),
        lora_dropout=0.0,
        bias="none",
    )
    inject: Callable[..., nn.Module] = inject_adapter_in_model
    adapted = inject(config, network, adapter_name=_ADAPTER)
    for name, parameter in adapted.named_parameters():
        parameter.requires_grad_("lora_" in name)
    return adapted


def _is_adapted(module: nn.Module) -> bool:
    return hasattr(module, "get_delta_weight")


def _effective(layer: nn.Module) -> Tensor:
    adapted = cast(_LowRank, layer)
    return adapted.weight + adapted.get_delta_weight(_ADAPTER)
