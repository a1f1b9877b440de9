"""SAM's prompt encoder: points, a box and a mask to prompt embeddings.

Source: Segment Anything (Kirillov et al., arXiv 2304.02643, section 3 and appendix A). Parameters
have the names of the stored weights.
"""

import math

import torch
from torch import Tensor, nn

from maskloop.actors.sam.channel_norm import ChannelNorm

CHANNELS = 256
GRID_SIDE = 64
"""Positions a side of the image embedding; each stands for 16 by 16 pixels of the input."""
_INPUT_SIDE = 1024
_PADDING_LABEL = -1


class _PositionalEncoding(nn.Module):
    """Random Fourier features of a place, (…, 2) xy from 0 to 1, to (…, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.zeros(2, CHANNELS // 2))

    def forward(self, places_xy: Tensor) -> Tensor:
        angles = 2 * math.pi * ((2 * places_xy - 1) @ self.positional_embedding)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


class _MaskEmbedding(nn.Module):
    """(B, 1, 256, 256) logits to (B, 256, 64, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 2, stride=2)
        self.layer_norm1 = ChannelNorm(4)
        self.conv2 = nn.Conv2d(4, 16, 2, stride=2)
        self.layer_norm2 = ChannelNorm(16)
        self.conv3 = nn.Conv2d(16, CHANNELS, 1)

    def forward(self, masks: Tensor) -> Tensor:
        x = nn.functional.gelu(self.layer_norm1(self.conv1(masks)))
        x = nn.functional.gelu(self.layer_norm2(self.conv2(x)))
        embedded: Tensor = self.conv3(x)
        return embedded


class PromptEncoder(nn.Module):
    """Places are in pixels of the 1024² input."""

    def __init__(self) -> None:
        super().__init__()
        self.shared_embedding = _PositionalEncoding()
        self.point_embed = nn.ModuleList(nn.Embedding(1, CHANNELS) for _ in range(4))
        """Negative point, positive point, upper left and lower right corner of a box."""
        self.not_a_point_embed = nn.Embedding(1, CHANNELS)
        self.no_mask_embed = nn.Embedding(1, CHANNELS)
        self.mask_embed = _MaskEmbedding()

    def positions(self) -> Tensor:
        """(4096, 256): the encoding of each position of the image embedding, row by row."""
        like = self.shared_embedding.positional_embedding
        centres = (torch.arange(GRID_SIDE, device=like.device, dtype=like.dtype) + 0.5) / GRID_SIDE
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        encoded: Tensor = self.shared_embedding(torch.stack([x, y], dim=-1))
        return encoded.flatten(0, 1)

    def sparse(
        self, points_xy: Tensor | None, labels: Tensor | None, boxes_xyxy: Tensor | None
    ) -> Tensor | None:
        """(B, N, 256) for `points_xy` (B, P, 2) with `labels` (B, P), 1 positive and 0 negative,
        and `boxes_xyxy` (B, 4); None for neither. Without a box a padding point follows the points.
        """
        tokens: list[Tensor] = []
        if points_xy is not None and labels is not None:
            if boxes_xyxy is None:
                points_xy = nn.functional.pad(points_xy, (0, 0, 0, 1))
                labels = nn.functional.pad(labels, (0, 1), value=_PADDING_LABEL)
            tokens.append(self._points(points_xy, labels))
        if boxes_xyxy is not None:
            corners = self._encoded(boxes_xyxy.reshape(-1, 2, 2))
            tokens.append(corners + torch.cat([self._kind(2), self._kind(3)]))
        return torch.cat(tokens, dim=1) if tokens else None

    def dense(self, mask_logits: Tensor | None) -> Tensor:
        """Added to an image's features: (B, 256, 64, 64) for `mask_logits` (B, 1, 256, 256), and
        (1, 256, 1, 1) for none."""
        if mask_logits is None:
            return self.no_mask_embed.weight[:, :, None, None]
        embedded: Tensor = self.mask_embed(mask_logits)
        return embedded

    def _encoded(self, places_xy: Tensor) -> Tensor:
        """Pixels count from their middle."""
        encoded: Tensor = self.shared_embedding((places_xy + 0.5) / _INPUT_SIDE)
        return encoded

    def _points(self, points_xy: Tensor, labels: Tensor) -> Tensor:
        label = labels[..., None]
        padding = label == _PADDING_LABEL
        placed = self._encoded(points_xy) + torch.where(label == 1, self._kind(1), self._kind(0))
        return torch.where(padding, self.not_a_point_embed.weight, placed)

    def _kind(self, number: int) -> Tensor:
        embedding = self.point_embed[number]
        assert isinstance(embedding, nn.Embedding)
        return embedding.weight
