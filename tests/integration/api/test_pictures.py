"""Files, thumbnails, renditions and tiles over HTTP: made once, asked for once."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
from PIL import Image

from maskloop.platform.access import Role
from maskloop.platform.db.images import object_key
from maskloop.platform.images import Pixels
from maskloop.services.api.app import PREFIX

if TYPE_CHECKING:
    from sites.bench import Bench
    from sites.site import Site

ALL = ("file", "thumbnail", "rendition", "rendition?side=1024", "tiles/0/2/1", "tiles/2/0/0")
HEIGHT, WIDTH = 700, 1100


def picture() -> Pixels:
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([xs * 255 // WIDTH, ys * 255 // HEIGHT, xs * 0], axis=2).astype(np.uint8)


@pytest.fixture
def photos(site: "Site") -> int:
    """A project without images."""
    return site.project("photos")


def member(site: "Site", project_id: int, role: Role) -> httpx.Client:
    return site.person(role.value, roles=[role], project_id=project_id)


@pytest.fixture
def data(bench: "Bench") -> bytes:
    return bench.png(picture())


@pytest.fixture
def base(bench: "Bench", photos: int, data: bytes) -> str:
    """The address of an image, with a slash."""
    image = bench.add_image(photos, data, "s3://bucket/Ärger & co/cat's.png")
    return f"{PREFIX}/projects/{photos}/images/{image.id}/"


def test_the_file_is_what_was_added(site: "Site", photos: int, base: str, data: bytes) -> None:
    answer = member(site, photos, Role.LABELER).get(base + "file")
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == str(len(data))
    assert answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''cat%27s.png"
    assert answer.headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_is_no_longer_as_long_as_it_was_is_not_sent(
    site: "Site", photos: int, base: str, data: bytes
) -> None:
    key = object_key(hashlib.sha256(data).digest())
    site.runtime.objects.delete(key)
    site.runtime.objects.put(key, data[:-10])
    answer = member(site, photos, Role.LABELER).get(base + "file")
    assert (answer.status_code, answer.json()["code"]) == (409, "image_changed")


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("thumbnail", (256, 163)),
        ("rendition", (1100, 700)),
        ("rendition?side=1024", (1024, 652)),
        ("rendition?side=4096", (1100, 700)),
        ("tiles/0/0/0", (512, 512)),
        ("tiles/0/2/1", (76, 188)),
        ("tiles/2/0/0", (275, 175)),
    ],
)
def test_a_picture_is_a_jpeg_of_its_size(
    site: "Site", photos: int, base: str, path: str, size: tuple[int, int]
) -> None:
    answer = member(site, photos, Role.LABELER).get(base + path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(answer.content), formats=["JPEG"]) as opened:
        assert opened.size == size


@pytest.mark.parametrize("path", ALL)
def test_what_a_browser_has_is_not_sent_again(
    site: "Site", photos: int, base: str, path: str
) -> None:
    labeler = member(site, photos, Role.LABELER)
    first = labeler.get(base + path)
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = labeler.get(base + path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = labeler.get(base + path, headers={"If-None-Match": '"something else"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_pictures_of_one_image_have_names_of_their_own(
    site: "Site", photos: int, base: str
) -> None:
    labeler = member(site, photos, Role.LABELER)
    tags = {labeler.get(base + path).headers["ETag"] for path in ALL}
    assert len(tags) == len(ALL)


def test_many_browsers_at_once_cost_one_decode(site: "Site", photos: int, base: str) -> None:
    labeler = member(site, photos, Role.LABELER)
    places = [f"tiles/0/{column}/{row}" for column in range(3) for row in range(2)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda path: labeler.get(base + path), places * 2))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == len(places)
    assert site.context.renditions.decodes == 1
    labeler.get(base + places[0])
    assert site.context.renditions.decodes == 1


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("tiles/3/0/0", 404, "not_found"),
        ("tiles/0/3/0", 404, "not_found"),
        ("tiles/0/0/2", 404, "not_found"),
        ("tiles/-1/0/0", 422, "invalid_request"),
        ("tiles/0/0/99999999999", 422, "invalid_request"),
        ("rendition?side=1000", 422, "invalid_request"),
        ("rendition?side=x", 422, "invalid_request"),
    ],
)
def test_what_there_is_not_is_refused_without_a_decode(
    site: "Site", photos: int, base: str, path: str, status: int, code: str
) -> None:
    answer = member(site, photos, Role.LABELER).get(base + path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert site.context.renditions.decodes == 0


@pytest.mark.parametrize("path", ALL)
def test_pictures_of_others_do_not_exist(site: "Site", photos: int, base: str, path: str) -> None:
    """Not to who is no member; and not under another project's id."""
    assert site.person("stranger").get(base + path).status_code == 404
    others = site.project("others")
    labeler = member(site, others, Role.LABELER)
    moved = base.replace(f"/projects/{photos}/", f"/projects/{others}/")
    answer = labeler.get(moved + path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ALL)
def test_an_original_that_is_gone_is_named(
    site: "Site", photos: int, base: str, data: bytes, path: str
) -> None:
    key = f"images/{(digest := hashlib.sha256(data).hexdigest())[:2]}/{digest}"
    site.runtime.objects.delete(key)
    labeler = member(site, photos, Role.LABELER)
    answer = labeler.get(base + path)
    assert (answer.status_code, answer.json()["code"]) == (409, "object_missing")
    site.runtime.objects.put(key, data)
    assert labeler.get(base + path).status_code == 200
