"""Images that a person names on disk."""

import io
import os
import pickle
from pathlib import Path

import pytest

from maskloop.platform.errors import BadLocationError, ImageTooLargeError, ObjectMissingError
from maskloop.platform.storage.sources import Source, find_images

FILES = [
    ".hidden.jpg",
    ".thumbs/a.jpg",
    "2024/a.JPG",
    "2024/deep/er/b.png",
    "2024/notes.txt",
    "2024.jpg",
    "noext",
    "raw/c.dat",
    "raw/d[1].jpg",
    "z.tiff",
]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for name in FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def names(location: str, root: Path) -> list[str]:
    return [Path(source.uri).relative_to(root).as_posix() for source in find_images(location)]


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("", ["2024.jpg", "2024/a.JPG", "2024/deep/er/b.png", "raw/d[1].jpg", "z.tiff"]),
        ("/2024/", ["2024/a.JPG", "2024/deep/er/b.png"]),
        ("/2024/../raw", ["raw/d[1].jpg"]),
        ("/.thumbs", [".thumbs/a.jpg"]),
        ("/2024/notes.txt", ["2024/notes.txt"]),
        ("/noext", ["noext"]),
        ("/raw/d[1].jpg", ["raw/d[1].jpg"]),
        ("/*.jpg", ["2024.jpg"]),
        ("/*", ["2024.jpg", "2024/a.JPG", "2024/deep/er/b.png", "raw/d[1].jpg", "z.tiff"]),
        ("/**/*.jpg", ["2024.jpg", "raw/d[1].jpg"]),
        ("/**/*.[jJ]*", ["2024.jpg", "2024/a.JPG", "raw/d[1].jpg"]),
        ("/**", ["2024.jpg", "2024/a.JPG", "2024/deep/er/b.png", "raw/d[1].jpg", "z.tiff"]),
        ("/20*/**/*.png", ["2024/deep/er/b.png"]),
        ("/20??", ["2024/a.JPG", "2024/deep/er/b.png"]),
        ("/*/deep", ["2024/deep/er/b.png"]),
        ("/*w/*.dat", ["raw/c.dat"]),
        ("/.th*/*", [".thumbs/a.jpg"]),
        ("/*/**/**/?.JPG", ["2024/a.JPG"]),
    ],
)
def test_a_location_finds_its_images_in_order(
    photos: Path, below: str, expected: list[str]
) -> None:
    assert names(f"{photos}{below}", photos) == expected


def test_a_relative_path_and_a_file_url_give_absolute_uris(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    uri = str(photos / "z.tiff")
    assert [source.uri for source in find_images("z.tiff")] == [uri]
    assert [source.uri for source in find_images("*.tiff")] == [uri]
    assert [source.uri for source in find_images((photos / "z.tiff").as_uri())] == [uri]


def test_links_that_go_in_circles_are_walked_once(photos: Path) -> None:
    for name in ("2024/up", "2024/again", "raw/up"):
        (photos / name).symlink_to(photos)
    (photos / "raw/self").symlink_to("self")
    (photos / "raw/gone.jpg").symlink_to("nowhere")
    assert names(str(photos), photos) == [
        "2024.jpg",
        "2024/a.JPG",
        "2024/deep/er/b.png",
        "raw/d[1].jpg",
        "z.tiff",
    ]
    assert names(f"{photos}/**/*.png", photos) == ["2024/deep/er/b.png"]


def test_a_linked_file_and_a_linked_folder_are_found(photos: Path, tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    entry.mkdir()
    (entry / "folder").symlink_to(photos / "2024")
    (entry / "file.png").symlink_to(photos / "noext")
    assert names(str(entry), entry) == ["file.png", "folder/a.JPG", "folder/deep/er/b.png"]


def test_a_name_of_bytes_that_are_no_text_is_found_and_can_be_stored(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jpg")).write_bytes(b"x")
    (source,) = find_images(str(tmp_path))
    assert source.uri == f"{tmp_path}/\\udcff.jpg"
    assert source.read(1) == b"x"


@pytest.mark.parametrize(
    ("below", "reason"),
    [
        ("/none", "there is no file or folder of that name"),
        ("/noext/x.jpg", "there is no file or folder of that name"),
        ("/2024/deep2", "the folder holds no images (looked for .avif .bmp"),
        ("/none/*.jpg", "the pattern matches no image (looked for .avif .bmp"),
        ("/*.txt", "the pattern matches no image (looked for .avif .bmp"),
        ("/pipe", "it is neither a file nor a folder"),
    ],
)
def test_a_location_that_finds_nothing_says_why(photos: Path, below: str, reason: str) -> None:
    (photos / "2024/deep2").mkdir()
    os.mkfifo(photos / "pipe")
    with pytest.raises(BadLocationError) as caught:
        next(find_images(f"{photos}{below}"))
    assert str(caught.value).startswith(f"{photos}{below} cannot be used: {reason}")


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(BadLocationError, match=r"gs://b/x cannot be used: expected s3://"):
        next(find_images("gs://b/x"))


def test_a_source_tells_its_size_and_gives_its_bytes(photos: Path) -> None:
    (source,) = find_images(str(photos / "z.tiff"))
    assert source.size == 6
    assert source.read(6) == b"z.tiff"
    with source.open() as stream:
        assert stream.read(2) == b"z."
    assert pickle.loads(pickle.dumps(source)).read(6) == b"z.tiff"


def test_a_source_over_the_limit_is_not_opened(photos: Path) -> None:
    (source,) = find_images(str(photos / "z.tiff"))
    (photos / "z.tiff").unlink()
    with pytest.raises(ImageTooLargeError) as caught:
        source.read(5)
    assert caught.value.fields == {
        "source": str(photos / "z.tiff"),
        "reason": "over 5 bytes, the value of MASKLOOP_MAX_IMAGE_BYTES",
    }


def test_a_source_of_unknown_size_is_read_little_further_than_the_limit() -> None:
    class Counted(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            block = super().read(size)
            self.taken += len(block)
            return block

    stream = Counted(bytes(10 * 1024 * 1024))
    with pytest.raises(ImageTooLargeError):
        Source("s3://b/k", None, lambda: stream).read(1024 * 1024)
    assert stream.taken == 2 * 1024 * 1024


def test_a_file_removed_since_it_was_found_is_reported_missing(photos: Path) -> None:
    (source,) = find_images(str(photos / "z.tiff"))
    (photos / "z.tiff").unlink()
    with pytest.raises(ObjectMissingError) as caught:
        source.read(100)
    assert caught.value.fields == {"key": "z.tiff", "store": str(photos)}
