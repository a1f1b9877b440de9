"""The Python client against the real server, and what it does when the server is slow or away."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from maskloop.platform.db import model_versions
from maskloop.platform.errors import (
    BadLocationError,
    NotFoundError,
    RemoteError,
    ServerUnreachableError,
)
from maskloop.platform.masks import Rle
from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.people import create_user
from maskloop.services.runtime import Runtime
from maskloop.services.sdk import Client
from maskloop.services.tokens import create_token
from sites.bench import Bench
from sites.idle import Idle


@pytest.fixture
def client(runtime: Runtime) -> Iterator[Client]:
    create_user(runtime, "ann", is_admin=True)
    token = create_token(runtime, "ann", name="test").text
    with (
        running(make_context(runtime, Idle(), host="127.0.0.1")) as server,
        Client(server.url, token=token) as made,
    ):
        yield made


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = []
    for seed in range(3):
        pixels = np.random.default_rng(seed).integers(0, 255, (20, 30, 3), dtype=np.uint8)
        made.append(tmp_path / f"noise-{seed}.png")
        Pil.fromarray(pixels).save(made[-1])
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    return [*made, bad]


def test_from_files_to_annotations_and_back(client: Client, files: list[Path]) -> None:
    project = client.create_project("birds", ["bird"])
    category = client.categories(project.id)[0]
    added = list(client.add_images(project.id, files))
    assert [file.outcome for file in added] == ["added"] * 3 + ["refused"]
    assert added[3].code == "image_unreadable"
    assert [file.outcome for file in client.add_images(project.id, files[:1])] == ["known"]

    images = list(client.images(project.id))
    assert [(image.width, image.height) for image in images] == [(30, 20)] * 3
    assert client.open_image(project.id, images[0].id).id == images[0].id
    pixels = np.zeros((20, 30), dtype=bool)
    pixels[4:9, 5:11] = True
    made = client.annotate(
        project.id, images[0].id, category_id=category.id, mask=Rle.encode(pixels), seconds=2.5
    )
    assert (made.revision, made.area, made.bbox) == (1, 30, (5, 4, 5, 4))
    pixels[9] = True
    changed = client.change_annotation(
        project.id, made, category_id=category.id, mask=Rle.encode(pixels)
    )
    assert changed.revision == 2
    assert (changed.segmentation.rle.decode() == pixels).all()
    with pytest.raises(RemoteError, match="changed meanwhile") as conflict:
        client.change_annotation(project.id, made, category_id=category.id, mask=Rle.encode(pixels))
    assert conflict.value.remote_code == "annotation_conflict"
    assert client.annotations(project.id, images[0].id) == [changed]
    client.delete_annotation(project.id, changed)
    assert client.annotations(project.id, images[0].id) == []


def test_large_files_go_alone_and_small_ones_together(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = client.create_project("birds")
    files = [tmp_path / f"{number}.jpg" for number in range(4)]
    for file, size in zip(files, (20, 20, 40_000_000, 20), strict=True):
        file.write_bytes(bytes(size))
    sent: list[int] = []
    upload = Client._upload

    def watched(self: Client, project_id: int, together: list[Path]) -> object:
        sent.append(len(together))
        return upload(self, project_id, together)

    monkeypatch.setattr(Client, "_upload", watched)
    outcomes = [file.outcome for file in client.add_images(project.id, files)]
    assert sent == [2, 1, 1]
    assert outcomes == ["refused"] * 4


def test_what_is_not_there_is_said_so(client: Client, tmp_path: Path) -> None:
    client.create_project("cats")
    with pytest.raises(NotFoundError, match="There are: cats"):
        client.project("dogs")
    with pytest.raises(RemoteError) as missing:
        client.job(1, 77)
    assert (missing.value.status, missing.value.remote_code) == (404, "not_found")
    with pytest.raises(BadLocationError):
        list(client.add_images(1, [tmp_path / "gone.png"]))


def test_jobs_and_versions_are_typed(client: Client) -> None:
    project = client.create_project("cats")
    assert list(client.jobs(project.id)) == []
    assert client.model_versions() == []
    with pytest.raises(RemoteError) as nothing:
        client.autolabel(project.id)
    assert nothing.value.remote_code == "not_found"
    with pytest.raises(RemoteError) as unknown:
        client.promote(5, because="a try")
    assert unknown.value.status == 404
    with pytest.raises(RemoteError) as none_serves:
        client.roll_back(because="a try")
    assert none_serves.value.status == 404


def test_a_job_is_paused_put_first_and_resumed(
    runtime: Runtime, bench: Bench, client: Client
) -> None:
    project_id = bench.make_project()
    bench.add_image(project_id, bench.png(np.zeros((4, 4, 3), dtype=np.uint8)), "a.png")
    with runtime.engine.begin() as connection:
        version = model_versions.register(
            connection, name="minisam", encoder_digest="e" * 64, decoder_digest="d" * 64
        )
        model_versions.promote(connection, version, because="the first")
    job = client.autolabel(project_id, priority=3)
    assert (job.priority, job.images, job.settled) == (3, 1, 0)
    paused = client.change_job(project_id, job.id, "pause")
    assert (paused.state, paused.has_ended) == ("paused", False)
    assert client.prioritize_job(project_id, job.id, -3).priority == -3
    assert client.change_job(project_id, job.id, "resume").state == "queued"


class Faulty(BaseHTTPRequestHandler):
    """Answers what the test has prepared, one after another."""

    answers: list[tuple[int, dict[str, str]]] = []
    keys: list[str] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.keys.append(self.headers["Idempotency-Key"])
        status, headers = self.answers.pop(0)
        body = b'{"id": 1, "name": "cats"}' if status < 400 else b'{"code": "server_busy"}'
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def faulty() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Faulty)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Faulty.keys.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_busy_server_is_asked_again_when_it_says_and_under_one_key(faulty: str) -> None:
    Faulty.answers[:] = [(503, {"Retry-After": "3"}), (429, {}), (201, {})]
    waited: list[float] = []
    with Client(faulty, wait=waited.append) as client:
        assert client.create_project("cats").id == 1
    assert waited == [3.0, 6.0]
    assert len(set(Faulty.keys)) == 1
    assert len(Faulty.keys) == 3


def test_a_server_that_stays_busy_is_given_up(faulty: str) -> None:
    Faulty.answers[:] = [(503, {})] * 5
    waited: list[float] = []
    with Client(faulty, wait=waited.append) as client, pytest.raises(RemoteError) as busy:
        client.create_project("cats")
    assert busy.value.remote_code == "server_busy"
    assert waited == [0.5, 1.0, 2.0, 4.0]


def test_a_refusal_is_not_repeated(faulty: str) -> None:
    Faulty.answers[:] = [(422, {})]
    with Client(faulty, wait=lambda _: None) as client, pytest.raises(RemoteError):
        client.create_project("cats")
    assert len(Faulty.keys) == 1


def test_no_server_is_an_error_with_its_address() -> None:
    probe = HTTPServer(("127.0.0.1", 0), Faulty)
    port = probe.server_port
    probe.server_close()
    waited: list[float] = []
    with (
        Client(f"http://127.0.0.1:{port}", wait=waited.append) as client,
        pytest.raises(ServerUnreachableError, match=f"127.0.0.1:{port}"),
    ):
        client.projects()
    assert len(waited) == 4
