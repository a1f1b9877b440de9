"""Images that a person names in a bucket."""

import pickle
from typing import Any

import pytest

from maskloop.platform.errors import BadLocationError, ImageTooLargeError
from maskloop.platform.storage.sources import find_images

BUCKET = "pictures"
KEYS = [
    "2024/a.JPG",
    "2024/b/c.png",
    "2024/b/notes.txt",
    "2024/.thumbs/a.jpg",
    "2024//odd.jpg",
    "2024-old/d.jpg",
    "e.webp",
    "raw/f.dat",
    "raw/g[1].jpg",
    "2024/",
]


@pytest.fixture
def endpoint(s3_server: Any, s3_client: Any) -> str:
    for key in KEYS:
        s3_client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    return str(s3_server.url)


@pytest.mark.parametrize(
    ("location", "keys"),
    [
        (
            "s3://pictures",
            [
                "2024-old/d.jpg",
                "2024//odd.jpg",
                "2024/a.JPG",
                "2024/b/c.png",
                "e.webp",
                "raw/g[1].jpg",
            ],
        ),
        ("s3://pictures/2024", ["2024//odd.jpg", "2024/a.JPG", "2024/b/c.png"]),
        ("s3://pictures/2024/", ["2024//odd.jpg", "2024/a.JPG", "2024/b/c.png"]),
        ("s3://pictures/2024/b", ["2024/b/c.png"]),
        ("s3://pictures/raw/f.dat", ["raw/f.dat"]),
        ("s3://pictures/raw/g[1].jpg", ["raw/g[1].jpg"]),
        ("s3://pictures/raw/*.dat", ["raw/f.dat"]),
        ("s3://pictures/**/*.png", ["2024/b/c.png"]),
        ("s3://pictures/20*", ["2024-old/d.jpg", "2024//odd.jpg", "2024/a.JPG", "2024/b/c.png"]),
    ],
)
def test_a_location_in_a_bucket_finds_its_images(
    endpoint: str, location: str, keys: list[str]
) -> None:
    found = [source.uri for source in find_images(location, s3_endpoint_url=endpoint)]
    assert found == [f"s3://pictures/{key}" for key in keys]


def test_what_is_found_can_be_read_even_after_pickling(endpoint: str) -> None:
    sources = list(find_images("s3://pictures/2024", s3_endpoint_url=endpoint))
    assert [source.size for source in sources] == [13, 10, 12]
    assert [source.read(13) for source in sources] == [
        b"2024//odd.jpg",
        b"2024/a.JPG",
        b"2024/b/c.png",
    ]
    assert pickle.loads(pickle.dumps(sources[0])).read(13) == b"2024//odd.jpg"


def test_an_object_over_the_limit_is_never_asked_for(endpoint: str, s3_server: Any) -> None:
    (source,) = find_images("s3://pictures/e.webp", s3_endpoint_url=endpoint)
    s3_server.requests.clear()
    with pytest.raises(ImageTooLargeError) as caught:
        source.read(5)
    assert caught.value.fields["source"] == "s3://pictures/e.webp"
    assert s3_server.requests == []


@pytest.mark.parametrize("location", ["s3://pictures/none", "s3://pictures/*/*.png"])
def test_a_location_without_images_is_refused(endpoint: str, location: str) -> None:
    with pytest.raises(BadLocationError) as caught:
        next(find_images(location, s3_endpoint_url=endpoint))
    assert str(caught.value).startswith(
        f"{location} cannot be used: there is no object of that name and no image below it "
        "(looked for .avif .bmp"
    )


def test_a_location_without_a_bucket_is_refused() -> None:
    with pytest.raises(BadLocationError, match="it names no bucket"):
        next(find_images("s3:///key.jpg"))
