"""Uploads: each file has its outcome, limits hold while reading, and no bytes break the server."""

import io
import random
import struct
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from PIL import Image

from maskloop.platform.access import Role
from maskloop.platform.db import images
from maskloop.platform.db.images import object_key
from maskloop.platform.images import Pixels
from maskloop.services.api.app import PREFIX
from maskloop.services.api.uploads import MOST_FILES
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.site import Site

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # of damaged metadata

PIXELS: Pixels = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)


@pytest.fixture
def photos(site: "Site") -> int:
    """A project without images."""
    return site.project("photos")


def member(site: "Site", project_id: int, role: Role) -> httpx.Client:
    return site.person(role.value, roles=[role], project_id=project_id)


def encoded(pixels: Pixels, kind: str) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind)
    return data.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and has no pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + body + struct.pack(">I", zlib.crc32(body)) + end


def address(project_id: int) -> str:
    return f"{PREFIX}/projects/{project_id}/images"


def send(client: httpx.Client, project_id: int, *files: tuple[str, bytes]) -> httpx.Response:
    return client.post(address(project_id), files=[("files", file) for file in files])


def outcomes(answer: httpx.Response) -> list[tuple[str, str, str | None]]:
    return [(one["name"], one["outcome"], one.get("code")) for one in answer.json()["files"]]


def count(runtime: Runtime, project_id: int) -> int:
    with runtime.engine.connect() as connection:
        return images.count(connection, project_id)


def stored(runtime: Runtime) -> set[str]:
    return {info.key for info in runtime.objects.list("images/")}


def test_each_file_has_its_outcome(site: "Site", photos: int) -> None:
    png, jpeg = encoded(PIXELS, "PNG"), encoded(PIXELS, "JPEG")
    ops = member(site, photos, Role.OPS)
    answer = send(
        ops,
        photos,
        ("one.png", png),
        ("letter.jpg", b"Dear sir, this is no picture."),
        ("same.png", png),
        ("empty.jpg", b""),
        ("two.jpg", jpeg),
    )
    assert answer.status_code == 201
    assert outcomes(answer) == [
        ("one.png", "added", None),
        ("letter.jpg", "refused", "image_unreadable"),
        ("same.png", "known", None),
        ("empty.jpg", "refused", "image_empty"),
        ("two.jpg", "added", None),
    ]
    files: list[dict[str, Any]] = answer.json()["files"]
    assert files[0]["image_id"] == files[2]["image_id"] != files[4]["image_id"]
    assert files[1]["reason"] == (
        "upload:letter.jpg is not an image that can be read (no known image format). "
        "Convert it to JPEG or PNG."
    )
    listed = ops.get(address(photos)).json()["items"]
    assert [(one["source_uri"], one["width"], one["height"]) for one in listed] == [
        ("upload:one.png", 32, 24),
        ("upload:two.jpg", 32, 24),
    ]
    assert {object_key(bytes.fromhex(one["sha256"])) for one in listed} == stored(site.runtime)


def test_the_status_says_whether_anything_is_new(site: "Site", photos: int) -> None:
    ops = member(site, photos, Role.OPS)
    good, bad = ("one.png", encoded(PIXELS, "PNG")), ("bad.png", b"bad")
    assert send(ops, photos, bad).status_code == 422
    assert send(ops, photos, good, bad).status_code == 201
    assert send(ops, photos, good, bad).status_code == 200
    assert count(site.runtime, photos) == 1
    text = ops.get("/metrics").text
    for outcome, times in (("added", 1), ("known", 1), ("refused", 3)):
        assert f'maskloop_uploads_total{{outcome="{outcome}"}} {times}.0' in text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\photos\\cat.png", "cat.png"),
        ("a\x07b\u202e.png", "a\ufffdb\ufffd.png"),
        ("é" * 300 + ".png", "é" * 196 + ".png"),
        ("..", "unnamed"),
    ],
)
def test_a_file_keeps_the_last_part_of_its_name(
    site: "Site", photos: int, given: str, kept: str
) -> None:
    boundary = "frontier"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="'
    quoted = given.replace("\\", "\\\\")
    body = head.encode() + quoted.encode() + b'"\r\n\r\n' + encoded(PIXELS, "PNG")
    body += f"\r\n--{boundary}--\r\n".encode()
    answer = member(site, photos, Role.OPS).post(
        address(photos),
        content=body,
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    assert outcomes(answer) == [(kept, "added", None)]


def test_bombs_are_refused_by_their_header(site: "Site", photos: int) -> None:
    answer = send(
        member(site, photos, Role.OPS),
        photos,
        ("bomb.png", png_header(40_000, 40_000)),
        ("huge.png", png_header(2**31 - 1, 2**31 - 1)),
    )
    assert answer.status_code == 422
    assert {code for *_, code in outcomes(answer)} == {"image_too_large"}
    assert (count(site.runtime, photos), stored(site.runtime)) == (0, set())


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_beyond_the_limit_is_refused_while_it_is_read(
    site: "Site", photos: int, announced: bool
) -> None:
    """By its announced length, and without one when so much has come."""
    most = 64 * 1024
    settings = site.runtime.settings.model_copy(update={"max_image_bytes": most})
    object.__setattr__(site.runtime, "settings", settings)
    ops = member(site, photos, Role.OPS)
    size = most + 2 * 1024 * 1024
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    body = head + b"\0" * size
    pieces = [body] if announced else (body[i : i + 65536] for i in range(0, len(body), 65536))
    answer = ops.post(
        address(photos),
        content=body if announced else iter(pieces),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    assert send(ops, photos, ("one.png", encoded(PIXELS, "PNG"))).status_code == 201


@pytest.mark.parametrize(
    ("content_type", "body", "detail"),
    [
        ("application/json", b"{}", "multipart/form-data"),
        ("multipart/form-data", b"", "boundary"),
        ("multipart/form-data; boundary=b", b"--b--\r\n", "at least one file"),
        ("multipart/form-data; boundary=b", b"nothing of the kind", "multipart"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ntext\r\n--b--\r\n',
            "fields",
        ),
    ],
)
def test_a_body_without_files_is_refused_with_what_to_do(
    site: "Site", photos: int, content_type: str, body: bytes, detail: str
) -> None:
    answer = member(site, photos, Role.OPS).post(
        address(photos), content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_parameters"
    assert detail in answer.json()["detail"]


def test_more_files_than_one_request_may_have_are_refused(site: "Site", photos: int) -> None:
    ops = member(site, photos, Role.OPS)
    files = [(f"{number}.png", b"bad") for number in range(MOST_FILES + 1)]
    answer = send(ops, photos, *files)
    assert answer.status_code == 422
    assert "100" in answer.json()["detail"]
    assert len(send(ops, photos, *files[:-1]).json()["files"]) == MOST_FILES


def test_who_uploads_while_too_many_do_is_told_when_to_come_again(
    site: "Site", photos: int
) -> None:
    ops, one = member(site, photos, Role.OPS), ("one.png", encoded(PIXELS, "PNG"))
    site.server.app.state.uploads.under_way += 16
    busy = send(ops, photos, one)
    assert (busy.status_code, busy.json()["code"]) == (503, "server_busy")
    assert busy.headers["Retry-After"] == "2"
    site.server.app.state.uploads.under_way -= 16
    assert send(ops, photos, one).status_code == 201
    assert site.server.app.state.uploads.under_way == 0


@pytest.mark.parametrize("role", [Role.LABELER, Role.REVIEWER, Role.ML])
def test_who_may_not_add_images_adds_none(site: "Site", photos: int, role: Role) -> None:
    answer = send(member(site, photos, role), photos, ("one.png", encoded(PIXELS, "PNG")))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (count(site.runtime, photos), stored(site.runtime)) == (0, set())


def test_to_who_is_no_member_the_project_does_not_exist(site: "Site", photos: int) -> None:
    answer = send(site.person("stranger"), photos, ("one.png", encoded(PIXELS, "PNG")))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert count(site.runtime, photos) == 0


# --- what is broken at random ---------------------------------------------------------------------

KINDS = ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP")
BROKEN = 600


def broken(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(chance.choice([1, 2, 8, 40])):
        if len(found) < 40:
            break
        at = chance.randrange(chance.choice([min(200, len(found)), len(found)]))
        match chance.randrange(5):
            case 0 | 1:
                found[at] = chance.choice([0, 1, 127, 255, chance.randrange(256)])
            case 2:
                del found[at : at + chance.randrange(1, 5)]
            case 3:
                found[at:at] = chance.randbytes(chance.randrange(1, 5))
            case _:
                del found[max(20, at) :]
    return bytes(found)


def test_hundreds_of_broken_files_are_added_or_refused_and_never_an_error(
    site: "Site", photos: int
) -> None:
    chance = random.Random(7)
    whole = [encoded(PIXELS, kind) for kind in KINDS]
    files = [
        (f"{number}.{KINDS[number % len(KINDS)]}", broken(whole[number % len(KINDS)], chance))
        for number in range(BROKEN)
    ]
    bombs = [(f"bomb-{side}.png", png_header(side, side)) for side in range(20_000, 70_000, 5_000)]
    files += bombs
    chance.shuffle(files)
    ops = member(site, photos, Role.OPS)
    seen: Counter[str] = Counter()
    for first in range(0, len(files), MOST_FILES):
        answer = send(ops, photos, *files[first : first + MOST_FILES])
        assert answer.status_code in (200, 201, 422), answer.text
        for name, outcome, code in outcomes(answer):
            seen[outcome] += 1
            assert (code is not None) == (outcome == "refused")
            assert not name.startswith("bomb") or code == "image_too_large"
    assert seen.total() == BROKEN + len(bombs)
    assert min(seen["added"], seen["refused"]) > BROKEN // 10
    assert count(site.runtime, photos) == seen["added"] == len(stored(site.runtime))
    assert site.client().get("/healthz").status_code == 200
    # What was let in can be shown.
    for item in ops.get(address(photos), params={"limit": 1000}).json()["items"][::10]:
        shown = ops.get(f"{address(photos)}/{item['id']}/thumbnail")
        assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
