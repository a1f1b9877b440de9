"""Where and how a model computes: device, precision, engine and threads."""

import importlib.util
from dataclasses import dataclass
from typing import Literal

import torch

from maskloop.platform.errors import BadSettingError
from maskloop.platform.settings import Settings, cores

Precision = Literal["fp32", "bf16"]
Engine = Literal["openvino", "pytorch"]


@dataclass(frozen=True)
class Compute:
    """A choice that is made; `compute_of` makes it."""

    device: str
    precision: Precision
    """Of matrix products; bf16 is faster where the processor has it, and changes masks a little."""
    engine: Engine
    threads: int
    """Of the processor; GPUs take no notice."""


def compute_of(settings: Settings, *, threads: int | None = None) -> Compute:
    """What the settings ask for; `auto` takes the fastest that is there.

    Raises `BadSettingError` for a device or an engine that is not there.
    """
    device = _device(settings.device)
    return Compute(
        device=device,
        precision=_precision(device) if settings.precision == "auto" else settings.precision,
        engine=_engine(settings.engine, device),
        threads=threads or cores(),
    )


def settle_threads(compute: Compute) -> None:
    """PyTorch's own threads in this process: with OpenVINO there is little left for them to do, and
    threads that wait for work by spinning take the cores from those that have it."""
    torch.set_num_threads(1 if compute.engine == "openvino" else compute.threads)


def workers_of(device: str) -> int:
    """How many processes keep this machine busy: one for each GPU, or for each core."""
    return max(1, torch.cuda.device_count()) if device == "cuda" else cores()


def _device(wanted: str) -> str:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(wanted, True):
        reason = f"this PyTorch finds no {wanted} device; set it to auto, or install another build"
        raise BadSettingError("MASKLOOP_DEVICE", reason)
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def _precision(device: str) -> Precision:
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if device == "cpu" and _cpu_multiplies_bf16() else "fp32"


def _cpu_multiplies_bf16() -> bool:
    """Processors without such instructions emulate them, slower than float32."""
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16") or has.get("bf16"))


def _engine(wanted: str, device: str) -> Engine:
    there = importlib.util.find_spec("openvino") is not None
    if wanted == "openvino" and not (there and device == "cpu"):
        reason = (
            "install it" if device == "cpu" else f"it computes on the processor, not on {device}"
        )
        raise BadSettingError("MASKLOOP_ENGINE", f"OpenVINO cannot be used: {reason}")
    if wanted == "pytorch" or device != "cpu" or not there:
        return "pytorch"
    return "openvino"
