"""Embeddings kept in the object store: derived, content-addressed, may be deleted at any time.

The key is what the values depend on: the image's bytes, the encoder's weights, the versions of
reading and preprocessing, and the precision. Values are stored as float16 (2 MiB), which is what
every reader decodes from, so that a mask does not depend on whether its embedding was just made or
read back.
"""

import hashlib
from dataclasses import replace

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from maskloop.actors.sam.compute import Precision
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.prompt_encoder import CHANNELS, GRID_SIDE
from maskloop.actors.sam.transforms import PREPROCESSING_VERSION
from maskloop.platform.errors import ObjectMissingError
from maskloop.platform.images import READING_VERSION
from maskloop.platform.storage.store import ObjectStore


def embedding_key(image_sha256: bytes, encoder_digest: str, precision: Precision) -> str:
    digest = image_sha256.hex()
    version = f"v{READING_VERSION}.{PREPROCESSING_VERSION}-{precision}"
    return f"embeddings/{encoder_digest}/{version}/{digest[:2]}/{digest}"


_STORED_SHAPE = (GRID_SIDE, GRID_SIDE, CHANNELS)


class EmbeddingStore:
    """Reads and writes embeddings of one precision in an object store; keeps nothing itself."""

    def __init__(self, objects: ObjectStore, precision: Precision) -> None:
        self._objects = objects
        self._precision: Precision = precision

    def key(self, image_sha256: bytes, encoder_digest: str) -> str:
        return embedding_key(image_sha256, encoder_digest, self._precision)

    def has(self, image_sha256: bytes, encoder_digest: str) -> bool:
        """Without a look at its content."""
        return self._objects.info(self.key(image_sha256, encoder_digest)) is not None

    def get(self, image_sha256: bytes, encoder_digest: str) -> Embedding | None:
        """None when there is none, or one that is damaged: that one is removed."""
        key = self.key(image_sha256, encoder_digest)
        try:
            return unpack(self._objects.get(key), encoder_digest)
        except ObjectMissingError:
            return None
        except (SafetensorError, KeyError, ValueError):
            self._objects.delete(key)
            return None

    def put(self, image_sha256: bytes, embedding: Embedding) -> Embedding:
        """Keep an embedding; returns it as `get` would, rounded to what is stored."""
        stored = replace(embedding, features=embedding.features.half())
        key = self.key(image_sha256, embedding.encoder_digest)
        self._objects.put(key, pack(stored))
        return replace(stored, features=stored.features.float())


def pack(embedding: Embedding) -> bytes:
    """A safetensors file: float16 features (64, 64, 256), sizes, and the features' sha256."""
    features = embedding.features.half().cpu().permute(1, 2, 0).contiguous()
    return save(
        {
            "features": features,
            "size_hw": torch.tensor(embedding.size_hw),
            "resized_hw": torch.tensor(embedding.resized_hw),
            "sha256": _sha256(features),
        }
    )


def unpack(data: bytes, encoder_digest: str) -> Embedding:
    """Features as float32, their channels last in memory, as they are stored.

    Raises ValueError, KeyError or SafetensorError for damaged data.
    """
    tensors = load(data)
    features = tensors["features"]
    if not torch.equal(_sha256(features), tensors["sha256"]):
        raise ValueError("the embedding's bytes do not have their digest")
    if features.shape != _STORED_SHAPE:
        raise ValueError(f"the embedding has the shape {tuple(features.shape)}")
    height, width = tensors["size_hw"].tolist()
    resized_height, resized_width = tensors["resized_hw"].tolist()
    size_hw, resized_hw = (height, width), (resized_height, resized_width)
    return Embedding(features.float().permute(2, 0, 1), size_hw, resized_hw, encoder_digest)


def _sha256(features: torch.Tensor) -> torch.Tensor:
    digest = hashlib.sha256(features.numpy().tobytes()).digest()
    return torch.tensor(list(digest), dtype=torch.uint8)
