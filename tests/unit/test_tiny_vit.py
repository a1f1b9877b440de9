"""The encoder's structure, with random weights."""

import torch

from maskloop.actors.sam.tiny_vit import ChannelNorm, TinyViT, WindowAttention
from maskloop.actors.sam.tiny_vit import relative_position_index as position_index


def test_the_index_of_a_window_of_two_is_the_distance_in_rows_and_columns() -> None:
    assert position_index(2).tolist() == [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]


def test_the_index_is_symmetric_and_its_first_row_counts_all_distances() -> None:
    index = position_index(7)
    assert torch.equal(index, index.T)
    assert index[0].tolist() == list(range(49))
    assert index.diagonal().tolist() == [0] * 49


def test_the_index_is_real_even_while_modules_are_built_without_memory() -> None:
    with torch.device("meta"):
        attention = WindowAttention(64, 7)
    assert attention.index.device.type == "cpu"
    assert attention.attention_biases.device.type == "meta"


def test_the_encoder_has_the_number_of_parameters_of_tiny_vit_5m_with_the_neck() -> None:
    with torch.device("meta"):
        encoder = TinyViT()
    # Without the classifier, and with the batch normalisations folded into the convolutions.
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 5_738_964


def test_every_position_of_the_embedding_stands_for_16_pixels() -> None:
    encoder = TinyViT().eval()
    with torch.inference_mode():
        features = encoder(torch.zeros(2, 3, 160, 96))
    assert features.shape == (2, 256, 10, 6)


def test_images_of_a_batch_do_not_mix() -> None:
    torch.manual_seed(0)
    encoder = TinyViT().eval()
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        together = encoder(pictures)
        alone = encoder(pictures[1:])
    assert torch.allclose(together[1:], alone, atol=1e-5)


def test_a_window_attends_only_within_itself() -> None:
    torch.manual_seed(0)
    attention = WindowAttention(64, 7).eval()
    windows = torch.randn(3, 49, 64)
    changed = windows.clone()
    changed[0] += 1.0 + torch.randn(49, 64)
    with torch.inference_mode():
        before, after = attention(windows), attention(changed)
    assert not torch.allclose(before[0], after[0], atol=1e-3)
    assert torch.allclose(before[1:], after[1:], atol=1e-6)


def test_the_rows_of_qkv_are_query_key_and_value_of_one_head_after_another() -> None:
    torch.manual_seed(0)
    attention = WindowAttention(64, 7).eval()
    torch.nn.init.normal_(attention.attention_biases)
    windows = torch.randn(3, 49, 64)
    with torch.inference_mode():
        found = attention(windows)
        rows = attention.qkv(attention.norm(windows))
        heads = []
        for head, bias in zip(rows.chunk(2, dim=2), attention.attention_biases, strict=True):
            query, key, value = head.split(32, dim=2)
            logits = query @ key.transpose(1, 2) / 32**0.5 + bias[attention.index]
            heads.append(logits.softmax(dim=2) @ value)
        expected = attention.proj(torch.cat(heads, dim=2))
    assert torch.allclose(found, expected, atol=1e-5)


def test_the_neck_normalises_every_position_over_its_channels() -> None:
    normed = ChannelNorm(8)(3.0 + 5.0 * torch.randn(1, 8, 4, 4))
    assert torch.allclose(normed.mean(dim=1), torch.zeros(1, 4, 4), atol=1e-5)
    assert torch.allclose(normed.var(dim=1, unbiased=False), torch.ones(1, 4, 4), atol=1e-3)
