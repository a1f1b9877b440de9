"""Renditions: made when somebody first looks, kept in the object store, read from there ever after.

An image is decoded by one thread at a time, for everything that is wanted of it by then.
"""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from maskloop.platform.errors import (
    ImageChangedError,
    ObjectMissingError,
    ServingBusyError,
    ServingUnavailableError,
)
from maskloop.platform.images import Limits
from maskloop.platform.mask_answers import ImageRef
from maskloop.platform.renditions import (
    Made,
    Product,
    render,
)
from maskloop.services.runtime import Runtime

_DECODES: Final = 2
"""Images decoded at once: each takes three bytes a pixel, and cores that clicks need."""
_WRITES: Final = 8
"""Tiles on their way to the object store at once."""
_MOST_WAITING: Final = 128
"""Images; beyond that people are told to come again."""
_BUSY_SECONDS: Final = 2.0

_Wishes = dict[Product, "Future[None]"]


class Renditions:
    """Safe in many threads. One for each process; what two processes both make is the same."""

    def __init__(self, runtime: Runtime) -> None:
        self._objects = runtime.objects
        self._limits = Limits(runtime.settings.max_image_pixels)
        self._wishes: dict[bytes, _Wishes] = {}
        """By image: what is wanted of it, or being made."""
        self._lock = threading.Lock()
        self._decoders = ThreadPoolExecutor(_DECODES, thread_name_prefix="renditions")
        self._writers = ThreadPoolExecutor(_WRITES, thread_name_prefix="renditions-write")
        self.decodes = 0
        """Images decoded so far."""

    def close(self) -> None:
        """Finishes what is in hand; what still waits is given up."""
        self._decoders.shutdown(wait=True, cancel_futures=True)
        self._writers.shutdown(wait=True)
        error = ServingUnavailableError("maker of renditions", "the server stops")
        for sha256 in list(self._wishes):
            self._fail(sha256, error)

    def kept(self, key: str) -> bytes | None:
        """A rendition that was made before."""
        try:
            return self._objects.get(key)
        except ObjectMissingError:
            return None

    def make(self, image: ImageRef, product: Product) -> "Future[None]":
        """Done when the product is in the object store. The future is shared: do not cancel it.

        It raises `ObjectMissingError`, a `BadImageError`, or the store's errors. Raises
        `ServingBusyError` where too many wait.
        """
        with self._lock:
            wishes = self._wishes.get(image.sha256)
            if wishes is not None:
                return wishes.setdefault(product, Future())
            if len(self._wishes) >= _MOST_WAITING:
                raise ServingBusyError("maker of renditions", _BUSY_SECONDS)
            future: Future[None] = Future()
            self._wishes[image.sha256] = {product: future}
            self._decoders.submit(self._serve, image)
        return future

    def _serve(self, image: ImageRef) -> None:
        """Until nothing more is wanted of the image."""
        made: set[Product] = set()
        while wanted := self._next_wishes(image, made):
            made |= wanted.keys()
            try:
                self._make(image, wanted)
            except BaseException as error:
                self._fail(image.sha256, error)
                raise

    def _next_wishes(self, image: ImageRef, made: set[Product]) -> _Wishes:
        with self._lock:
            wishes = self._wishes[image.sha256]
            wanted = {product: wish for product, wish in wishes.items() if product not in made}
            if not wanted:
                del self._wishes[image.sha256]
            return wanted

    def _fail(self, sha256: bytes, error: BaseException) -> None:
        with self._lock:
            wishes = self._wishes.pop(sha256)
        for wish in wishes.values():
            if not wish.done():
                wish.set_exception(error)

    def _make(self, image: ImageRef, wanted: _Wishes) -> None:
        data = self._objects.get(image.object_key)
        if hashlib.sha256(data).digest() != image.sha256:
            raise ImageChangedError(image.source, "another sha256")
        self.decodes += 1
        products = render(
            data,
            image.sha256,
            list(wanted),
            size_hw=image.size_hw,
            source=image.source,
            limits=self._limits,
        )
        for product, pictures in products:
            self._keep(pictures)
            wanted[product].set_result(None)

    def _keep(self, pictures: Iterator[Made]) -> None:
        """Writes wait for a disk or a network, so several go at once; a few pictures are held."""
        under_way: list[Future[bool]] = []
        for made in pictures:
            under_way.append(self._writers.submit(self._objects.put, made.key, made.data))
            if len(under_way) >= _WRITES:
                under_way.pop(0).result()
        for write in under_way:
            write.result()
