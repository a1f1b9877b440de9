"""TinyViT-5M as MobileSAM uses it: 1024 by 1024 pixels to an embedding of 256 by 64 by 64.

Sources: TinyViT (Wu et al., arXiv 2207.10666: section 3 and the 5M row of its table of variants),
MobileSAM (Zhang et al., arXiv 2306.14289: windows of 7, 7, 14, 7, no merging before the last stage,
SAM's neck instead of a classifier). This is the inference form: the batch normalisation behind each
convolution is folded into its weight and bias. Parameters have the names of the published weights.

Between modules every tensor is (B, C, H, W).
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from maskloop.actors.sam.channel_norm import ChannelNorm

_HEAD_CHANNELS = 32
_MLP_RATIO = 4
_WIDTHS = (64, 128, 160, 320)
_DEPTHS = (2, 2, 6, 2)
_WINDOWS = (0, 7, 14, 7)
"""Side of the attention windows per stage; the first stage is convolutional."""
_MERGE_STRIDES = (2, 2, 1)
"""Stride of the merging behind each stage but the last: 256 to 128 to 64 to 64 positions a side."""
_OUT_CHANNELS = 256


def relative_position_index(side: int) -> Tensor:
    """(side², side²) int64: which attention bias a pair of positions uses, |dy| * side + |dx|.

    Always on the CPU, also where modules are being built on the meta device.
    """
    steps = torch.arange(side, device="cpu")
    apart = (steps[:, None] - steps[None, :]).abs()
    index = apart[:, None, :, None] * side + apart[None, :, None, :]
    return index.reshape(side * side, side * side)


class WindowAttention(nn.Module):
    """Self-attention in one window, with a learned bias per head and relative position."""

    index: Tensor

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.heads = channels // _HEAD_CHANNELS
        self.norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.attention_biases = nn.Parameter(torch.zeros(self.heads, side * side))
        self.register_buffer("index", relative_position_index(side), persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        """(windows, side², C) to the same shape."""
        count, positions, channels = windows.shape
        query, key, value = self._per_head(self.norm(windows))
        bias = self.attention_biases[:, self.index]
        # The query is scaled already.
        mixed = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias[None], scale=1.0
        )
        mixed = mixed.transpose(1, 2).reshape(count, positions, channels)
        projected: Tensor = self.proj(mixed)
        return projected

    def _per_head(self, windows: Tensor) -> Iterator[Tensor]:
        """Scaled query, key and value: (windows, side², C) to (windows, heads, side², C / heads).

        In the stored weight each head's three lie side by side. Sorting its rows costs little, and
        nothing where a compiler folds constants; sorting the activations costs several copies.
        """
        count, positions, channels = windows.shape
        by_head = (self.heads, 3, _HEAD_CHANNELS)
        weights = self.qkv.weight.view(*by_head, channels).transpose(0, 1).flatten(1, 2)
        biases = self.qkv.bias.view(by_head).transpose(0, 1).flatten(1, 2)
        for number, scale in enumerate((_HEAD_CHANNELS**-0.5, 1.0, 1.0)):
            part = nn.functional.linear(windows, weights[number] * scale, biases[number] * scale)
            yield part.view(count, positions, self.heads, _HEAD_CHANNELS).transpose(1, 2)


class Mlp(nn.Module):
    """Two linear layers on each position's channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.fc1 = nn.Linear(channels, _MLP_RATIO * channels)
        self.fc2 = nn.Linear(_MLP_RATIO * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) to the same shape."""
        widened: Tensor = self.fc2(nn.functional.gelu(self.fc1(self.norm(x))))
        return widened


class TransformerBlock(nn.Module):
    """Window attention, a depthwise convolution that crosses the windows' borders, an MLP."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.attn = WindowAttention(channels, side)
        self.local_conv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.mlp = Mlp(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape.

        In between (B, H * W, C): with four axes OpenVINO picks memory layouts that cost a copy at
        every step.
        """
        size_hw = x.shape[2:]
        x = _tokens(x)
        x = x + self._attend(x, size_hw)
        x = _tokens(self.local_conv(_plane(x, size_hw)))
        x = x + self.mlp(x)
        return _plane(x, size_hw)

    def _attend(self, x: Tensor, size_hw: torch.Size) -> Tensor:
        """(B, H * W, C) to the same shape, in windows of side by side positions.

        The zeros that fill the windows at the right and bottom take part in the attention,
        unmasked: the weights were trained so.
        """
        batch, _, channels = x.shape
        height, width = size_hw
        side = self.side
        x = x.view(batch, height, width, channels)
        x = nn.functional.pad(x, (0, 0, 0, -width % side, 0, -height % side))
        rows, columns = x.shape[1] // side, x.shape[2] // side
        x = x.view(batch, rows, side, columns, side, channels).transpose(2, 3)
        x = self.attn(x.reshape(-1, side * side, channels))
        x = x.view(batch, rows, columns, side, side, channels).transpose(2, 3)
        x = x.reshape(batch, rows * side, columns * side, channels)
        return x[:, :height, :width].reshape(batch, height * width, channels)


def _tokens(x: Tensor) -> Tensor:
    """(B, C, H, W) to (B, H * W, C)."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def _plane(x: Tensor, size_hw: torch.Size) -> Tensor:
    """(B, H * W, C) to (B, C, H, W)."""
    return x.view(x.shape[0], *size_hw, x.shape[2]).permute(0, 3, 1, 2)


class MobileConvBlock(nn.Module):
    """Inverted residual: widen, mix neighbours channel by channel, narrow."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = _MLP_RATIO * channels
        self.conv1 = nn.Conv2d(channels, wide, 1)
        self.conv2 = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.conv3 = nn.Conv2d(wide, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        narrowed = self.conv3(nn.functional.gelu(self.conv2(nn.functional.gelu(self.conv1(x)))))
        return nn.functional.gelu(x + narrowed)


class Merging(nn.Module):
    """To the next stage's width, and with stride 2 to half the side."""

    def __init__(self, channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out_channels, 1)
        self.conv2 = nn.Conv2d(
            out_channels, out_channels, 3, stride=stride, padding=1, groups=out_channels
        )
        self.conv3 = nn.Conv2d(out_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, out_channels, H / stride, W / stride)."""
        merged: Tensor = self.conv3(
            nn.functional.gelu(self.conv2(nn.functional.gelu(self.conv1(x))))
        )
        return merged


class Stage(nn.Module):
    """Blocks of one width, then the merging towards the next stage (none behind the last)."""

    def __init__(self, number: int) -> None:
        super().__init__()
        channels, window = _WIDTHS[number], _WINDOWS[number]
        self.blocks = nn.Sequential(
            *(
                TransformerBlock(channels, window) if window else MobileConvBlock(channels)
                for _ in range(_DEPTHS[number])
            )
        )
        last = number == len(_WIDTHS) - 1
        self.downsample = (
            nn.Identity()
            if last
            else Merging(channels, _WIDTHS[number + 1], _MERGE_STRIDES[number])
        )

    def forward(self, x: Tensor) -> Tensor:
        merged: Tensor = self.downsample(self.blocks(x))
        return merged


class PatchEmbed(nn.Module):
    """Two convolutions of stride 2: a quarter of the side."""

    def __init__(self) -> None:
        super().__init__()
        self.seq = nn.Sequential(
            nn.Conv2d(3, _WIDTHS[0] // 2, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(_WIDTHS[0] // 2, _WIDTHS[0], 3, stride=2, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        embedded: Tensor = self.seq(x)
        return embedded


class TinyViT(nn.Module):
    """The whole encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed()
        self.layers = nn.Sequential(*(Stage(number) for number in range(len(_WIDTHS))))
        self.neck = nn.Sequential(
            nn.Conv2d(_WIDTHS[-1], _OUT_CHANNELS, 1, bias=False),
            ChannelNorm(_OUT_CHANNELS),
            nn.Conv2d(_OUT_CHANNELS, _OUT_CHANNELS, 3, padding=1, bias=False),
            ChannelNorm(_OUT_CHANNELS),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, 1024, 1024) normalised RGB to (B, 256, 64, 64); other sides: a sixteenth."""
        features: Tensor = self.neck(self.layers(self.patch_embed(x)))
        return features
