"""SAM's prompt encoder and mask decoder in their plain form, with all four masks.

The reference for `folded_decoder`, the form that is trained, and the road for many prompts at once.

Source: Segment Anything (Kirillov et al., arXiv 2304.02643, section 3 and appendix A). The layers
are those of `transformers`, which have SAM's structure exactly; two things differ from its
`SamModel`: the layer norms of the two-way blocks have epsilon 1e-5 (as in the official code; the
default there is 1e-6), and no output token is dropped.
"""

import torch
from torch import Tensor, nn
from transformers.models.sam.configuration_sam import SamMaskDecoderConfig
from transformers.models.sam.modeling_sam import SamMaskDecoder

from maskloop.actors.sam.prompt_encoder import CHANNELS, GRID_SIDE, PromptEncoder

_EPSILON = 1e-5


class AllMasksDecoder(SamMaskDecoder):
    """SAM's mask decoder, returning every output token's mask and predicted IoU."""

    def forward(  # type: ignore[override]  # on purpose: another contract
        self, image: Tensor, positions: Tensor, sparse: Tensor | None, dense: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, 4, 256, 256) and predicted IoU (B, 4) for B prompts.

        `image` (1, 256, 64, 64), `positions` (1, 256, 64, 64): its positional encoding, `sparse`
        (B, 1, N, 256) or None, `dense` (1 or B, 256, 64, 64).
        """
        tokens, image = self.attend(image + dense, positions, sparse)
        return self.masks(tokens, image), self.predicted_iou(tokens)

    def attend(
        self, image: Tensor, positions: Tensor, sparse: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The two-way transformer: output tokens (B, 5 + N, 256) and image (B, 256, 64, 64).

        With one image for all prompts its first projections are made once: the layers broadcast
        (1, 1, 4096, C) against (B, 1, N, C), and only the first update of the image makes B of it.
        """
        tokens = torch.cat([self.iou_token.weight, self.mask_tokens.weight])[None, None]
        if sparse is not None:
            tokens = torch.cat([tokens.expand(sparse.shape[0], -1, -1, -1), sparse], dim=2)
        tokens, image_out = self.transformer(
            point_embeddings=tokens,
            image_embeddings=image,
            image_positional_embeddings=positions,
            attention_similarity=None,
        )
        return tokens[:, 0], image_out[:, 0].transpose(1, 2).reshape(-1, *image.shape[1:])

    def masks(self, tokens: Tensor, image: Tensor) -> Tensor:
        """(B, 4, 256, 256) logits: each mask token's vector times the upscaled image."""
        upscaled = self.activation(self.upscale_layer_norm(self.upscale_conv1(image)))
        upscaled = self.activation(self.upscale_conv2(upscaled))
        vectors = [mlp(tokens[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)]
        logits = torch.stack(vectors, dim=1) @ upscaled.flatten(2)
        masks: Tensor = logits.reshape(*logits.shape[:2], *upscaled.shape[-2:])
        return masks

    def predicted_iou(self, tokens: Tensor) -> Tensor:
        """(B, 4); known before any mask is."""
        iou: Tensor = self.iou_prediction_head(tokens[:, 0])
        return iou


class PromptedDecoder(nn.Module):
    """Prompt encoder and mask decoder: what a decoder digest stands for, in its plain form."""

    def __init__(self) -> None:
        super().__init__()
        config = SamMaskDecoderConfig(layer_norm_eps=_EPSILON)
        config._attn_implementation = "sdpa"
        self.prompt_encoder = PromptEncoder()
        self.mask_decoder = AllMasksDecoder(config)

    def forward(
        self,
        image: Tensor,
        points: Tensor | None,
        labels: Tensor | None,
        *,
        boxes: Tensor | None = None,
        masks: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, 4, 256, 256) and predicted IoU (B, 4) on `image` (1, 256, 64, 64).

        In pixels of the 1024² input: `points` (B, N, 2) xy with `labels` (B, N), `boxes` (B, 4)
        xyxy; `masks` (B, 1, 256, 256) logits.
        """
        sparse = self.prompt_encoder.sparse(points, labels, boxes)
        return self.from_embedded(image, sparse, self.prompt_encoder.dense(masks))

    def from_embedded(
        self, image: Tensor, sparse: Tensor | None, dense: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same for embedded prompts: `sparse` (B, N, 256) or None, `dense` as `PromptEncoder`
        has it."""
        positions = _as_image(self.prompt_encoder.positions())
        tokens = None if sparse is None else sparse[:, None]
        decoded: tuple[Tensor, Tensor] = self.mask_decoder(
            image, positions, tokens, dense.expand(-1, -1, GRID_SIDE, GRID_SIDE)
        )
        return decoded


def _as_image(rows: Tensor) -> Tensor:
    """(4096, 256) to (1, 256, 64, 64)."""
    return rows.T.reshape(1, CHANNELS, GRID_SIDE, GRID_SIDE)
