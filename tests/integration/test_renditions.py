"""Renditions are made once, by one decode, and kept; what goes wrong is told to whoever waits."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pytest

from maskloop.platform.errors import (
    ImageChangedError,
    ObjectMissingError,
    ServingBusyError,
    ServingUnavailableError,
    StoreUnavailableError,
)
from maskloop.platform.mask_answers import ImageRef
from maskloop.platform.renditions import Rendition, Thumbnail, Tiles, folder_of, key_of
from maskloop.platform.storage.folder import FolderStore
from maskloop.services import renditions
from maskloop.services.api.known_images import image_ref
from maskloop.services.renditions import Renditions
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench

SECONDS = 30.0


class HeldStore(FolderStore):
    """A folder whose originals are read only when `open_gate` is called."""

    def __init__(self, store: FolderStore) -> None:
        super().__init__(store._root)
        self._gate = threading.Event()
        self.asked = threading.Semaphore(0)
        self.reads: list[str] = []
        self.refuses: str | None = None
        """Part of keys that cannot be written."""

    def open_gate(self) -> None:
        self._gate.set()

    def get(self, key: str) -> bytes:
        if key.startswith("images/"):
            self.reads.append(key)
            self.asked.release()
            assert self._gate.wait(SECONDS)
        return super().get(key)

    def put(self, key: str, data: bytes | BinaryIO) -> bool:
        if self.refuses is not None and self.refuses in key:
            raise StoreUnavailableError(self.url, "the disk is full")
        return super().put(key, data)


@pytest.fixture
def image(bench: "Bench") -> ImageRef:
    ys, xs = np.mgrid[:700, :1100]
    pixels = np.stack([xs % 256, ys % 256, (xs + ys) % 256], axis=2).astype(np.uint8)
    return image_ref(bench.add_image(bench.make_project(), bench.png(pixels), "photo.png"))


@pytest.fixture
def store(runtime: Runtime) -> HeldStore:
    assert isinstance(runtime.objects, FolderStore)
    return HeldStore(runtime.objects)


@pytest.fixture
def made(runtime: Runtime, store: HeldStore) -> Iterator[Renditions]:
    opened = Renditions(replace(runtime, objects=store))
    yield opened
    store.open_gate()
    opened.close()


def kept(store: HeldStore, image: ImageRef) -> set[str]:
    folder = f"{folder_of(image.sha256)}/"
    return {info.key.removeprefix(folder) for info in store.list(folder)}


def test_what_was_made_is_kept(made: Renditions, store: HeldStore, image: ImageRef) -> None:
    store.open_gate()
    key = key_of(image.sha256, Thumbnail())
    assert made.kept(key) is None
    made.make(image, Thumbnail()).result(SECONDS)
    data = made.kept(key)
    assert data is not None
    assert data.startswith(b"\xff\xd8\xff")
    assert kept(store, image) == {"thumbnail.jpg"}


def test_all_tiles_of_a_level_come_from_one_decode(
    made: Renditions, store: HeldStore, image: ImageRef
) -> None:
    store.open_gate()
    made.make(image, Tiles(0)).result(SECONDS)
    assert kept(store, image) == {f"tiles/0/{x}-{y}.jpg" for x in range(3) for y in range(2)}
    assert made.decodes == 1


def test_many_who_ask_at_once_share_one_decode(
    made: Renditions, store: HeldStore, image: ImageRef
) -> None:
    first = [made.make(image, Thumbnail()) for _ in range(20)]
    assert len(set(first)) == 1
    assert store.asked.acquire(timeout=SECONDS)  # it is in hand; what comes now waits behind it
    behind = {made.make(image, product) for product in (Rendition(1024), Tiles(0), Tiles(1))}
    assert not first[0].done()
    store.open_gate()
    for future in (first[0], *behind):
        future.result(SECONDS)
    assert made.decodes == 2
    assert store.reads == [image.object_key] * 2
    assert {"thumbnail.jpg", "side-1024.jpg", "tiles/1/0-0.jpg"} <= kept(store, image)


def test_a_missing_original_is_told_and_made_when_it_is_back(
    made: Renditions, store: HeldStore, image: ImageRef
) -> None:
    store.open_gate()
    data = FolderStore.get(store, image.object_key)
    store.delete(image.object_key)
    with pytest.raises(ObjectMissingError):
        made.make(image, Thumbnail()).result(SECONDS)
    store.put(image.object_key, data)
    made.make(image, Thumbnail()).result(SECONDS)
    assert kept(store, image) == {"thumbnail.jpg"}


def test_other_bytes_than_were_registered_are_never_shown(
    made: Renditions, store: HeldStore, image: ImageRef, bench: "Bench"
) -> None:
    store.open_gate()
    store.delete(image.object_key)
    store.put(image.object_key, bench.png(np.zeros((700, 1100, 3), dtype=np.uint8)))
    with pytest.raises(ImageChangedError, match="stored bytes of photo"):
        made.make(image, Thumbnail()).result(SECONDS)
    assert kept(store, image) == set()


def test_a_store_that_cannot_be_written_fails_what_it_would_have_kept_and_the_rest(
    made: Renditions, store: HeldStore, image: ImageRef
) -> None:
    store.open_gate()
    store.refuses = "/tiles/0/2-1"
    with pytest.raises(StoreUnavailableError, match="the disk is full"):
        made.make(image, Tiles(0)).result(SECONDS)
    store.refuses = None
    made.make(image, Tiles(0)).result(SECONDS)
    assert len(kept(store, image)) == 6


def test_who_comes_when_too_many_wait_is_told_to_come_again(
    made: Renditions, image: ImageRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renditions, "_MOST_WAITING", 1)
    waiting = made.make(image, Thumbnail())
    other = replace(image, sha256=hashlib.sha256(b"another").digest())
    with pytest.raises(ServingBusyError) as caught:
        made.make(other, Thumbnail())
    assert caught.value.retryable
    assert made.make(image, Thumbnail()) is waiting  # no more work than there is


def test_what_still_waits_at_the_end_is_given_up(
    runtime: Runtime, store: HeldStore, image: ImageRef
) -> None:
    opened = Renditions(replace(runtime, objects=store))
    others = [replace(image, sha256=bytes([number]) * 32) for number in range(4)]
    waiting = [opened.make(other, Thumbnail()) for other in others]
    assert store.asked.acquire(timeout=SECONDS)
    assert store.asked.acquire(timeout=SECONDS)  # both decoders are busy
    closing = threading.Thread(target=opened.close)
    closing.start()
    store.open_gate()
    closing.join(SECONDS)
    assert not closing.is_alive()
    found = [type(future.exception(SECONDS)) for future in waiting]
    assert found[:2] == [ImageChangedError] * 2
    assert set(found[2:]) <= {ServingUnavailableError, ImageChangedError}
