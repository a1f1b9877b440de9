"""Images added from manifests and prefixes: resumed cheaply, and past what cannot be read."""

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image as Pil
from typer.testing import CliRunner

from maskloop.platform.db import images
from maskloop.platform.errors import ManifestUnusableError, StoreUnavailableError
from maskloop.services import adding_images
from maskloop.services.adding_images import AddReport, Refusal, add_images, add_manifest
from maskloop.services.runtime import Runtime
from sites.s3_server import (
    BUCKET,
    OF_THE_MACHINE,
    Broken,
    S3Server,
    serving,
    standard_chain,
    with_bucket,
)

if TYPE_CHECKING:
    from sites.bench import Bench


@pytest.fixture
def s3_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Server]:
    for name, value in standard_chain(tmp_path).items():
        monkeypatch.setenv(name, value)
    for name in OF_THE_MACHINE:
        monkeypatch.delenv(name, raising=False)
    with serving() as state, with_bucket(state):
        yield state


@pytest.fixture
def put(s3_server: S3Server) -> Callable[[str, bytes], str]:
    """Put an object into the bucket; its ETag."""
    client = boto3.session.Session().client("s3", endpoint_url=s3_server.url)

    def put_object(key: str, body: bytes) -> str:
        return str(client.put_object(Bucket=BUCKET, Key=key, Body=body)["ETag"])

    return put_object


@pytest.fixture
def at(runtime: Runtime, s3_server: S3Server) -> Runtime:
    """The runtime, with the bucket's endpoint; its own store is a folder."""
    settings = runtime.settings.model_copy(update={"s3_endpoint_url": s3_server.url})
    return Runtime(settings, runtime.engine, runtime.objects)


@pytest.fixture
def project_id(bench: "Bench") -> int:
    return bench.make_project()


def png(number: int) -> bytes:
    """A small picture, another for every number."""
    data = io.BytesIO()
    pixels = np.full((2, 3, 3), number, dtype=np.uint8)
    Pil.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def gets(s3_server: S3Server) -> list[str]:
    """Keys of what was fetched since the last call, each once."""
    start = f"GET /{BUCKET}/"
    found = {line.removeprefix(start) for line in s3_server.requests if line.startswith(start)}
    s3_server.requests.clear()
    return sorted(found)


def write(tmp_path: Path, *lines: str) -> str:
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    return str(tmp_path / "list.csv")


def test_every_line_has_an_outcome_and_a_second_run_fetches_only_what_was_refused(
    at: Runtime,
    s3_server: S3Server,
    put: Callable[[str, bytes], str],
    project_id: int,
    tmp_path: Path,
) -> None:
    etags = {name: put(f"{name}.png", png(number)) for number, name in enumerate("abcde")}
    put("no.png", b"Dear sir, this is no picture.")
    (tmp_path / "disk.png").write_bytes(png(9))
    wrong = hashlib.sha256(b"other").hexdigest()
    right = hashlib.sha256(png(2)).hexdigest()
    manifest = write(
        tmp_path,
        "uri,size,etag,sha256,width,height",
        f"s3://{BUCKET}/a.png,,,,,",
        f"s3://{BUCKET}/b.png,{len(png(1))},{etags['b']},,3,2",
        f"s3://{BUCKET}/c.png,,,{right},,",
        f"s3://{BUCKET}/d.png,,other,,,",
        f"s3://{BUCKET}/e.png,,,{wrong},,",
        f"s3://{BUCKET}/e.png,,,,4,2",
        f"s3://{BUCKET}/e.png,1,,,,",
        f"s3://{BUCKET}/no.png,,,,,",
        f"s3://{BUCKET}/none.png,,,,,",
        f"s3://{BUCKET}/a.png,many,,,,",
        "disk.png,,,,,",
    )
    report = add_manifest(at, "photos", manifest)
    assert (report.added, report.known, report.seen) == (4, 0, 11)
    assert [(refusal.uri.rpartition("/")[2], refusal.code) for refusal in report.refused] == [
        ("d.png", "object_unreadable"),
        ("e.png", "image_differs"),
        ("e.png", "image_differs"),
        ("e.png", "image_differs"),
        ("no.png", "image_unreadable"),
        ("none.png", "object_missing"),
        ("list.csv:11", "bad_line"),
    ]
    assert report.refused[-1] == Refusal(
        "list.csv:11", "bad_line", "list.csv:11: size is not a whole number: 'many'."
    )
    assert "sha256" in report.refused[1].reason
    assert "3 by 2 pixels, it says 4 by 2" in report.refused[2].reason
    gets(s3_server)
    again = add_manifest(at, "photos", manifest)
    assert (again.added, again.known, again.refused) == (0, 4, report.refused)
    assert gets(s3_server) == ["d.png", "e.png", "no.png", "none.png"]


def test_a_line_whose_size_changed_is_read_again(
    at: Runtime,
    s3_server: S3Server,
    put: Callable[[str, bytes], str],
    project_id: int,
    tmp_path: Path,
) -> None:
    put("a.png", png(1))
    assert add_manifest(at, "photos", write(tmp_path, "uri", f"s3://{BUCKET}/a.png")).added == 1
    other = png(1) + b"trailing bytes"
    put("a.png", other)
    manifest = write(tmp_path, "uri,size", f"s3://{BUCKET}/a.png,{len(other)}")
    assert add_manifest(at, "photos", manifest) == AddReport(added=1)
    assert add_manifest(at, "photos", manifest) == AddReport(known=1)


def test_what_stands_before_a_damage_is_added_and_the_rest_when_it_is_mended(
    at: Runtime, project_id: int, tmp_path: Path
) -> None:
    for number in range(40):
        (tmp_path / f"{number}.png").write_bytes(png(number))
    noise = "".join(f"# {hashlib.sha256(b'%d' % n).hexdigest()}\n" for n in range(3000))
    text = "uri\n" + "".join(f"{n}.png\n" for n in range(20)) + noise + "39.png\n"
    whole = gzip.compress(text.encode())
    (tmp_path / "list.csv.gz").write_bytes(whole[: len(whole) // 2])
    manifest = str(tmp_path / "list.csv.gz")
    with pytest.raises(ManifestUnusableError, match="damaged behind line"):
        add_manifest(at, "photos", manifest)
    with at.engine.connect() as connection:
        assert images.count(connection, project_id) == 20
    (tmp_path / "list.csv.gz").write_bytes(whole)
    report = add_manifest(at, "photos", manifest)
    assert (report.added, report.known) == (1, 20)
    assert (len(report.refused), report.refused_untold) == (adding_images.MOST_TOLD, 2000)


def test_a_prefix_again_fetches_only_what_may_have_changed(
    at: Runtime, s3_server: S3Server, put: Callable[[str, bytes], str], project_id: int
) -> None:
    for number, name in enumerate("abc"):
        put(f"in/{name}.png", png(number))
    prefix = [f"s3://{BUCKET}/in"]
    assert add_images(at, "photos", prefix) == AddReport(added=3)
    assert gets(s3_server) == ["in/a.png", "in/b.png", "in/c.png"]
    assert add_images(at, "photos", prefix) == AddReport(known=3)
    assert gets(s3_server) == ["in/a.png", "in/b.png", "in/c.png"]  # written a moment ago
    with at.engine.begin() as connection:
        connection.execute(sa.text("UPDATE images SET created_at = created_at + '11 minutes'"))
    assert add_images(at, "photos", prefix) == AddReport(known=3)
    assert gets(s3_server) == []
    put("in/b.png", png(1) + b"trailing bytes")
    assert add_images(at, "photos", prefix) == AddReport(added=1, known=2)
    assert gets(s3_server) == ["in/b.png"]


def test_an_object_that_its_store_does_not_give_is_refused_and_the_others_are_added(
    at: Runtime, s3_server: S3Server, put: Callable[[str, bytes], str], project_id: int
) -> None:
    for number, name in enumerate("abc"):
        put(f"{name}.png", png(number))
    s3_server.fault = lambda request: (
        Broken.DROPPED if request["PATH_INFO"].endswith("b.png") else None
    )
    report = add_images(at, "photos", [f"s3://{BUCKET}"])
    assert (report.added, [refusal.code for refusal in report.refused]) == (
        2,
        ["store_unavailable"],
    )
    s3_server.fault = lambda request: None
    assert add_images(at, "photos", [f"s3://{BUCKET}"]) == AddReport(added=1, known=2)


def test_a_store_that_is_away_ends_the_run(
    at: Runtime, s3_server: S3Server, put: Callable[[str, bytes], str], project_id: int
) -> None:
    for number in range(12):
        put(f"{number:02}.png", png(number))

    def away(request: dict[str, Any]) -> Any:
        return Broken.DROPPED if request["PATH_INFO"].endswith(".png") else None

    s3_server.fault = away
    seen: list[int] = []
    with pytest.raises(StoreUnavailableError):
        add_images(
            at, "photos", [f"s3://{BUCKET}"], on_progress=lambda report: seen.append(report.seen)
        )
    assert seen == list(range(1, 8))


def test_the_index_of_places_is_used(at: Runtime, project_id: int) -> None:
    with at.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO images (project_id, sha256, source_uri, media_type, byte_size, width,"
                " height, exif_orientation) SELECT :p, sha256(n::text::bytea), 's3://b/' || n,"
                " 'image/png', 1, 1, 1, 1 FROM generate_series(1, 20000) n"
            ),
            {"p": project_id},
        )
        connection.execute(sa.text("ANALYZE images"))
    statements: list[tuple[str, Any]] = []

    def remember(*event: Any) -> None:
        statements.append((event[2], event[3]))

    sa.event.listen(at.engine, "before_cursor_execute", remember)
    try:
        with at.engine.connect() as connection:
            uris = [f"s3://b/{number}" for number in range(50)]
            found = images.from_sources(connection, project_id, uris)
    finally:
        sa.event.remove(at.engine, "before_cursor_execute", remember)
    assert len(found) == 49
    statement, values = statements[-1]
    with at.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    text = "\n".join(plan)
    assert "images_source" in text
    assert "Seq Scan" not in text


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["photos/", "--manifest", "list.csv"],
        ["photos/", "--columns", "uri"],
    ],
)
def test_the_command_takes_places_or_a_manifest(words: list[str]) -> None:
    from maskloop.services.cli.projects import images as commands

    result = CliRunner().invoke(commands, ["photos", *words])
    assert result.exit_code == 2
    assert "name either URIs, or a --manifest" in " ".join(result.output.split())
