"""The weights of SAM's mask decoder by their stored names, for `folded_decoder`, which computes.

Source: Segment Anything (Kirillov et al., arXiv 2304.02643, appendix A).
"""

import torch
from torch import Tensor, nn

from maskloop.actors.sam.prompt_encoder import CHANNELS

HEADS = 8
INNER = CHANNELS // 2
"""Channels of the attention between tokens and image."""
MASKS = 4
UPSCALED = (64, 32)
"""Channels after the first and the second transposed convolution."""
EPSILON = 1e-5


class Attention(nn.Module):
    """Projections to `inner` channels, 8 heads of them, and back."""

    def __init__(self, inner: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(CHANNELS, inner)
        self.k_proj = nn.Linear(CHANNELS, inner)
        self.v_proj = nn.Linear(CHANNELS, inner)
        self.out_proj = nn.Linear(inner, CHANNELS)
        self.scale = float(inner // HEADS) ** -0.5

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attention among tokens: (B, T, 256) each, and out."""
        q, k, v = self.q_proj(queries), self.k_proj(keys), self.v_proj(values)
        q, k, v = (x.reshape(*x.shape[:2], HEADS, -1).transpose(1, 2) for x in (q, k, v))
        weights = torch.softmax((q * self.scale) @ k.transpose(2, 3), dim=-1)
        mixed: Tensor = self.out_proj((weights @ v).transpose(1, 2).flatten(2))
        return mixed


class Mlp(nn.Module):
    """Two linear layers on each token."""

    def __init__(self) -> None:
        super().__init__()
        self.lin1 = nn.Linear(CHANNELS, 8 * CHANNELS)
        self.lin2 = nn.Linear(8 * CHANNELS, CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        widened: Tensor = self.lin2(self.lin1(x).relu())
        return widened


class Head(nn.Module):
    """Three linear layers on one output token."""

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        self.proj_in = nn.Linear(CHANNELS, CHANNELS)
        self.layers = nn.ModuleList([nn.Linear(CHANNELS, CHANNELS)])
        self.proj_out = nn.Linear(CHANNELS, out_channels)

    def forward(self, token: Tensor) -> Tensor:
        out: Tensor = self.proj_out(self.layers[0](self.proj_in(token).relu()).relu())
        return out


class Layer(nn.Module):
    """A two-way layer: tokens among themselves, tokens to image, image to tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = Attention(CHANNELS)
        self.layer_norm1 = nn.LayerNorm(CHANNELS, eps=EPSILON)
        self.cross_attn_token_to_image = Attention(INNER)
        self.layer_norm2 = nn.LayerNorm(CHANNELS, eps=EPSILON)
        self.mlp = Mlp()
        self.layer_norm3 = nn.LayerNorm(CHANNELS, eps=EPSILON)
        self.cross_attn_image_to_token = Attention(INNER)
        self.layer_norm4 = nn.LayerNorm(CHANNELS, eps=EPSILON)


class Transformer(nn.Module):
    """Two layers, and a last look of the tokens at the image."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Layer(), Layer()])
        self.final_attn_token_to_image = Attention(INNER)
        self.layer_norm_final_attn = nn.LayerNorm(CHANNELS, eps=EPSILON)

    def both(self) -> tuple[Layer, Layer]:
        first, second = self.layers
        assert isinstance(first, Layer)
        assert isinstance(second, Layer)
        return first, second


class MaskDecoder(nn.Module):
    """All of it but the prompt encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.iou_token = nn.Embedding(1, CHANNELS)
        self.mask_tokens = nn.Embedding(MASKS, CHANNELS)
        self.transformer = Transformer()
        self.upscale_conv1 = nn.ConvTranspose2d(CHANNELS, UPSCALED[0], 2, stride=2)
        self.upscale_layer_norm = nn.LayerNorm(UPSCALED[0], eps=1e-6)
        self.upscale_conv2 = nn.ConvTranspose2d(UPSCALED[0], UPSCALED[1], 2, stride=2)
        self.output_hypernetworks_mlps = nn.ModuleList(Head(UPSCALED[1]) for _ in range(MASKS))
        self.iou_prediction_head = Head(MASKS)
