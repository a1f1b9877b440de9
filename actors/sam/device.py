"""Which device a model runs on."""

import torch

from maskloop.platform.settings import cores


def device_of(wanted: str) -> str:
    """`auto` takes a GPU where there is one; other names are torch's own and taken as they are."""
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def workers_of(device: str) -> int:
    """How many processes keep this machine busy: one for each GPU, or for each core."""
    return max(1, torch.cuda.device_count()) if device == "cuda" else cores()
