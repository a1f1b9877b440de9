"""Settings: read once at the entry point from `MASKLOOP_*` variables, frozen, passed down."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PostgresDsn, SecretStr, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from maskloop.platform.errors import BadSettingError


def _labels(told: object) -> object:
    """`name=value,…` as a mapping."""
    if not isinstance(told, str):
        return told
    pairs = [each.strip().split("=") for each in told.split(",") if each.strip()]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise PydanticCustomError("labels", "expected name=value,name=value")
    return {name.strip(): value.strip() for name, value in pairs}


Labels = Annotated[dict[str, str], NoDecode, BeforeValidator(_labels)]


class Settings(BaseSettings):
    """Every key can be set as `MASKLOOP_<KEY>`; an unset one has the default that stands here."""

    model_config = SettingsConfigDict(env_prefix="MASKLOOP_", frozen=True, extra="ignore")

    server: str | None = None
    """`http://host:port` of a server on another machine, which `project`, `images add` and
    `autolabel` then mean instead of this one."""
    token: SecretStr | None = None
    """An API token for that server."""
    home: Path = Field(default_factory=lambda: Path.home() / ".maskloop")
    """Weights, and the embedded database and object store when no others are named."""
    database_url: SecretStr | None = None
    """`postgresql://user:password@host/name`, PostgreSQL 15 or later; unset: an embedded one."""
    object_store_url: str | None = None
    """`s3://bucket/prefix` or a folder; unset: a folder under `home`."""
    s3_endpoint_url: str | None = None
    """The endpoint of an S3-compatible store that is not AWS."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Of matrix products; auto: bf16 where the processor or GPU has it, else fp32."""
    engine: Literal["auto", "openvino", "pytorch"] = "auto"
    """auto: OpenVINO on a processor, PyTorch on a GPU."""
    workers: int | None = Field(default=None, ge=1)
    """Autolabel processes; unset: one per GPU where there are any, else one per core; on a cluster
    as many as it has room for."""
    worker_labels: Labels = Field(default_factory=dict)
    """`name=value,…`: Ray's labels of the nodes of a cluster that autolabel processes may be on."""
    bulk_encoders: int | None = Field(default=None, ge=0)
    """Processes on a cluster that encode for the others; unset: as many as its GPUs have room for.
    0: each process encodes for itself."""
    encoder_labels: Labels = Field(default_factory=dict)
    """`name=value,…`: of the nodes that those may be on."""
    max_image_pixels: int = Field(default=100_000_000, ge=1)
    """Larger images are refused before they are decoded (decompression bombs)."""
    max_image_bytes: int = Field(default=512 * 1024 * 1024, ge=1)
    """Larger files are refused before they are read."""
    lease_seconds: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    """A worker not heard of for this long has lost its job; it reports three times as often."""
    retry_seconds: float = Field(default=3.0, ge=0, le=600, allow_inf_nan=False)
    """An image that a job could not do is tried again after so long, then after twice that, …"""
    image_lease_minutes: float = Field(default=10.0, gt=0, le=10_000, allow_inf_nan=False)
    """An image that nobody was heard of working on for this long goes to whoever asks next."""
    card_lease_minutes: float = Field(default=10.0, gt=0, le=10_000, allow_inf_nan=False)
    """A card of a review queue that nobody was heard of for this long goes to whoever asks next."""
    encoder_replicas: int = Field(default=1, ge=1)
    decoder_replicas: int = Field(default=1, ge=1)
    """Of the application that answers clicks; these many at least."""
    encoder_replicas_most: int | None = Field(default=None, ge=1)
    decoder_replicas_most: int | None = Field(default=None, ge=1)
    """Up to these many while requests wait; unset: no more than at least."""
    encoder_gpus: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """GPUs of an encoder where encoders run on one; 0.25 lets four share it."""
    encoder_batch: int = Field(default=8, ge=1)
    """Images that a GPU encodes together; on a processor it is always one."""
    decoder_threads: int | None = Field(default=None, ge=1)
    """Of a decoder replica; unset: one per core."""
    serving_queue: int = Field(default=64, ge=1)
    """Requests that may wait for encoder or decoder; more are told to come again."""
    embedding_cache_mb: int = Field(default=512, ge=16)
    """Memory for embeddings in each decoder replica; an image takes 9 MB, 14 in float32."""
    prefetch_images: int = Field(default=3, ge=0, le=32)
    """Images made ready behind the one that somebody opens."""
    embedding_quota_gb: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Embeddings beyond this are deleted, the oldest first; an image's takes 2 MB. Unset: none."""
    embedding_days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Embeddings older than this are deleted. Unset: none."""
    ray_object_store_mb: int = Field(default=256, ge=80)
    """Shared memory of a Ray that maskloop starts itself."""
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    """Signs session cookies; several processes of one instance share it. Unset: `home/secret.key`,
    made when missing."""
    session_hours: float = Field(default=12.0, gt=0, le=10_000, allow_inf_nan=False)
    """A session ends when its browser was silent for this long."""
    session_days_most: float = Field(default=30.0, gt=0, le=10_000, allow_inf_nan=False)
    """A session ends this long after the password was given, whatever happens."""
    sessions_per_user: int = Field(default=20, ge=1)
    """One more ends the one that was silent longest."""
    tokens_per_user: int = Field(default=50, ge=1)
    """Living ones; one more is refused."""
    access_cache_seconds: float = Field(default=5.0, ge=0, le=30, allow_inf_nan=False)
    """How long a process trusts what it read about a person: a revocation acts within this time."""

    @property
    def objects(self) -> str:
        """Location of the object store, in the form `storage.open_store` takes."""
        url = self.object_store_url or str(self.home / "objects")
        return url if "://" in url else str(Path(url).expanduser().absolute())

    @property
    def weights(self) -> Path:
        return self.home / "weights"


def cores() -> int:
    """Those this process may use, where the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_settings() -> Settings:
    """Read the environment. Raises `BadSettingError` that names the variable, never its value."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "MASKLOOP_" + "_".join(str(part) for part in first["loc"]).upper()
        raise BadSettingError(name, first["msg"]) from None
    if settings.database_url is not None:
        _check_database_url(settings.database_url)
    return settings.model_copy(update={"home": settings.home.expanduser().absolute()})


def _check_database_url(url: SecretStr) -> None:
    try:
        PostgresDsn(url.get_secret_value())
    except ValidationError:
        reason = "expected postgresql://user:password@host:port/name"
        raise BadSettingError("MASKLOOP_DATABASE_URL", reason) from None
