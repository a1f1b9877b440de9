"""Projects are made by name; images are checked, stored and registered once."""

import hashlib
import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image as Pil

from maskloop.platform.db import images
from maskloop.platform.db.images import Image, object_key
from maskloop.platform.db.projects import Category, Project, ProjectSummary, list_categories
from maskloop.platform.errors import (
    AlreadyExistsError,
    BadLocationError,
    BadNameError,
    MaskloopError,
    NotFoundError,
    StoreUnavailableError,
)
from maskloop.platform.images import Pixels
from maskloop.platform.states import ProjectMode
from maskloop.platform.storage import open_store
from maskloop.services.adding_images import AddReport, Refusal, add_images
from maskloop.services.projects import create_project, list_projects
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench

# --- projects -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cats", "0", "a.b_c-d", "x" * 64])
def test_a_project_is_made_with_its_categories(runtime: Runtime, name: str) -> None:
    made = create_project(runtime, name, ["cat", "Gerät", "cat"])
    assert list_projects(runtime) == [
        ProjectSummary(Project(made.id, name), 2, 0, ProjectMode.AUTOMATIC)
    ]
    with runtime.engine.connect() as connection:
        found = list_categories(connection, made.id)
    assert [category.name for category in found] == ["cat", "Gerät"]
    assert all(isinstance(category, Category) for category in found)


@pytest.mark.parametrize(
    "name", ["", "Cats", "-cats", ".cats", "two words", "cats\n", "x" * 65, "katzen/1", "žába"]
)
def test_a_name_that_would_not_do_in_addresses_is_refused(runtime: Runtime, name: str) -> None:
    with pytest.raises(BadNameError) as caught:
        create_project(runtime, name)
    assert str(caught.value) == (
        f"{name!r} cannot name a project: use up to 64 of a-z, 0-9, dot, dash and underscore, "
        "with a letter or digit first."
    )
    assert list_projects(runtime) == []


@pytest.mark.parametrize("category", ["", " cat", "cat ", "x" * 101, "a\0b", "a\nb", "a\udc80"])
def test_a_bad_category_is_refused_and_no_project_is_made(runtime: Runtime, category: str) -> None:
    with pytest.raises(BadNameError) as caught:
        create_project(runtime, "cats", ["dog", category])
    assert caught.value.fields["name"] == category
    assert list_projects(runtime) == []


def test_a_name_is_given_once(runtime: Runtime) -> None:
    create_project(runtime, "cats", ["cat"])
    with pytest.raises(AlreadyExistsError, match="There is already a project cats"):
        create_project(runtime, "cats", ["dog"])
    [summary] = list_projects(runtime)
    assert (summary.project.name, summary.categories) == ("cats", 1)


def test_the_schema_refuses_the_names_that_the_service_refuses(runtime: Runtime) -> None:
    for name in ("", "Cats", "-cats", "cats\n", "x" * 65):
        refused = pytest.raises(sa.exc.IntegrityError, match="projects_name_check")
        with refused, runtime.engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO projects (name) VALUES (:n)"), {"n": name})


# --- images ---------------------------------------------------------------------------------------

PIXELS: Pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def encoded(pixels: Pixels, kind: str, **options: object) -> bytes:
    data = io.BytesIO()
    Pil.fromarray(pixels).save(data, kind, **options)
    return data.getvalue()


def bomb() -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    end = b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + body + struct.pack(">I", zlib.crc32(body)) + end


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good images, one of them twice, and a file of each bad kind."""
    place = tmp_path / "photos"
    (place / "below").mkdir(parents=True)
    jpeg = encoded(PIXELS, "JPEG")
    turned = Pil.Exif()
    turned[0x0112] = 6
    moving = [Pil.fromarray(255 - PIXELS)]
    files = {
        "animated.gif": encoded(PIXELS, "GIF", save_all=True, append_images=moving),
        "below/copy of jpeg.jpg": jpeg,
        "bomb.png": bomb(),
        "empty.jpg": b"",
        "jpeg.jpg": jpeg,
        "letter.jpg": b"Dear sir, this is no picture.",
        "notes.txt": b"no image, by its name",
        "png.PNG": encoded(PIXELS, "PNG"),
        "truncated.jpg": jpeg[: len(jpeg) - 200],
        "turned.webp": encoded(PIXELS, "WEBP", exif=turned),
    }
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


@pytest.fixture
def project_id(bench: "Bench") -> int:
    return bench.make_project()


def registered(runtime: Runtime, project_id: int) -> list[Image]:
    with runtime.engine.connect() as connection:
        return [image for page in images.pages(connection, project_id, size=2) for image in page]


def stored(runtime: Runtime) -> set[str]:
    return {info.key for info in runtime.objects.list("")}


def test_a_folder_is_added_and_each_bad_file_is_refused_with_its_reason(
    runtime: Runtime, folder: Path, project_id: int
) -> None:
    seen: list[int] = []
    report = add_images(
        runtime, "photos", [str(folder)], on_progress=lambda so_far: seen.append(so_far.seen)
    )
    codes = {refusal.uri.removeprefix(f"{folder}/"): refusal.code for refusal in report.refused}
    assert codes == {
        "animated.gif": "image_animated",
        "bomb.png": "image_too_large",
        "empty.jpg": "image_empty",
        "letter.jpg": "image_unreadable",
        "truncated.jpg": "image_truncated",
    }
    assert (report.added, report.known, report.seen) == (3, 1, 9)
    assert seen == list(range(1, 10))
    assert (
        Refusal(
            str(folder / "letter.jpg"),
            "image_unreadable",
            f"{folder}/letter.jpg is not an image that can be read (no known image format). "
            "Convert it to JPEG or PNG.",
        )
        in report.refused
    )


def test_what_is_registered_is_what_was_read_and_its_bytes_are_stored(
    runtime: Runtime, folder: Path, project_id: int
) -> None:
    add_images(runtime, "photos", [str(folder)])
    found = {Path(image.source_uri).name: image for image in registered(runtime, project_id)}
    assert set(found) == {"copy of jpeg.jpg", "png.PNG", "turned.webp"}
    for name, image in found.items():
        data = next(folder.rglob(name)).read_bytes()
        assert image.sha256 == hashlib.sha256(data).digest()
        assert runtime.objects.get(image.key) == data
    assert (found["png.PNG"].width, found["png.PNG"].height) == (32, 24)
    assert (found["turned.webp"].width, found["turned.webp"].height) == (24, 32)
    assert stored(runtime) == {image.key for image in found.values()}
    with runtime.engine.connect() as connection:
        facts = connection.execute(
            sa.text("SELECT media_type, exif_orientation FROM images ORDER BY media_type")
        ).all()
    assert facts == [("image/jpeg", 1), ("image/png", 1), ("image/webp", 6)]


def test_adding_the_folder_again_adds_nothing(
    runtime: Runtime, folder: Path, project_id: int
) -> None:
    add_images(runtime, "photos", [str(folder)])
    before, objects = registered(runtime, project_id), stored(runtime)
    again = add_images(runtime, "photos", [str(folder)])
    assert (again.added, again.known, len(again.refused)) == (0, 4, 5)
    assert registered(runtime, project_id) == before
    assert stored(runtime) == objects


def test_the_same_bytes_in_two_projects_are_two_images_and_one_object(
    runtime: Runtime, bench: "Bench", folder: Path, project_id: int
) -> None:
    bench.project = "others"
    other_id = bench.make_project()
    one = str(folder / "png.PNG")
    assert add_images(runtime, "photos", [one]) == AddReport(added=1)
    assert add_images(runtime, "others", [one]) == AddReport(added=1)
    [ours], [theirs] = registered(runtime, project_id), registered(runtime, other_id)
    assert ours.id != theirs.id
    assert ours.sha256 == theirs.sha256
    assert stored(runtime) == {object_key(ours.sha256)}


def test_a_project_that_does_not_exist_is_named_and_nothing_is_stored(
    runtime: Runtime, folder: Path, project_id: int
) -> None:
    with pytest.raises(NotFoundError) as caught:
        add_images(runtime, "fotos", [str(folder)])
    assert str(caught.value) == "There is no project fotos. There are: photos"
    assert stored(runtime) == set()


def test_a_place_without_images_is_an_error(
    runtime: Runtime, tmp_path: Path, project_id: int
) -> None:
    (tmp_path / "bare").mkdir()
    for place in ("bare", "nowhere"):
        with pytest.raises(BadLocationError):
            add_images(runtime, "photos", [str(tmp_path / place)])
    assert registered(runtime, project_id) == []


def test_the_settings_limits_hold(runtime: Runtime, folder: Path, project_id: int) -> None:
    one = folder / "png.PNG"
    size = one.stat().st_size
    for limits, reason in (
        ({"max_image_pixels": 24 * 32 - 1}, "32 by 24 pixels, the limit is 767 pixels"),
        (
            {"max_image_bytes": size - 1},
            f"over {size - 1:,} bytes, the value of MASKLOOP_MAX_IMAGE_BYTES",
        ),
    ):
        tight = replace(runtime, settings=runtime.settings.model_copy(update=limits))
        [refusal] = add_images(tight, "photos", [str(one)]).refused
        assert refusal.code == "image_too_large"
        assert reason in refusal.reason
    exact = {"max_image_pixels": 24 * 32, "max_image_bytes": size}
    fits = replace(runtime, settings=runtime.settings.model_copy(update=exact))
    assert add_images(fits, "photos", [str(one)]) == AddReport(added=1)


@pytest.mark.parametrize(
    ("blocked", "error"), [("images", BadLocationError), ("device", StoreUnavailableError)]
)
def test_a_store_that_fails_ends_the_run_and_nothing_is_registered(
    runtime: Runtime,
    folder: Path,
    project_id: int,
    tmp_path: Path,
    blocked: str,
    error: type[MaskloopError],
) -> None:
    if blocked == "images":
        (tmp_path / "blocked").write_text("a file where the store's folder should be")
        broken = open_store(str(tmp_path / "blocked"))
    else:
        broken = open_store("/proc/self/fd/store")  # no folder can be made here
    with pytest.raises(error) as caught:
        add_images(replace(runtime, objects=broken), "photos", [str(folder)])
    assert str(broken.url) in str(caught.value)
    assert registered(runtime, project_id) == []
    assert stored(runtime) == set()
    assert add_images(runtime, "photos", [str(folder)]).added == 3


def test_an_object_without_a_row_is_registered_by_the_next_run(
    runtime: Runtime, folder: Path, project_id: int
) -> None:
    """What a run leaves that is killed between object and row."""
    data = (folder / "png.PNG").read_bytes()
    runtime.objects.put(object_key(hashlib.sha256(data).digest()), data)
    assert add_images(runtime, "photos", [str(folder / "png.PNG")]) == AddReport(added=1)
    assert len(registered(runtime, project_id)) == 1
