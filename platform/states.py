"""States of things that live through a process, and which changes are allowed.

The same values stand in CHECK constraints of the schema; every change is one guarded UPDATE.
"""

from enum import StrEnum


class JobKind(StrEnum):
    AUTOLABEL = "autolabel"
    """Everything-mode over images of a project."""
    EXPORT = "export"
    """The project's masks as a ZIP in the object store; has no items."""


class JobState(StrEnum):
    QUEUED = "queued"
    """Waits for a worker."""
    RUNNING = "running"
    """A worker holds its lease; when that lapses, the job may be resumed."""
    SUCCEEDED = "succeeded"
    """Every item is done or quarantined."""
    FAILED = "failed"
    """Stopped by an error of the job itself; may be resumed."""
    CANCELLED = "cancelled"
    """Stopped because somebody asked; may be resumed."""


class ItemState(StrEnum):
    QUEUED = "queued"
    """Not begun, or given back by a lapsed lease."""
    LEASED = "leased"
    """In the hands of the worker whose token it carries."""
    DONE = "done"
    """Its result is stored."""
    FAILED = "failed"
    """Could not be tried to the end (store or worker trouble); a resume tries it again."""
    QUARANTINED = "quarantined"
    """The image itself is at fault; the reason stands beside it."""


class ProposalState(StrEnum):
    PENDING = "pending"
    """Waits for a review."""
    ACCEPTED = "accepted"
    """A person stands behind it as it is."""
    CORRECTED = "corrected"
    """A person changed it; the annotation holds the corrected mask."""
    REJECTED = "rejected"
    """A person refused it."""
    SUPERSEDED = "superseded"
    """A later model version proposed anew."""


class Verdict(StrEnum):
    """What a review says; the proposal's state follows it."""

    ACCEPTED = "accepted"
    """The mask is right as it is, and gets a category."""
    CORRECTED = "corrected"
    """The annotation holds another mask than was proposed."""
    REJECTED = "rejected"
    """No annotation comes of it."""


class ModelVersionState(StrEnum):
    TRAINING = "training"
    """Its weights are being made."""
    READY = "ready"
    """May be evaluated, promoted and used by jobs."""
    FAILED = "failed"
    """Its training did not end."""
    RETIRED = "retired"
    """Kept for the record; can no longer be promoted."""


JOB_TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.FAILED: frozenset({JobState.RUNNING, JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.RUNNING, JobState.QUEUED}),
    JobState.SUCCEEDED: frozenset({JobState.QUEUED}),
}
"""RUNNING to RUNNING is a resume after a lapsed lease: another worker, another token. SUCCEEDED to
QUEUED is a retry of its quarantined items."""

ITEM_TRANSITIONS: dict[ItemState, frozenset[ItemState]] = {
    ItemState.QUEUED: frozenset({ItemState.LEASED}),
    ItemState.LEASED: frozenset(
        {ItemState.QUEUED, ItemState.DONE, ItemState.FAILED, ItemState.QUARANTINED}
    ),
    ItemState.FAILED: frozenset({ItemState.QUEUED}),
    ItemState.QUARANTINED: frozenset({ItemState.QUEUED}),
    ItemState.DONE: frozenset(),
}

PROPOSAL_TRANSITIONS: dict[ProposalState, frozenset[ProposalState]] = {
    ProposalState.PENDING: frozenset(set(ProposalState) - {ProposalState.PENDING}),
    ProposalState.ACCEPTED: frozenset(),
    ProposalState.CORRECTED: frozenset(),
    ProposalState.REJECTED: frozenset(),
    ProposalState.SUPERSEDED: frozenset(),
}

MODEL_VERSION_TRANSITIONS: dict[ModelVersionState, frozenset[ModelVersionState]] = {
    ModelVersionState.TRAINING: frozenset({ModelVersionState.READY, ModelVersionState.FAILED}),
    ModelVersionState.READY: frozenset({ModelVersionState.RETIRED}),
    ModelVersionState.FAILED: frozenset(),
    ModelVersionState.RETIRED: frozenset(),
}
