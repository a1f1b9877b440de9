"""What goes to the evaluator; small, since Ray carries it."""

from dataclasses import dataclass
from pathlib import Path

from maskloop.actors.sam.compute import Compute
from maskloop.platform.evaluation import Protocol
from maskloop.platform.images import Limits


@dataclass(frozen=True)
class EvaluationPlan:
    """One version on the HOLDOUT items of one manifest."""

    objects: str
    s3_endpoint_url: str | None
    weights: Path
    encoder_digest: str
    decoder_digest: str
    manifest_key: str
    protocol: Protocol
    compute: Compute
    """`threads`: of each process."""
    limits: Limits
    workers: int = 1
    """Processes, one image at a time in each; each GPU is one, a machine without is one."""
