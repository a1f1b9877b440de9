"""A project on a running platform, and people's work in it: everything over HTTP."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar

import httpx

from maskloop.platform.masks import Rle
from sites.targets import CATEGORIES, Mask, Picture, Target

Json = dict[str, Any]
Found = TypeVar("Found")
PATIENCE_SECONDS: Final = 1200.0
"""A machine on which all else runs too may take ten times as long."""
_LOOK_SECONDS: Final = 0.2
_PAGE: Final = 500
_SAME: Final = 0.9
"""IoU from which a reviewer accepts a proposal as it is."""
_MEANT: Final = 0.15
"""IoU from which a proposal is about a thing, and can be corrected into it."""


class Api:
    """Requests below /api/v1 that have to succeed."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = self.client.request(method, f"/api/v1{path}", **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: Json | None = None) -> Any:
        return self.ask("POST", path, json=body or {})

    def refused(self, path: str, body: Json) -> tuple[int, Json]:
        """Status and problem of a POST that has to fail."""
        answer = self.client.post(f"/api/v1{path}", json=body)
        assert answer.is_client_error, answer.text
        return answer.status_code, answer.json()

    def all(self, path: str, **query: Any) -> list[Json]:
        found: list[Json] = []
        cursor = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            page = self.get(path, limit=_PAGE, **query, **more)
            found += page["items"]
            if (cursor := page["next"]) is None:
                return found

    def version(self, number: int) -> Json:
        found: Json = self.get(f"/model-versions/{number}")
        return found

    def serving(self) -> int:
        (number,) = (v["number"] for v in self.get("/model-versions")["items"] if v["serving"])
        return int(number)


def wait_for(
    look: Callable[[], Found | None], what: str, *, seconds: float = PATIENCE_SECONDS
) -> Found:
    """What `look` finds, asked again and again until it is something."""
    patience = threading.Event()
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"not in {seconds:g} s: {what}"
        patience.wait(_LOOK_SECONDS)
    return found


@dataclass
class Work:
    """What was done to proposals, by their ids."""

    accepted: list[int] = field(default_factory=list)
    corrected: list[int] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)


class LabelledProject:
    """`images`: ids by the pictures' names."""

    def __init__(self, api: Api, name: str, pictures: Sequence[Picture]) -> None:
        self.api, self.pictures = api, pictures
        made = api.post("/projects", {"name": name, "categories": list(CATEGORIES)})
        self.id = int(made["id"])
        self.categories = {found["name"]: found["id"] for found in made["categories"]}
        files = [("files", (one.name, one.png, "image/png")) for one in pictures]
        told = api.ask("POST", f"{self.path}/images", files=files)["files"]
        self.images = {file["name"]: int(file["image_id"]) for file in told}

    @property
    def path(self) -> str:
        return f"/projects/{self.id}"

    def image(self, picture: Picture) -> str:
        return f"{self.path}/images/{self.images[picture.name]}"

    def autolabel(self, *, supersede: bool = False, **parameters: Any) -> Json:
        """The job, when it has succeeded."""
        body = {"kind": "autolabel", "parameters": parameters, "supersede": supersede}
        return self.job_done(self.api.post(f"{self.path}/jobs", body)["id"])

    def job_done(self, job_id: int) -> Json:
        job = self._ended(f"{self.path}/jobs/{job_id}")
        assert job["state"] == "succeeded", job["error"]
        return job

    def training_done(self, job_id: int) -> Json:
        training = self.training_ended(job_id)
        assert training["state"] == "succeeded", training["error"]
        return training

    def training_ended(self, job_id: int) -> Json:
        return self._ended(f"{self.path}/trainings/{job_id}")

    def _ended(self, path: str) -> Json:
        def look() -> Json | None:
            found: Json = self.api.get(path)
            return found if found["state"] not in ("queued", "running") else None

        return wait_for(look, f"the end of {path}")

    def judged(self, training: Json) -> Json:
        """The gate's result over a training's version, by the evaluation that followed it."""
        return self._result(training["outcome"]["evaluation"]["job"])

    def evaluated(self, training: Json, protocol: Json) -> Json:
        """The same, by an evaluation of its own, beside what serves."""
        asked = {
            "model_version": training["model_version"]["number"],
            "training_set_id": training["training_set"]["id"],
            "protocol": protocol,
        }
        return self._result(self.api.post(f"{self.path}/evaluations", asked)["id"])

    def _result(self, job_id: int) -> Json:
        self.job_done(job_id)
        all_results = self.api.all(f"{self.path}/gate-results")
        (result,) = (found for found in all_results if found["job_id"] == job_id)
        return result

    def click(self, picture: Picture, target: Target) -> Json:
        found: Json = self.api.post(f"{self.image(picture)}/masks", {"points": [_point(target)]})
        return found

    def annotate(self, picture: Picture, category: str, mask: Rle, **more: Any) -> Json:
        body = self._drawing(category, mask) | more
        made: Json = self.api.post(f"{self.image(picture)}/annotations", body)
        return made

    def draw_by_prompts(self, picture: Picture, target: Target) -> None:
        """A click, its answer kept, and the next revision put right."""
        answer = self.click(picture, target)
        sent = {
            "prompts": [{"points": [_point(target)], "chosen": 0}],
            "model_version": answer["model_version"]["number"],
        }
        drawn = answer["masks"][0]["segmentation"]
        made = self.annotate(picture, target.category, target.rle, segmentation=drawn, **sent)
        self.api.ask(
            "PUT",
            f"{self.path}/annotations/{made['id']}",
            json=self._drawing(target.category, target.rle) | sent,
            headers={"If-Match": f'"{made["revision"]}"'},
        )

    def review(self, pictures: Sequence[Picture]) -> Work:
        """A person goes through all proposals on these pictures; what is still missing then is
        drawn by prompts, so that every target has one annotation."""
        work = Work()
        for picture in pictures:
            missing = list(picture.targets)
            image = self.images[picture.name]
            for proposal in self.api.all(f"{self.path}/proposals", image_id=image, state="pending"):
                self._judge(proposal, missing, work)
            for target in missing:
                self.draw_by_prompts(picture, target)
        return work

    def _judge(self, proposal: Json, missing: list[Target], work: Work) -> None:
        mask = mask_of(proposal["segmentation"])
        meant = max(missing, key=lambda target: target.iou(mask), default=None)
        iou = 0.0 if meant is None else meant.iou(mask)
        if meant is None or iou < _MEANT:
            body, done = {"verdict": "rejected", "reason": "no thing of ours"}, work.rejected
        elif iou >= _SAME:
            category = self.categories[meant.category]
            body, done = {"verdict": "accepted", "category_id": category}, work.accepted
        else:
            drawn = self._drawing(meant.category, meant.rle)
            body, done = {"verdict": "corrected", "mask": drawn}, work.corrected
        if meant is not None and iou >= _MEANT:
            missing.remove(meant)
        self.api.post(f"{self.path}/proposals/{proposal['id']}/review", body)
        done.append(proposal["id"])

    def _drawing(self, category: str, mask: Rle) -> Json:
        segmentation = {"size": list(mask.size_hw), "counts": mask.counts.decode()}
        return {"category_id": self.categories[category], "segmentation": segmentation}

    @contextmanager
    def clicked(self) -> Iterator["Clicks"]:
        """Somebody clicks all the time, on one picture after the other."""
        clicks = Clicks(self)
        with clicks:
            yield clicks


class Clicks:
    """In a thread; without a second try for anything."""

    def __init__(self, project: LabelledProject) -> None:
        self._project = project
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._click, name="clicks")
        self.versions: list[int] = []
        """That answered, in order."""
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self.answered_by(self._project.api.serving())
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def answered_by(self, number: int, *, within: float = 60.0) -> None:
        """Until this version has answered the newest click."""

        def look() -> bool | None:
            return True if self.versions[-1:] == [number] or self.failures else None

        wait_for(look, f"a click that version {number} answers", seconds=within)
        assert not self.failures

    def _click(self) -> None:
        base = self._project.api.client.base_url
        with httpx.Client(base_url=base, timeout=60) as client:
            while not self._stop.is_set():
                for picture in self._project.pictures:
                    self._one(client, picture)

    def _one(self, client: httpx.Client, picture: Picture) -> None:
        path = f"/api/v1{self._project.image(picture)}/masks"
        try:
            answer = client.post(path, json={"points": [_point(picture.targets[0])]})
        except httpx.TransportError as error:
            self.failures.append(repr(error))
            return
        if answer.is_success:
            self.versions.append(answer.json()["model_version"]["number"])
        else:
            self.failures.append(f"{answer.status_code} {answer.text}")


def mask_of(segmentation: Json) -> Mask:
    height, width = segmentation["size"]
    return Rle((height, width), segmentation["counts"].encode()).decode()


def _point(target: Target) -> tuple[int, int, int]:
    return (*target.centre_xy, 1)
