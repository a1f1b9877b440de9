"""Weights on disk, by content: one folder per encoder or decoder, named by its digest.

    weights/<digest>/model.safetensors   tensors by their name in the module's state dict
    weights/<digest>/config.json         {"architecture": …}
    weights/<name>.json                  a model: which encoder and decoder belong together

A digest is the sha256 of the safetensors bytes. A component is written beside its place and
renamed into it, so a folder of that name is whole; its bytes are checked whenever they are read.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from maskloop.platform.errors import WeightsCorruptError, WeightsMissingError

ENCODER_ARCHITECTURE: Final = "tiny_vit_5m"
DECODER_ARCHITECTURE: Final = "sam_mask_decoder"

TENSORS_FILE: Final = "model.safetensors"
CONFIG_FILE: Final = "config.json"
_UNFINISHED = ".add-"

Module = TypeVar("Module", bound=nn.Module)


@dataclass(frozen=True)
class ModelWeights:
    """An encoder and a decoder that belong together, under a name."""

    name: str
    encoder_digest: str
    decoder_digest: str


class WeightsFolder:
    """`path` need not exist; it is made by the first `add`. Safe for many processes at once."""

    def __init__(self, path: Path) -> None:
        self.root = path

    def path(self, digest: str) -> Path:
        """Where the component is or would be."""
        return self.root / digest

    def has(self, digest: str) -> bool:
        folder = self.path(digest)
        return (folder / TENSORS_FILE).is_file() and (folder / CONFIG_FILE).is_file()

    def add(self, architecture: str, tensors: Mapping[str, Tensor]) -> str:
        """Store a component and return its digest. One that is there already is left as it is."""
        plain = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
        config = json.dumps({"architecture": architecture}).encode()
        return self.adopt(safetensors.torch.save(plain), config)

    def adopt(self, tensors: bytes, config: bytes) -> str:
        """Store a component that is serialised already and return its digest."""
        digest = self.digest_of(tensors)
        self.root.mkdir(parents=True, exist_ok=True)
        with locked(self.root / ".add.lock"):
            remove_unfinished(self.root, _UNFINISHED)
            if not self.has(digest):
                self._write(digest, {TENSORS_FILE: tensors, CONFIG_FILE: config})
        return digest

    @staticmethod
    def digest_of(tensors: bytes) -> str:
        return hashlib.sha256(tensors).hexdigest()

    def load(self, digest: str) -> tuple[str, dict[str, Tensor]]:
        """Architecture and tensors. Raises `WeightsMissingError` or `WeightsCorruptError`."""
        if not re.fullmatch("[0-9a-f]{64}", digest) or not self.has(digest):
            raise WeightsMissingError(digest, str(self.root))
        file = self.path(digest) / TENSORS_FILE
        data = file.read_bytes()
        found = self.digest_of(data)
        if found != digest:
            raise WeightsCorruptError(str(file), digest, found)
        return self._architecture(digest), safetensors.torch.load(data)

    def name(self, weights: ModelWeights, *, source: str, licence: str) -> None:
        """Give a pair its name; an older pair of that name is replaced at once."""
        content = {
            "encoder": weights.encoder_digest,
            "decoder": weights.decoder_digest,
            "source": source,
            "licence": licence,
        }
        with (
            locked(self.root / ".add.lock"),
            tempfile.TemporaryDirectory(dir=self.root, prefix=_UNFINISHED) as unfinished,
        ):
            file = Path(unfinished) / "name.json"
            _write_through(file, json.dumps(content, indent=2).encode() + b"\n")
            file.replace(self._name_file(weights.name))
        _flush_folder(self.root)

    def named(self, name: str) -> ModelWeights | None:
        """None when nothing has that name; the components may be missing all the same."""
        try:
            content = json.loads(self._name_file(name).read_bytes())
            return ModelWeights(name, str(content["encoder"]), str(content["decoder"]))
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return None

    def _name_file(self, name: str) -> Path:
        return self.root / f"{name}.json"

    def _write(self, digest: str, files: dict[str, bytes]) -> None:
        unfinished = Path(tempfile.mkdtemp(dir=self.root, prefix=_UNFINISHED))
        try:
            for file_name, data in files.items():
                _write_through(unfinished / file_name, data)
            unfinished.chmod(0o755)
            _flush_folder(unfinished)
            # What stands at the place without being whole was not put there by us.
            shutil.rmtree(self.path(digest), ignore_errors=True)
            unfinished.rename(self.path(digest))
            _flush_folder(self.root)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def _architecture(self, digest: str) -> str:
        file = self.path(digest) / CONFIG_FILE
        try:
            return str(json.loads(file.read_bytes())["architecture"])
        except (ValueError, KeyError, TypeError) as error:
            raise WeightsCorruptError(str(file), "an architecture", "none") from error


def load_module(
    folder: WeightsFolder, digest: str, *, architecture: str, build: Callable[[], Module]
) -> Module:
    """The module that `build` makes, holding the weights of `digest`; nothing left unset.

    Raises `WeightsMissingError`, or `WeightsCorruptError` when the component is something else.
    """
    found, tensors = folder.load(digest)
    if found != architecture:
        raise WeightsCorruptError(str(folder.path(digest) / CONFIG_FILE), architecture, found)
    with torch.device("meta"):  # no time is spent on random weights
        module = build()
    module.load_state_dict(tensors, strict=True, assign=True)
    return module


@contextmanager
def locked(file: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold `file` for this process (until its death); `waiting` is called if another one has it."""
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def remove_unfinished(root: Path, prefix: str) -> None:
    """Clear what dead processes left. Call it under the lock that all owners of `prefix` take."""
    for left in root.glob(f"{prefix}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)


def _write_through(file: Path, data: bytes) -> None:
    """To the disk itself: a rename may otherwise outlive a power cut that the bytes do not."""
    with file.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
