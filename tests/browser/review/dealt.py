"""What a server deals to the review page, as the API's JSON: cards over photographs of
scikit-image, queues, and answers. The tests on the real site hold these against the real routes."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from PIL import Image

from maskloop.platform.masks import Rle

Json = dict[str, Any]

REVIEWER = ["project.view", "annotations.write", "proposals.review"]
MANAGER = [*REVIEWER, "project.manage"]
CATEGORIES = ("cat", "cup", "person", "rocket", "background")
NAMES = ("coffee.png", "chelsea.png", "astronaut.png", "rocket.jpg")
WHY = (
    ("doubt", "The model disagrees with itself when the point moves a little", 0.81),
    ("version", "The challenger draws another mask", 0.34),
    ("score", "Its predicted IoU is low for this version", 0.42),
)


def session() -> Json:
    user = {"id": 3, "name": "ann", "is_admin": False}
    projects = [{"id": 7, "name": "photos", "roles": ["reviewer"]}]
    return {"user": user, "how": "session", "csrf_token": "token", "projects": projects}


def project(permissions: list[str]) -> Json:
    categories = [{"id": 1 + at, "name": name} for at, name in enumerate(CATEGORIES)]
    return {
        "id": 7,
        "name": "photos",
        "categories": categories,
        "roles": ["reviewer"],
        "permissions": permissions,
    }


def queue(number: int = 1, name: str = "Doubtful", **more: Any) -> Json:
    return {
        "id": number,
        "name": name,
        "subject": "proposals",
        "rule": {},
        "ordering": "doubt",
        "priority": 0,
        "feedback": True,
        "fold": 1,
        "people": [],
        "closed_at": None,
        "left": 420,
        "mine": 0,
        "gold_rate": None,
        "planted_rate": None,
        "created_at": "2026-11-26T02:00:00Z",
    } | more


@cache
def photograph(name: str) -> Image.Image:
    return Image.open(Path(skimage.data.__file__).parent / name).convert("RGB")


@cache
def rendition(name: str) -> bytes:
    out = io.BytesIO()
    photograph(name).save(out, "JPEG", quality=85)
    return out.getvalue()


@cache
def ellipse(size_hw: tuple[int, int], place: int) -> tuple[str, tuple[int, int, int, int], int]:
    """Counts, box and area of one that differs from place to place."""
    height, width = size_hw
    chance = np.random.default_rng(place)
    centre = chance.uniform(0.2, 0.8, 2) * (width, height)
    radii = chance.uniform(0.05, 0.2, 2) * (width, height)
    ys, xs = np.mgrid[:height, :width] + 0.5
    inside = ((xs - centre[0]) / radii[0]) ** 2 + ((ys - centre[1]) / radii[1]) ** 2 <= 1
    rle = Rle.encode(inside)
    rows, columns = np.nonzero(inside)
    box = (int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    return rle.counts.decode(), box, int(inside.sum())


def card(number: int, **more: Any) -> Json:
    at = number % len(NAMES)
    width, height = photograph(NAMES[at]).size
    counts, box, area = ellipse((height, width), number)
    image = {
        "id": 100 + at,
        "sha256": f"{at}a" * 32,
        "source_uri": f"s3://photos/{NAMES[at]}",
        "media_type": "image/png",
        "byte_size": 400_000,
        "width": width,
        "height": height,
        "levels": 2,
        "state": "todo",
        "lease": None,
        "created_at": "2026-11-26T02:00:00Z",
        "annotations": 0,
        "pending_proposals": 12,
    }
    return {
        "id": number,
        "token": f"token-{number}",
        "until": "2026-11-26T04:00:00Z",
        "seconds": 600,
        "queue_id": 1,
        "subject": "mask",
        "image": image,
        "segmentation": {"size": [height, width], "counts": counts},
        "bbox": box,
        "area": area,
        "category_id": None,
        "predicted_iou": round(0.62 + (number * 37 % 100) / 290, 3),
        "model_version": 1,
        "why": [
            {"reason": reason, "text": text, "value": value}
            for reason, text, value in WHY[: 1 + number % 3]
        ],
        "votes": [],
        "answered": None,
    } | more


def said(verdict: str, feedback: Json | None = None) -> Json:
    return {"verdict": verdict, "feedback": feedback}
