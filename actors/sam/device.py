"""Which device a model runs on."""

import torch

from maskloop.platform.errors import BadSettingError
from maskloop.platform.settings import cores


def device_of(wanted: str) -> str:
    """`auto` takes a GPU where there is one. Raises `BadSettingError` for one that is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(wanted, True):
        reason = f"this PyTorch finds no {wanted} device; set it to auto, or install another build"
        raise BadSettingError("MASKLOOP_DEVICE", reason)
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def workers_of(device: str) -> int:
    """How many processes keep this machine busy: one for each GPU, or for each core."""
    return max(1, torch.cuda.device_count()) if device == "cuda" else cores()
