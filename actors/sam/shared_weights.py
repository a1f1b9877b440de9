"""Weights in the object store, where every machine that works for a database finds them.

weights/<digest>/model.safetensors, weights/<digest>/config.json     as in a weights folder
"""

from maskloop.actors.sam.weights import CONFIG_FILE, TENSORS_FILE, WeightsFolder
from maskloop.platform.errors import ObjectMissingError, WeightsCorruptError, WeightsMissingError
from maskloop.platform.storage.store import ObjectStore


def publish(folder: WeightsFolder, digest: str, objects: ObjectStore) -> None:
    """Copy a component of this machine to the store; what is there already is left.

    Raises `WeightsMissingError`, and `WeightsCorruptError` before anything wrong is copied.
    """
    missing = [n for n in (TENSORS_FILE, CONFIG_FILE) if objects.info(_key(digest, n)) is None]
    if missing:
        folder.load(digest)
    for name in missing:
        with (folder.path(digest) / name).open("rb") as file:
            objects.put(_key(digest, name), file)


def fetch(folder: WeightsFolder, digest: str, objects: ObjectStore) -> None:
    """Bring a component to this machine, unless it is here. Safe in many processes at once.

    Raises `WeightsMissingError` when the store has none, `WeightsCorruptError` when it has others.
    """
    if folder.has(digest):
        return
    try:
        tensors, config = (objects.get(_key(digest, name)) for name in (TENSORS_FILE, CONFIG_FILE))
    except ObjectMissingError as error:
        raise WeightsMissingError(digest, str(folder.root)) from error
    found = folder.digest_of(tensors)
    if found != digest:
        raise WeightsCorruptError(f"{objects.url}/{_key(digest, TENSORS_FILE)}", digest, found)
    folder.adopt(tensors, config)


def check_there(folder: WeightsFolder, digest: str, objects: ObjectStore) -> None:
    """That `fetch` would find it; nothing is read. Raises `WeightsMissingError`."""
    if folder.has(digest):
        return
    if any(objects.info(_key(digest, name)) is None for name in (TENSORS_FILE, CONFIG_FILE)):
        raise WeightsMissingError(digest, str(folder.root))


def _key(digest: str, name: str) -> str:
    return f"weights/{digest}/{name}"
