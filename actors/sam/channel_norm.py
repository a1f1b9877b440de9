"""SAM's normalisation of images."""

from torch import Tensor, nn


class ChannelNorm(nn.LayerNorm):
    """SAM's LayerNorm2d: normalises each position over its channels."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
