"""Which device a model runs on."""

import torch


def device_of(wanted: str) -> str:
    """`auto` takes a GPU where there is one; other names are torch's own and taken as they are."""
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"
