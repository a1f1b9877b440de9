"""The model that is trained: a decoder, and with adapters the encoder before it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.mask_decoder import PromptedDecoder
from maskloop.actors.sam.tiny_vit import TinyViT
from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.actors.training.adapters import AdaptedEncoder
from maskloop.actors.training.plan import TrainingPlan
from maskloop.actors.training.prompts import Asked
from maskloop.platform.training import Recipe

Weights = dict[str, Tensor]
"""By name, on the processor: "decoder/…" and, where it is adapted, "encoder/…"."""

_DECODER = "decoder/"
_ENCODER = "encoder/"


@dataclass(frozen=True, eq=False)
class Seen:
    """An image as it was read: features (256, 64, 64), or the input (1, 3, 1024, 1024) where the
    encoder is trained too."""

    features: Tensor | None
    pixels: Tensor | None
    size_hw: tuple[int, int]


class Student(nn.Module):
    """`encoder` is None where stored embeddings are the input."""

    def __init__(
        self, decoder: PromptedDecoder, encoder: nn.Module | None, compute: Compute
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.encoder = encoder
        self.device = torch.device(compute.device)
        self._bf16 = compute.precision == "bf16"

    def trainable(self) -> dict[str, nn.Parameter]:
        return {name: p for name, p in self.named_parameters() if p.requires_grad}

    def precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._bf16)

    def features(self, seen: Seen) -> Tensor:
        """(1, 256, 64, 64)."""
        if seen.features is not None:
            return seen.features.to(self.device)[None]
        assert self.encoder is not None
        assert seen.pixels is not None
        with self.precision():
            encoded: Tensor = self.encoder(seen.pixels.to(self.device))
        return encoded.float()

    def answer(
        self, features: Tensor, asked: list[Asked], fed_back: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, 4, 256, 256) and predicted IoU (B, 4), float32, for prompts of one shape;
        `fed_back`: (B, 256, 256) logits of the answers before."""
        points, with_box = asked[0].shape
        xy = labels = boxes = None
        if points:
            xy = torch.tensor([each.points_xy for each in asked], device=self.device)
            labels = torch.tensor([each.labels for each in asked], device=self.device)
        if with_box:
            boxes = torch.tensor([each.box_xyxy for each in asked], device=self.device)
        masks = None if fed_back is None else fed_back[:, None]
        with self.precision():
            logits, predicted = self.decoder(features, xy, labels, boxes=boxes, masks=masks)
        return logits.float(), predicted.float()

    def plain(self) -> Weights:
        """A copy of everything that training may change, with adapters merged."""
        state = self.decoder.state_dict()
        decoder = {_DECODER + name: value.detach().cpu().clone() for name, value in state.items()}
        encoder = self.encoder.merged() if isinstance(self.encoder, AdaptedEncoder) else {}
        return decoder | {_ENCODER + name: value for name, value in encoder.items()}


def load_student(
    folder: WeightsFolder,
    *,
    encoder_digest: str,
    decoder_digest: str,
    recipe: Recipe,
    compute: Compute,
) -> Student:
    """The parent, ready to learn. Raises what `load_module` does, and `BadParametersError` where
    adapters are asked for that are not installed."""
    decoder = load_decoder_module(folder, decoder_digest)
    encoder = None
    if recipe.lora_rank:
        encoder = AdaptedEncoder.load(folder, encoder_digest, recipe.lora_rank, recipe.seed)
    student = Student(decoder, encoder, compute).to(compute.device).train()
    decoder.prompt_encoder.requires_grad_(recipe.train_prompt_encoder)
    # Fixed since SAM was made: places would change their meaning.
    decoder.prompt_encoder.shared_embedding.requires_grad_(False)
    return student


def frozen(folder: WeightsFolder, digest: str, compute: Compute) -> Student:
    """A decoder that answers and does not learn."""
    student = Student(load_decoder_module(folder, digest), None, compute)
    return student.to(compute.device).eval().requires_grad_(False)


def answering(weights: Weights, compute: Compute) -> Student:
    """A model of plain weights, that answers and does not learn."""
    with torch.device("meta"):  # no time is spent on random weights
        decoder, encoder = PromptedDecoder(), TinyViT() if encoder_tensors(weights) else None
    decoder.load_state_dict(decoder_tensors(weights), assign=True)
    if encoder is not None:
        encoder.load_state_dict(encoder_tensors(weights), assign=True)
    return Student(decoder, encoder, compute).to(compute.device).eval().requires_grad_(False)


def load_decoder_module(folder: WeightsFolder, digest: str) -> PromptedDecoder:
    return load_module(folder, digest, architecture=DECODER_ARCHITECTURE, build=PromptedDecoder)


def stored_weights(folder: WeightsFolder, plan: TrainingPlan) -> Weights:
    """The parent's; of its encoder too where that is trained."""
    weights = {_DECODER + k: v for k, v in folder.load(plan.decoder_digest)[1].items()}
    if plan.recipe.lora_rank:
        weights |= {_ENCODER + k: v for k, v in folder.load(plan.encoder_digest)[1].items()}
    return weights


def decoder_tensors(weights: Weights) -> Weights:
    """By the names of a stored decoder."""
    return _part(weights, _DECODER)


def encoder_tensors(weights: Weights) -> Weights:
    """By the names of a stored encoder; empty where it was not trained."""
    return _part(weights, _ENCODER)


def _part(weights: Weights, prefix: str) -> Weights:
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
