"""The image list alone in a page, over the real server."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pil
from playwright.sync_api import FilePayload, Page

from browser.page_site import PageSite
from browser.windows import Window
from maskloop.platform.db import images
from maskloop.platform.images import read_image

DOCUMENT = Path(__file__).with_name("list.html")


@dataclass(frozen=True)
class Listed:
    id: int
    images: list[int]
    """Ids, in the list's order."""
    keys: list[str]
    """Of their objects."""


def picture(seed: int) -> bytes:
    """A small PNG; each seed's is another."""
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    data = io.BytesIO()
    Pil.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def payload(name: str, seed: int) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": picture(seed)}


def project_of(site: PageSite, name: str, sources: Sequence[str]) -> Listed:
    """A project with a small picture for each source."""
    project_id, keys = site.project(name), []
    with site.runtime.engine.begin() as connection:
        for seed, source in enumerate(sources):
            data = picture(seed)
            _, facts = read_image(data, source)
            keys.append(images.object_key(facts.sha256))
            site.runtime.objects.put(keys[-1], data)
            images.register(connection, project_id, facts, source_uri=source, byte_size=len(data))
    listed = site.client().get(f"/api/v1/projects/{project_id}/images?limit=1000").json()
    return Listed(project_id, [image["id"] for image in listed["items"]], keys)


def listed(window: Window, project_id: int, *, theme: str = "light") -> Page:
    """A new tab with the list of a project."""
    page = window.context.new_page()
    body = DOCUMENT.read_text().replace(
        'class="maskloop"', f'class="maskloop" data-theme="{theme}"'
    )
    window.context.route(
        re.compile(r"/image-list\?"),
        lambda route: route.fulfill(body=body, content_type="text/html"),
    )
    page.goto(f"/image-list?project={project_id}")
    return page
