"""SAM's mask decoder, rearranged so that a prompt costs little once its image is known.

The values are those of `mask_decoder.AllMasksDecoder`, the plain form; what changes is the order of
the sums. Let P = 4096 positions of the image, C = 256 channels, T tokens (5 output tokens and the
prompt's; 7 for a point or a box), H = 8 heads of d = 16 channels (D = H·d = 128), B prompts.

**Tokens ask, the image answers** (`_ask`): a token's score at a position is q·(x W_k + b_k), and

    q·(x W_k) = (q W_kᵀ)·x     b_k adds the same to all positions, so the softmax drops it.

The T queries, spread into H·T = 56 rows that are zero outside their head, take W_k over: 56 rows
of C instead of a product of P×C by C×D for each prompt. Values likewise: (A x) W_v for A x W_v.

**The image asks, tokens answer** (`_answer`): with K and V the tokens' keys and values, spread,

    scores = (x W_q + b_q) Kᵀ = x (W_q Kᵀ) + b_q Kᵀ      output = A (V W_o) + b_o.

A sums to 1 over the tokens of each head, so to 8 over a row: a vector that is to be added to every
position (b_o, and a bias waiting from before) is added to the 56 rows of V W_o as an eighth.

**The first layer** sees the same image x₀ whatever the prompt: x₀ W_k, x₀ W_v, x₀ W_q are made once
per image (`project`), head by head: 16 channels a score instead of 256. **Positional encodings**
are constants, so their projections are too.

**Norms**: layer norm's scale and shift go into what follows it, which is linear each time (the
next projection, the residual sum, the first transposed convolution): `x` below is normalised only.
The first transposed convolution's weights are centred, and so is its output already.

**Softmax** is unchanged by what is taken off all scores of a row; keys that are centred over the
tokens keep exp in range without a search for the maximum among 7, and the sums of exponentials are
a product with ones. Where tokens ask, the sum divides at the end, on 56 rows.

**Upscaling**: a transposed convolution of stride 2 and side 2 is a matrix product per position with
four times the channels; the pixels are put in place once, at the very end, on the masks.

Per prompt 1.8 GFLOP instead of 3.6, and hardly anything but matrix products and single passes over
their results. Above some 15 tokens the 8 T rows outgrow the 128 channels: use the plain form there.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from maskloop.actors.sam.decoder_weights import (
    EPSILON,
    HEADS,
    INNER,
    MASKS,
    UPSCALED,
    Attention,
    MaskDecoder,
)
from maskloop.actors.sam.prompt_encoder import CHANNELS, GRID_SIDE, PromptEncoder

MOST_TOKENS = 15
"""Prompt and output tokens above which the plain form is the cheaper one."""
OUTPUT_TOKENS = 5
_POSITIONS = GRID_SIDE**2
_LARGEST_EXPONENT = 85.0
"""What float32 can still sum over 15 tokens. Up to here centred scores give the exact softmax; two
tokens of one head that are both far beyond would share evenly. On photographs scores reach 14."""


class Places(NamedTuple):
    """What the positions contribute, the same for all images."""

    keys: Tensor
    """(8, 16, 4096): to the keys of layer 1, by head."""
    queries: Tensor
    """(4096, 128): to the queries of layer 1."""
    last_keys: Tensor
    """(8, 16, 4096): to the keys of the last attention."""


class ImageSide(NamedTuple):
    """What all prompts of an image share."""

    image: Tensor
    """(4096, 256): the embedding with the dense prompt, centred over the channels."""
    keys: Tensor
    """(8, 16, 4096): of layer 0, by head, positions included."""
    values: Tensor
    """(8, 4096, 16): of layer 0, by head."""
    queries: Tensor
    """(4096, 128): of layer 0, positions included."""


class FoldedDecoder(nn.Module):
    """Prompt encoder and mask decoder. `forward` takes what `project` and the prompts give."""

    def __init__(self) -> None:
        super().__init__()
        self.prompt_encoder = PromptEncoder()
        self.mask_decoder = MaskDecoder()

    def places(self) -> Places:
        transformer = self.mask_decoder.transformer
        _, second = transformer.both()
        positions = self.prompt_encoder.positions()
        return Places(
            keys=_by_heads(second.cross_attn_token_to_image.k_proj) @ positions.T,
            queries=positions @ second.cross_attn_image_to_token.q_proj.weight.T,
            last_keys=_by_heads(transformer.final_attn_token_to_image.k_proj) @ positions.T,
        )

    def project(self, image: Tensor) -> ImageSide:
        """Once per `image` (4096, 256): its embedding plus the dense prompt embedding.

        Keys come out of their product in their own order, because moving bf16 values about
        afterwards takes longer than the product.
        """
        first, _ = self.mask_decoder.transformer.both()
        ask, answer = first.cross_attn_token_to_image, first.cross_attn_image_to_token
        placed = image + self.prompt_encoder.positions()
        return ImageSide(
            image=_centred(image),
            keys=_by_heads(ask.k_proj) @ placed.T,
            values=ask.v_proj(image).reshape(_POSITIONS, HEADS, -1).transpose(0, 1).contiguous(),
            queries=placed @ answer.q_proj.weight.T,
        )

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, 4, 256, 256) and predicted IoU (B, 4).

        `inputs`: the tensors of an `ImageSide`, those of `Places`, and the sparse prompt embedding
        (B, N, 256).
        """
        count = len(ImageSide._fields)
        side, places, sparse = ImageSide(*inputs[:count]), Places(*inputs[count:-1]), inputs[-1]
        decoder, transformer = self.mask_decoder, self.mask_decoder.transformer
        first, second = transformer.both()
        outputs = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
        origin = torch.cat([outputs.expand(sparse.shape[0], -1, -1), sparse], dim=1)

        tokens = first.layer_norm1(first.self_attn(origin, origin, origin))
        ask = first.cross_attn_token_to_image
        weights = _weights(_by_head(ask.q_proj(tokens + origin) * ask.scale) @ side.keys)
        heard = (weights @ side.values) / weights.sum(-1, keepdim=True)
        tokens = first.layer_norm2(tokens + ask.out_proj(heard.transpose(1, 2).flatten(2)))
        tokens = first.layer_norm3(tokens + first.mlp(tokens))

        answer = first.cross_attn_image_to_token
        keys, rows = self._answer(answer, tokens, origin)
        rows = _centred(rows + answer.out_proj.bias / HEADS)
        scores = side.queries @ keys.transpose(1, 2) + (keys @ answer.q_proj.bias)[:, None]
        image = side.image + _shares(scores) @ rows
        x = nn.functional.layer_norm(image, (CHANNELS,), eps=EPSILON)
        norm = first.layer_norm4

        asking = tokens + origin
        tokens = second.layer_norm1(tokens + second.self_attn(asking, asking, tokens))
        ask = second.cross_attn_token_to_image
        tokens = tokens + self._ask(ask, tokens + origin, x, norm, places.keys)
        tokens = second.layer_norm2(tokens)
        tokens = second.layer_norm3(tokens + second.mlp(tokens))

        answer = second.cross_attn_image_to_token
        keys, rows = self._answer(answer, tokens, origin)
        rows = rows + (answer.out_proj.bias + norm.bias) / HEADS
        folded = keys @ answer.q_proj.weight
        constant = keys @ answer.q_proj.bias + folded @ norm.bias
        scores = x @ (folded * norm.weight).transpose(1, 2) + places.queries @ keys.transpose(1, 2)
        image = x * norm.weight + _shares(scores + constant[:, None]) @ rows
        x = nn.functional.layer_norm(image, (CHANNELS,), eps=EPSILON)
        norm = second.layer_norm4

        ask = transformer.final_attn_token_to_image
        tokens = tokens + self._ask(ask, tokens + origin, x, norm, places.last_keys)
        tokens = transformer.layer_norm_final_attn(tokens)
        return self._masks(x, norm, tokens), decoder.iou_prediction_head(tokens[:, 0])

    def _ask(
        self, attention: Attention, asking: Tensor, x: Tensor, norm: nn.LayerNorm, places: Tensor
    ) -> Tensor:
        """Tokens (B, T, 256) ask the image `x` (B, 4096, 256), to which `norm` still applies."""
        queries = attention.q_proj(asking) * attention.scale
        folded = _spread(queries) @ attention.k_proj.weight * norm.weight
        scores = folded @ x.transpose(1, 2) + (_by_head(queries) @ places).flatten(1, 2)
        weights = _weights(scores)
        seen = (weights @ x) / weights.sum(-1, keepdim=True)
        heard = (seen * norm.weight + norm.bias) @ attention.v_proj.weight.T
        out: Tensor = attention.out_proj(_gathered(heard) + attention.v_proj.bias)
        return out

    @staticmethod
    def _answer(attention: Attention, tokens: Tensor, origin: Tensor) -> tuple[Tensor, Tensor]:
        """The tokens' keys (B, 8 T, 128), spread and centred, and their V W_o (B, 8 T, 256)."""
        keys = attention.k_proj(tokens + origin) * attention.scale
        keys = _spread(keys - keys.mean(1, keepdim=True))
        return keys, _spread(attention.v_proj(tokens)) @ attention.out_proj.weight.T

    def _masks(self, x: Tensor, norm: nn.LayerNorm, tokens: Tensor) -> Tensor:
        """(B, 4, 256, 256) from the image `x` (B, 4096, 256), to which `norm` still applies."""
        decoder = self.mask_decoder
        weight, bias = _as_products(decoder.upscale_conv1, centred=True)
        x = x @ (norm.weight[:, None] * weight) + (norm.bias @ weight + bias)
        x = nn.functional.gelu(
            decoder.upscale_layer_norm(x.reshape(-1, 4 * _POSITIONS, UPSCALED[0]))
        )
        weight, bias = _as_products(decoder.upscale_conv2)
        x = nn.functional.gelu(x @ weight + bias).reshape(-1, 16 * _POSITIONS, UPSCALED[1])
        heads = decoder.output_hypernetworks_mlps
        vectors = torch.stack([head(tokens[:, 1 + i]) for i, head in enumerate(heads)], dim=2)
        # 64 rows and 64 columns of positions, twice a row and column of four quarters each.
        pixels = (x @ vectors).reshape(-1, GRID_SIDE, GRID_SIDE, 2, 2, 2, 2, MASKS)
        pixels = pixels.permute(0, 7, 1, 3, 5, 2, 4, 6)
        return pixels.reshape(-1, MASKS, 4 * GRID_SIDE, 4 * GRID_SIDE)


def _centred(x: Tensor) -> Tensor:
    """Z: the mean over the channels taken off."""
    return x - x.mean(-1, keepdim=True)


def _by_heads(projection: nn.Linear) -> Tensor:
    """The weight (128, 256) as (8, 16, 256)."""
    return projection.weight.reshape(HEADS, -1, CHANNELS)


def _by_head(x: Tensor) -> Tensor:
    """(B, T, 128) to (B, 8, T, 16)."""
    return x.reshape(*x.shape[:2], HEADS, -1).transpose(1, 2)


def _spread(x: Tensor) -> Tensor:
    """(B, T, H·d) to (B, H·T, H·d): row h·T + t has token t's channels of head h, else zeros."""
    heads = torch.eye(HEADS, dtype=x.dtype, device=x.device).repeat_interleave(INNER // HEADS, 1)
    return (x[:, None] * heads[:, None]).flatten(1, 2)


def _gathered(x: Tensor) -> Tensor:
    """(B, H·T, H·d) to (B, T, H·d), `_spread` reversed; what is outside a head is dropped."""
    heads = torch.eye(HEADS, dtype=x.dtype, device=x.device).repeat_interleave(INNER // HEADS, 1)
    return (x.reshape(x.shape[0], HEADS, -1, INNER) * heads[:, None]).sum(1)


def _weights(scores: Tensor) -> Tensor:
    """exp(scores) up to a factor per row."""
    return torch.exp(scores - scores.amax(-1, keepdim=True))


def _shares(scores: Tensor) -> Tensor:
    """(B, 4096, H·T): softmax over the tokens of each head, for scores that are centred there."""
    weights = torch.exp(scores.clamp(max=_LARGEST_EXPONENT))
    tokens = scores.shape[-1] // HEADS
    heads = torch.eye(HEADS, dtype=scores.dtype, device=scores.device)
    heads = heads[:, None, :, None].expand(-1, tokens, -1, tokens)
    return weights / (weights @ heads.reshape(HEADS * tokens, HEADS * tokens))


def _as_products(
    convolution: nn.ConvTranspose2d, *, centred: bool = False
) -> tuple[Tensor, Tensor]:
    """Weight (in, 4 out) and bias (4 out): the four pixels that one becomes, row by row."""
    weight, bias = convolution.weight.permute(0, 2, 3, 1), convolution.bias
    assert bias is not None
    if centred:
        weight, bias = _centred(weight), _centred(bias)
    return weight.flatten(1), bias.repeat(4)
