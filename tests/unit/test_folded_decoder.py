"""The folded decoder equals the plain one, whatever the weights are."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from maskloop.actors.sam import folded_decoder
from maskloop.actors.sam.folded_decoder import MOST_TOKENS, OUTPUT_TOKENS, FoldedDecoder
from maskloop.actors.sam.mask_decoder import PromptedDecoder

Networks = tuple[PromptedDecoder, FoldedDecoder]
EMBEDDINGS = ("embed", "iou_token", "mask_tokens")


def made(seed: int, *, sharper: float = 1.0) -> Networks:
    """The same random weights in both forms; attention's keys are `sharper` times their size."""
    torch.manual_seed(seed)
    plain, folded = PromptedDecoder().eval(), FoldedDecoder().eval()
    for name, parameter in plain.named_parameters():
        values = torch.randn_like(parameter)
        if parameter.dim() > 1 and not any(
            part in name for part in ("embed", "iou_token", "mask_tokens")
        ):
            values *= parameter[0].numel() ** -0.5
        elif parameter.dim() == 1:
            values = 0.3 * values + float("norm" in name and name.endswith("weight"))
        if "k_proj.weight" in name and "self_attn" not in name:
            values *= sharper
        parameter.data.copy_(values)
    folded.load_state_dict(plain.state_dict())
    return plain, folded


@pytest.fixture(params=range(2))
def networks(request: pytest.FixtureRequest) -> Iterator[Networks]:
    with torch.inference_mode():
        yield made(request.param)


def prompts(points: int, *, box: bool = False, mask: bool = False) -> dict[str, Tensor | None]:
    corners = 1024 * torch.rand(2, 2, 2).sort(dim=1).values
    return {
        "points": 1024 * torch.rand(2, points, 2) if points else None,
        "labels": torch.randint(0, 2, (2, points)) if points else None,
        "boxes": corners.flatten(1) if box else None,
        "masks": 8 * torch.randn(1, 1, 256, 256) if mask else None,
    }


def difference(networks: Networks, prompts: dict[str, Tensor | None]) -> float:
    """The greatest of two prompts' logits and predicted IoU, relative to the greatest value."""
    plain, folded = networks
    image = torch.randn(256, 64, 64)
    points, labels, boxes, masks = prompts.values()
    expected = plain(image[None], points, labels, boxes=boxes, masks=masks)
    sparse = folded.prompt_encoder.sparse(points, labels, boxes)
    assert sparse is not None
    assert OUTPUT_TOKENS + sparse.shape[1] <= MOST_TOKENS
    side = folded.project((image + folded.prompt_encoder.dense(masks)[0]).flatten(1).T)
    found = folded(*side, *folded.places(), sparse)
    assert [tensor.shape for tensor in found] == [(2, 4, 256, 256), (2, 4)]
    pairs = zip(found, expected, strict=True)
    return max(float((ours - theirs).abs().max() / theirs.abs().max()) for ours, theirs in pairs)


@pytest.mark.parametrize(
    ("points", "box", "mask"),
    [
        (1, False, False),
        (3, False, False),
        (MOST_TOKENS - OUTPUT_TOKENS - 1, False, False),
        (0, True, False),
        (2, True, False),
        (MOST_TOKENS - OUTPUT_TOKENS - 2, True, False),
        (1, False, True),
        (0, True, True),
        (1, True, True),
    ],
)
def test_both_forms_give_the_same_for_every_kind_of_prompt(
    networks: Networks, points: int, box: bool, mask: bool
) -> None:
    assert difference(networks, prompts(points, box=box, mask=mask)) < 2e-5


@pytest.mark.parametrize(("seed", "sharper"), [(0, 8.0), (1, 7.0), (2, 8.0)])
def test_both_forms_give_the_same_where_attention_is_sharp(seed: int, sharper: float) -> None:
    with torch.inference_mode():
        networks = made(seed, sharper=sharper)
        layer = networks[0].mask_decoder.transformer.layers[0].cross_attn_image_to_token
        asked: dict[str, Tensor] = {}
        for name in ("q_proj", "k_proj"):
            projection = getattr(layer, name)
            projection.register_forward_hook(
                lambda _, __, out, name=name: asked.__setitem__(name, out)
            )
        assert difference(networks, prompts(9)) < 1e-4
        q, k = (asked[name][:, 0].unflatten(-1, (8, 16)).transpose(1, 2) for name in asked)
        scores = q @ k.transpose(2, 3) / 4
        highest = float((scores - scores.mean(-1, keepdim=True)).max())
        assert 60 < highest < 85


def test_tokens_far_apart_in_score_keep_their_shares_where_both_are_high() -> None:
    """Two of a head's tokens above 60: cut off there, they would share evenly."""
    scores = torch.zeros(1, 1, 8 * 15)
    scores[..., :15] = -150 / 13
    scores[..., 0], scores[..., 1] = 80.0, 70.0
    found = folded_decoder._shares(scores).unflatten(-1, (8, 15))
    expected = torch.softmax(scores.unflatten(-1, (8, 15)), dim=-1)
    assert torch.allclose(found, expected, atol=1e-6)


def test_every_weight_of_the_plain_form_is_in_the_folded_one() -> None:
    with torch.device("meta"):
        plain, folded = PromptedDecoder().state_dict(), FoldedDecoder().state_dict()
    shapes = [{name: tensor.shape for name, tensor in form.items()} for form in (plain, folded)]
    assert shapes[0] == shapes[1]


def test_prompts_decoded_together_do_not_mix(networks: Networks) -> None:
    _, folded = networks
    image, dense = torch.randn(256, 64, 64), folded.prompt_encoder.dense(None)[0]
    side = (*folded.project((image + dense).flatten(1).T), *folded.places())
    sparse = torch.randn(3, 4, 256)
    together, alone = folded(*side, sparse)[0][1:2], folded(*side, sparse[1:2])[0]
    assert (together - alone).abs().max() < 1e-5 * alone.abs().max()
