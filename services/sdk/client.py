"""Asking a maskloop server from Python."""

import mimetypes
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from maskloop.platform.errors import BadLocationError, NotFoundError
from maskloop.platform.masks import Rle
from maskloop.services.sdk.drawing import drawing
from maskloop.services.sdk.models import (
    AddedImage,
    Annotation,
    Answer,
    Category,
    Image,
    Job,
    MaskAnswer,
    ModelVersion,
    Project,
    ProjectListed,
    Proposal,
    Training,
)
from maskloop.services.sdk.reviewing import Reviewing
from maskloop.services.sdk.transport import Transport

_TIMEOUT_SECONDS: Final = 60.0
_FILES_TOGETHER: Final = 8
_BYTES_TOGETHER: Final = 32 * 1024 * 1024
_PAGE: Final = 500
_LOOK_SECONDS: Final = 1.0

Item = TypeVar("Item", bound=Answer)
Point = tuple[float, float, int]
"""x, y in pixels of the upright original; 1 inside, 0 outside."""


class Client(Reviewing):
    """Use it in a `with` block, from one thread.

    `token`: an API token; without one a server on this machine may let its own people in. What
    fails for a moment (503, 429, a lost connection) is asked again, and nothing is done twice.
    Every method raises `RemoteError` with the server's code and sentence, and
    `ServerUnreachableError`.
    """

    def __init__(
        self,
        server: str,
        *,
        token: str | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._wait = wait
        self._http = Transport(server, token=token, timeout_seconds=timeout_seconds, wait=wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    # --- projects and images

    def projects(self) -> list[ProjectListed]:
        """Those that one sees."""
        return _all(ProjectListed, self._http.ask("GET", "/projects")["items"])

    def project(self, name: str) -> ProjectListed:
        """Raises `NotFoundError`."""
        found = {project.name: project for project in self.projects()}
        if name not in found:
            raise NotFoundError("project", name, f"There are: {', '.join(sorted(found)) or 'none'}")
        return found[name]

    def create_project(self, name: str, categories: Sequence[str] = ()) -> Project:
        body = {"name": name, "categories": list(categories)}
        return Project.model_validate(self._http.ask("POST", "/projects", json=body))

    def categories(self, project_id: int) -> list[Category]:
        answer = self._http.ask("GET", f"/projects/{project_id}/categories")
        return _all(Category, answer["items"])

    def images(self, project_id: int, *, text: str | None = None) -> Iterator[Image]:
        """By number; pages are asked for as they are needed."""
        return self._pages(Image, f"/projects/{project_id}/images", text=text)

    def add_images(self, project_id: int, files: Iterable[Path]) -> Iterator[AddedImage]:
        """What becomes of each file, in their order. Raises `BadLocationError` for one that is not
        there, before it asks."""
        waiting: list[Path] = []
        together = 0
        for file in files:
            if not file.is_file():
                raise BadLocationError(str(file), "there is no such file")
            size = file.stat().st_size
            # A server limits a request by the size of the largest image: large ones go alone.
            full = len(waiting) == _FILES_TOGETHER or together + size > _BYTES_TOGETHER
            if waiting and full:
                yield from self._upload(project_id, waiting)
                waiting, together = [], 0
            waiting.append(file)
            together += size
        if waiting:
            yield from self._upload(project_id, waiting)

    def _upload(self, project_id: int, files: Sequence[Path]) -> list[AddedImage]:
        parts = [("files", (file.name, file.read_bytes(), _media_type(file))) for file in files]
        path = f"/projects/{project_id}/images"
        answer = self._http.ask("POST", path, files=parts, accept=(422,))
        return _all(AddedImage, answer["files"])

    def open_image(self, project_id: int, image_id: int, *, following: int | None = None) -> Image:
        """Make it and the images behind it ready for clicks."""
        path = f"/projects/{project_id}/images/{image_id}/open"
        answer = self._http.ask("POST", path, json={"next": following})
        return Image.model_validate(answer["image"])

    # --- masks and annotations

    def masks(
        self,
        project_id: int,
        image_id: int,
        *,
        points: Sequence[Point] = (),
        box: tuple[float, float, float, float] | None = None,
        previous: str | None = None,
        multimask: bool | None = None,
    ) -> MaskAnswer:
        """The best first. `box`: x1, y1, x2, y2; `previous`: the reference of the mask to refine;
        `multimask`: three readings, when left out for a lone point."""
        body = {
            "points": [list(point) for point in points],
            "box": None if box is None else list(box),
            "previous": previous,
            "multimask": multimask,
        }
        path = f"/projects/{project_id}/images/{image_id}/masks"
        return MaskAnswer.model_validate(self._http.ask("POST", path, json=body))

    def annotations(self, project_id: int, image_id: int) -> list[Annotation]:
        """Current ones."""
        answer = self._http.ask("GET", f"/projects/{project_id}/images/{image_id}/annotations")
        return _all(Annotation, answer["items"])

    def annotate(
        self,
        project_id: int,
        image_id: int,
        *,
        category_id: int,
        mask: Rle,
        prompts: Sequence[dict[str, Any]] = (),
        model_version: int | None = None,
        seconds: float | None = None,
    ) -> Annotation:
        """`prompts`: in their order, as they were sent; `seconds`: of work, by the labeler."""
        body = drawing(category_id, mask, prompts, model_version, seconds)
        path = f"/projects/{project_id}/images/{image_id}/annotations"
        return Annotation.model_validate(self._http.ask("POST", path, json=body))

    def change_annotation(
        self,
        project_id: int,
        annotation: Annotation,
        *,
        category_id: int,
        mask: Rle,
        prompts: Sequence[dict[str, Any]] = (),
        model_version: int | None = None,
        seconds: float | None = None,
    ) -> Annotation:
        """The next revision of what was seen; a `RemoteError` of code `annotation_conflict` says
        that somebody else was first."""
        body = drawing(category_id, mask, prompts, model_version, seconds)
        answer = self._http.ask(
            "PUT",
            f"/projects/{project_id}/annotations/{annotation.id}",
            json=body,
            headers=_if_match(annotation),
        )
        return Annotation.model_validate(answer)

    def delete_annotation(self, project_id: int, annotation: Annotation) -> None:
        path = f"/projects/{project_id}/annotations/{annotation.id}"
        self._http.ask("DELETE", path, headers=_if_match(annotation))

    def proposals(
        self, project_id: int, *, image_id: int | None = None, state: str | None = None
    ) -> Iterator[Proposal]:
        path = f"/projects/{project_id}/proposals"
        return self._pages(Proposal, path, image_id=image_id, state=state)

    # --- jobs, exports, model versions

    def autolabel(
        self,
        project_id: int,
        parameters: dict[str, Any] | None = None,
        *,
        supersede: bool = False,
        priority: int = 0,
        sample_images: int | None = None,
        budget: dict[str, float] | None = None,
    ) -> Job:
        """Queue everything-mode over all images; `parameters` by the official generator's names.

        With `supersede` the proposals replace pending ones of other model versions. `priority` from
        -100 to 100: workers take the highest first. With `sample_images` so many random ones are
        done, then the job is paused with a `forecast`. It is also paused when its `budget` is
        spent: `seconds` of all workers, `masks`, `bytes`.
        """
        body = {
            "kind": "autolabel",
            "parameters": parameters or {},
            "supersede": supersede,
            "priority": priority,
            "sample_images": sample_images,
            "budget": budget or {},
        }
        return Job.model_validate(self._http.ask("POST", f"/projects/{project_id}/jobs", json=body))

    def jobs(self, project_id: int) -> Iterator[Job]:
        """Newest first."""
        return self._pages(Job, f"/projects/{project_id}/jobs")

    def job(self, project_id: int, job_id: int) -> Job:
        return Job.model_validate(self._http.ask("GET", f"/projects/{project_id}/jobs/{job_id}"))

    def change_job(self, project_id: int, job_id: int, action: str) -> Job:
        """`action`: cancel, pause, resume or retry."""
        answer = self._http.ask("POST", f"/projects/{project_id}/jobs/{job_id}/{action}")
        return Job.model_validate(answer)

    def prioritize_job(self, project_id: int, job_id: int, priority: int) -> Job:
        path = f"/projects/{project_id}/jobs/{job_id}/priority"
        return Job.model_validate(self._http.ask("PUT", path, json={"priority": priority}))

    def wait_for(
        self, project_id: int, job_id: int, *, on_progress: Callable[[Job], None] = lambda job: None
    ) -> Job:
        """Until the job has ended, however it did. One that somebody paused has not; one that made
        its forecast or spent its budget goes on only when somebody says so."""
        while True:
            job = self.job(project_id, job_id)
            on_progress(job)
            if job.has_ended or job.is_paused_by_itself:
                return job
            self._wait(_LOOK_SECONDS)

    def export(self, project_id: int, *, format: str, **parameters: Any) -> Job:
        """Queue an export: coco or sa1b."""
        body = {"format": format, **parameters}
        answer = self._http.ask("POST", f"/projects/{project_id}/exports", json=body)
        return Job.model_validate(answer)

    def download_export(
        self, project_id: int, job_id: int
    ) -> AbstractContextManager[Iterator[bytes]]:
        """The ZIP of an export that has succeeded, piece by piece, in a `with` block."""
        return self._http.download(f"/projects/{project_id}/exports/{job_id}/file")

    def train(
        self,
        project_id: int,
        *,
        training_set_id: int | None = None,
        rule: dict[str, Any] | None = None,
        recipe: dict[str, Any] | None = None,
        because: str | None = None,
        **more: Any,
    ) -> Training:
        """Queue a training: on a set, or on one frozen now by `rule`; what is left out is the
        policy's. `more`: parent, evaluate."""
        body = {
            "training_set_id": training_set_id,
            "rule": rule,
            "recipe": recipe,
            "because": because,
            **more,
        }
        answer = self._http.ask("POST", f"/projects/{project_id}/trainings", json=body)
        return Training.model_validate(answer)

    def training_policy(self, project_id: int) -> dict[str, Any]:
        """As JSON: rule, recipe, triggers, gate, general."""
        policy: dict[str, Any] = self._http.ask("GET", f"/projects/{project_id}/training-policy")
        return policy

    def trainings(self, project_id: int) -> Iterator[Training]:
        """Newest first."""
        return self._pages(Training, f"/projects/{project_id}/trainings")

    def training(self, project_id: int, job_id: int) -> Training:
        path = f"/projects/{project_id}/trainings/{job_id}"
        return Training.model_validate(self._http.ask("GET", path))

    def wait_for_training(
        self,
        project_id: int,
        job_id: int,
        *,
        on_progress: Callable[[Training], None] = lambda training: None,
    ) -> Training:
        """Until it has ended, however it did."""
        while True:
            training = self.training(project_id, job_id)
            on_progress(training)
            if training.has_ended:
                return training
            self._wait(_LOOK_SECONDS)

    def model_versions(self) -> list[ModelVersion]:
        return _all(ModelVersion, self._http.ask("GET", "/model-versions")["items"])

    def promote(
        self, number: int, *, because: str | None = None, against_gate: bool = False
    ) -> None:
        """Have this version serve from now on, as the gate allows or against it, with a reason."""
        body = {"model_version": number, "because": because, "against_gate": against_gate}
        self._http.ask("POST", "/promotions", json=body)

    def roll_back(self, *, because: str | None = None) -> None:
        """Have the version serve again that did before the one that serves."""
        self._http.ask("POST", "/promotions/rollback", json={"because": because})

    def _pages(self, kind: type[Item], path: str, **query: Any) -> Iterator[Item]:
        cursor: str | None = None
        while True:
            asked = {**query, "limit": _PAGE, "cursor": cursor}
            page = self._http.ask("GET", path, query=asked)
            yield from _all(kind, page["items"])
            cursor = page["next"]
            if cursor is None:
                return


def _all(kind: type[Item], found: list[Any]) -> list[Item]:
    return [kind.model_validate(item) for item in found]


def _if_match(annotation: Annotation) -> dict[str, str]:
    return {"If-Match": f'"{annotation.revision}"'}


def _media_type(file: Path) -> str:
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"
