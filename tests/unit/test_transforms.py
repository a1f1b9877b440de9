"""The encoder's input and the way back, against values computed another way."""

import numpy as np
import numpy.typing as npt
import pytest
import torch

from maskloop.actors.sam.transforms import input_tensor, resized_hw, to_input_xy, upscale

MEAN = np.array([123.675, 116.28, 103.53])
STD = np.array([58.395, 57.12, 57.375])


def noise(height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def triangle_weights(old: int, new: int) -> npt.NDArray[np.float64]:
    """(new, old) of an antialiased bilinear resize: a triangle as wide as the scale, at least 1."""
    scale = old / new
    reach = max(scale, 1.0)
    centres = (np.arange(new) + 0.5) * scale
    distance = np.abs(np.arange(old)[None, :] + 0.5 - centres[:, None])
    weights = np.maximum(0.0, 1.0 - distance / reach)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("size_hw", "expected_hw"),
    [
        ((1200, 1800), (683, 1024)),
        ((534, 800), (684, 1024)),
        ((1024, 1024), (1024, 1024)),
        ((512, 512), (1024, 1024)),
        ((2048, 1023), (1024, 512)),
        ((2048, 1025), (1024, 513)),
        ((1, 1), (1024, 1024)),
        ((1, 5000), (1, 1024)),
    ],
)
def test_the_longest_side_becomes_1024_and_the_other_is_rounded_half_up(
    size_hw: tuple[int, int], expected_hw: tuple[int, int]
) -> None:
    assert resized_hw(size_hw) == expected_hw


@pytest.mark.parametrize("size_hw", [(1500, 2250), (300, 200)], ids=["smaller", "larger"])
def test_the_resize_is_bilinear_and_antialiased(size_hw: tuple[int, int]) -> None:
    pixels = noise(*size_hw)
    height, width = resized_hw(size_hw)
    rows, columns = triangle_weights(size_hw[0], height), triangle_weights(size_hw[1], width)
    resized = np.einsum("yh,hwc,xw->yxc", rows, pixels.astype(float), columns, optimize=True)
    expected = ((resized - MEAN) / STD).transpose(2, 0, 1)
    found = input_tensor(pixels)[0, :, :height, :width].numpy()
    # Bytes are rounded after each of the two axes: at most 1 of 255 away.
    assert np.abs(found - expected).max() < 1.01 / STD.min()


def test_an_image_of_1024_is_only_normalised_in_rgb_order() -> None:
    pixels = noise(1024, 1024)
    expected = ((pixels - MEAN) / STD).transpose(2, 0, 1)
    tensor = input_tensor(pixels)
    assert tensor.shape == (1, 3, 1024, 1024)
    assert tensor.dtype == torch.float32
    assert np.abs(tensor[0].numpy() - expected).max() < 1e-6


def test_the_padding_is_zero_after_normalising_to_the_right_and_below() -> None:
    wide, tall = input_tensor(noise(100, 400)), input_tensor(noise(400, 100))
    assert not wide[0, :, 256:].any()
    assert wide[0, :, 255].any()
    assert not tall[0, :, :, 256:].any()
    assert tall[0, :, :, 255].any()


def test_a_black_image_is_minus_mean_over_std_and_not_the_padding() -> None:
    tensor = input_tensor(np.zeros((10, 20, 3), dtype=np.uint8))
    assert tensor[0, :, 0, 0].tolist() == pytest.approx((-MEAN / STD).tolist(), abs=1e-6)
    assert tensor[0, :, 512, 0].tolist() == [0.0, 0.0, 0.0]


def test_the_pixels_of_the_caller_are_not_changed() -> None:
    pixels = noise(64, 64)
    before = pixels.copy()
    input_tensor(pixels)
    assert np.array_equal(pixels, before)


def test_points_are_scaled_by_each_axis_of_its_own() -> None:
    mapped = to_input_xy([[1800, 1200], [900, 0]], (1200, 1800), (683, 1024))
    assert mapped.dtype == np.float32
    assert mapped.tolist() == [[1024.0, 683.0], [512.0, 0.0]]


def test_upscaling_goes_through_1024_and_drops_the_padding() -> None:
    logits = torch.full((2, 3, 256, 256), 5.0)
    logits[..., 128:, :] = -5.0  # below the picture, whose resized height is 512
    upscaled = upscale(logits, (512, 1024), (300, 600))
    assert upscaled.shape == (2, 3, 300, 600)
    # Only the last row is touched by the interpolation across the border.
    assert torch.equal(upscaled[..., :296, :], torch.full((2, 3, 296, 600), 5.0))
    assert (upscaled > 0).all()


def test_upscaling_in_two_steps_has_the_values_of_two_interpolations() -> None:
    logits = torch.from_numpy(np.random.default_rng(3).normal(size=(256, 256)))
    rows = plain_bilinear(256, 1024)
    first = rows @ logits.numpy() @ rows.T
    expected = plain_bilinear(684, 534) @ first[:684] @ plain_bilinear(1024, 800).T
    found = upscale(logits, (684, 1024), (534, 800)).numpy()
    assert found.shape == (534, 800)
    assert np.abs(found - expected).max() < 1e-9


def plain_bilinear(old: int, new: int) -> npt.NDArray[np.float64]:
    """(new, old) without antialiasing, pixel centres at half, edges repeated."""
    position = np.maximum((np.arange(new) + 0.5) * old / new - 0.5, 0.0)
    left = np.minimum(np.floor(position).astype(int), old - 1)
    right = np.minimum(left + 1, old - 1)
    matrix = np.zeros((new, old))
    matrix[np.arange(new), left] += 1.0 - (position - left)
    matrix[np.arange(new), right] += position - left
    return matrix
