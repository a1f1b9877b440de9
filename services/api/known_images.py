"""What the API knows of images by heart: their rows never change, and every click needs one."""

import threading

from cachetools import LRUCache

from maskloop.platform.db import images
from maskloop.platform.db.images import Image
from maskloop.platform.mask_answers import ImageRef
from maskloop.services.runtime import Runtime

_MOST = 20_000


class KnownImages:
    """By project and id. Safe in many threads."""

    def __init__(self, runtime: Runtime) -> None:
        self._engine = runtime.engine
        self._known: LRUCache[tuple[int, int], ImageRef] = LRUCache(_MOST)
        self._lock = threading.Lock()

    def get(self, project_id: int, image_id: int) -> ImageRef:
        """Raises `NotFoundError`, `DatabaseUnavailableError` where it has to ask."""
        known = self.peek(project_id, image_id)
        if known is not None:
            return known
        with self._engine.connect() as connection:
            found = image_ref(images.by_id(connection, project_id, image_id))
        with self._lock:
            self._known[(project_id, image_id)] = found
        return found

    def peek(self, project_id: int, image_id: int) -> ImageRef | None:
        """Without asking anybody."""
        with self._lock:
            return self._known.get((project_id, image_id))


def image_ref(image: Image) -> ImageRef:
    return ImageRef(image.sha256, image.key, (image.height, image.width), image.source_uri)
