"""Pictures for people: sizes, tiles, colours and orientation."""

import hashlib
import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from maskloop.platform.errors import ImageTruncatedError, NotFoundError
from maskloop.platform.images import Limits, Pixels, read_to_show
from maskloop.platform.renditions import (
    Product,
    Rendition,
    Thumbnail,
    Tiles,
    check_tile,
    folder_of,
    key_of,
    level_size,
    levels,
    render,
    rendition_for,
    tile_key,
)


def slope(height: int, width: int) -> Pixels:
    """Red grows to the right, green downwards."""
    ys, xs = np.mgrid[:height, :width]
    found = np.stack([xs * 255 // width, ys * 255 // height, np.full_like(xs, 60)], axis=2)
    return np.asarray(found, dtype=np.uint8)


def saved(pixels: Pixels, fmt: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, fmt, **options)
    return data.getvalue()


def rendered(
    data: bytes, size_hw: tuple[int, int], *products: Product
) -> dict[str, npt.NDArray[np.int64]]:
    """Pixels by key, without the folder."""
    sha256 = hashlib.sha256(data).digest()
    made = render(data, sha256, products, size_hw=size_hw, source="photo", limits=Limits())
    found = {}
    for _, pictures in made:
        for picture in pictures:
            assert picture.key.startswith(f"{folder_of(sha256)}/")
            with Image.open(io.BytesIO(picture.data), formats=["JPEG"]) as opened:
                key = picture.key.removeprefix(f"{folder_of(sha256)}/")
                found[key] = np.asarray(opened.convert("RGB")).astype(np.int64)
    return found


def test_one_decode_makes_every_product_at_its_size() -> None:
    size = (1300, 2100)
    found = rendered(saved(slope(*size)), size, Thumbnail(), Rendition(1024), Tiles(2))
    assert {key: pixels.shape[:2] for key, pixels in found.items()} == {
        "thumbnail.jpg": (158, 256),
        "side-1024.jpg": (634, 1024),
        "tiles/2/0-0.jpg": (325, 512),
        "tiles/2/1-0.jpg": (325, 13),
    }


@pytest.mark.parametrize("level", [0, 1])
def test_the_tiles_of_a_level_laid_together_are_the_picture(level: int) -> None:
    size = (700, 1100)
    whole = slope(*size)
    height, width = level_size(size, level)
    laid = np.zeros((height, width, 3), dtype=np.int64)
    for key, pixels in rendered(saved(whole), size, Tiles(level)).items():
        column, row = map(int, key.removesuffix(".jpg").rpartition("/")[2].split("-"))
        top, left = row * 512, column * 512
        laid[top : top + 512, left : left + 512] = pixels
    step = 2**level
    expected = whole[step // 2 :: step, step // 2 :: step].astype(np.int64)
    assert np.abs(laid[: len(expected), : len(expected[0])] - expected).max() <= 8


def test_a_small_image_is_never_made_larger_and_all_its_sides_are_one() -> None:
    size = (300, 400)
    assert {rendition_for(side, size) for side in (1024, 2048, 4096)} == {Rendition(1024)}
    [(key, pixels)] = rendered(saved(slope(*size)), size, Rendition(1024)).items()
    assert (key, pixels.shape[:2]) == ("side-1024.jpg", size)


@pytest.mark.parametrize(
    ("side", "long", "enough"),
    [(1024, 1025, 1024), (4096, 1025, 2048), (2048, 9000, 2048), (4096, 9000, 4096)],
)
def test_the_smallest_side_that_shows_as_much_is_kept(side: int, long: int, enough: int) -> None:
    assert rendition_for(side, (10, long)) == Rendition(enough)


@pytest.mark.parametrize(
    ("size", "count"), [((1, 1), 1), ((512, 512), 1), ((513, 2), 2), ((4000, 6000), 5)]
)
def test_levels_end_with_a_single_tile(size: tuple[int, int], count: int) -> None:
    assert levels(size) == count
    check_tile(size, count - 1, 0, 0)
    with pytest.raises(NotFoundError, match=f"The image has levels 0 to {count - 1}"):
        check_tile(size, count, 0, 0)


def test_a_tile_outside_the_picture_is_refused_with_the_places_there_are() -> None:
    check_tile((700, 1100), 0, 2, 1)
    for column, row in ((3, 0), (0, 2)):
        with pytest.raises(NotFoundError) as caught:
            check_tile((700, 1100), 0, column, row)
        assert str(caught.value) == (
            f"There is no tile 0/{column}/{row}. Level 0 has 3 columns and 2 rows, counted from 0."
        )


def test_a_one_pixel_wide_image_has_every_product() -> None:
    size = (3000, 1)
    found = rendered(saved(slope(*size)), size, Thumbnail(), Rendition(2048), Tiles(0))
    assert found["thumbnail.jpg"].shape[:2] == (256, 1)
    assert found["side-2048.jpg"].shape[:2] == (2048, 1)
    assert [found[f"tiles/0/0-{row}.jpg"].shape[0] for row in range(6)] == [512] * 5 + [440]


def test_a_turned_photograph_is_upright_in_each_product() -> None:
    tags = Image.Exif()
    tags[0x0112] = 6  # is turned clockwise to be shown
    upright = slope(900, 600)
    data = saved(np.ascontiguousarray(np.rot90(upright)), "JPEG", exif=tags, quality=95)
    found = rendered(data, (900, 600), Thumbnail(), Rendition(1024))
    assert found["thumbnail.jpg"].shape[:2] == (256, 171)
    for pixels in (found["thumbnail.jpg"], found["side-1024.jpg"]):
        assert pixels[10, -10, 0] > 230
        assert pixels[10, -10, 1] < 25
    alone = rendered(data, (900, 600), Thumbnail())["thumbnail.jpg"]
    assert np.abs(alone - found["thumbnail.jpg"]).max() < 12


def test_a_large_jpeg_is_decoded_small_where_that_will_do() -> None:
    data = saved(slope(2400, 3200), "JPEG", quality=95)
    assert read_to_show(data, "photo", least_side=512).pixels.shape == (600, 800, 3)
    assert read_to_show(data, "photo", least_side=400).pixels.shape == (300, 400, 3)
    assert read_to_show(data, "photo").pixels.shape == (2400, 3200, 3)
    png = saved(slope(240, 320))
    assert read_to_show(png, "photo", least_side=10).pixels.shape == (240, 320, 3)


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
NOT_OF_COLOURS = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()


def test_colours_are_turned_into_srgb_by_the_file_s_own_profile() -> None:
    """A profile whose red is green and the other way round."""
    swapped = SRGB.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    pixels = slope(64, 64)
    found = rendered(saved(pixels, icc_profile=swapped), (64, 64), Rendition(1024))
    assert np.abs(found["side-1024.jpg"] - pixels[..., [1, 0, 2]]).max() <= 8


def test_an_srgb_profile_changes_nothing() -> None:
    plain, tagged = saved(slope(64, 64)), saved(slope(64, 64), icc_profile=SRGB)
    ours = rendered(tagged, (64, 64), Thumbnail())["thumbnail.jpg"]
    assert np.abs(ours - rendered(plain, (64, 64), Thumbnail())["thumbnail.jpg"]).max() <= 2


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200, NOT_OF_COLOURS])
def test_a_profile_that_cannot_be_used_is_no_fault_of_the_pixels(profile: bytes) -> None:
    plain, tagged = saved(slope(64, 64)), saved(slope(64, 64), icc_profile=profile)
    ours = rendered(tagged, (64, 64), Thumbnail())["thumbnail.jpg"]
    np.testing.assert_array_equal(ours, rendered(plain, (64, 64), Thumbnail())["thumbnail.jpg"])


def test_a_damaged_image_is_named() -> None:
    data = saved(slope(64, 64))
    with pytest.raises(ImageTruncatedError, match="photo ends before its picture does"):
        rendered(data[: len(data) // 2], (64, 64), Thumbnail())


def test_keys_say_what_a_picture_depends_on() -> None:
    digest = bytes(range(32))
    folder = f"renditions/v1.1/00/{digest.hex()}"
    assert key_of(digest, Thumbnail()) == f"{folder}/thumbnail.jpg"
    assert key_of(digest, Rendition(2048)) == f"{folder}/side-2048.jpg"
    assert tile_key(digest, 3, 1, 2) == f"{folder}/tiles/3/1-2.jpg"
