"""What the Serve application is built from: settled by the platform, sent to Ray as JSON."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from maskloop.actors.sam.compute import Compute


class ComputePlan(BaseModel):
    """`Compute` in a form that travels as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str
    precision: Literal["fp32", "bf16"]
    engine: Literal["openvino", "pytorch"]
    threads: int

    @classmethod
    def of(cls, compute: Compute) -> "ComputePlan":
        return cls(
            device=compute.device,
            precision=compute.precision,
            engine=compute.engine,
            threads=compute.threads,
        )

    @property
    def compute(self) -> Compute:
        return Compute(self.device, self.precision, self.engine, self.threads)


class Replicas(BaseModel):
    """How many replicas a deployment has, and what one takes of a node."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: int = 1
    most: int = 1
    """More than `least`: Serve adds replicas while requests wait, and takes them away again."""
    num_cpus: float = 0.0
    num_gpus: float = 0.0
    labels: dict[str, str] = {}
    """Of the nodes that replicas may be on."""


class ServingPlan(BaseModel):
    """Arguments of `actors.app.build`. Holds no credentials: Ray keeps it where all can read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objects: str
    s3_endpoint_url: str | None
    weights: Path
    encoder_compute: ComputePlan
    decoder_compute: ComputePlan
    encoder: Replicas = Replicas()
    decoder: Replicas = Replicas()
    max_image_pixels: int
    embedding_cache_mb: int
    """Of each decoder replica."""
    encoder_batch: int = 1
    """Images encoded together: more than one pays on a GPU only."""
    queue: int = 64
    """Requests that may wait for a deployment, beyond which it answers that it is busy."""
