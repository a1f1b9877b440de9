"""States of things that live through a process, and which changes are allowed.

The same values stand in CHECK constraints of the schema; every change is one guarded UPDATE.
"""

from enum import StrEnum


class JobKind(StrEnum):
    AUTOLABEL = "autolabel"
    """Everything-mode over images of a project."""
    EXPORT = "export"
    """The project's masks as a ZIP in the object store; has no items."""
    TRAIN = "train"
    """A new model version from a training set; has no items."""
    EVALUATE = "evaluate"
    """Champion and challenger on the same hold-out, then the gate; has no items."""


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
    PAUSED = "paused"
    """Somebody wants it to wait: no worker takes it before it is resumed."""


class ItemState(StrEnum):
    QUEUED = "queued"
    """Not begun, given back by a lapsed lease, or put off until a later try."""
    LEASED = "leased"
    """In the hands of the worker whose token it carries."""
    DONE = "done"
    """Its result is stored."""
    FAILED = "failed"
    """Could not be tried to the end (store or worker trouble); a resume tries it again."""
    QUARANTINED = "quarantined"
    """The image itself is at fault; the reason stands beside it."""


class ProjectMode(StrEnum):
    """The stage of the data engine that a project is in (Segment Anything, section 4)."""

    ASSISTED = "assisted"
    """People prompt; the model answers clicks."""
    SEMI_AUTOMATIC = "semi_automatic"
    """Confident masks are filled in, and people label the rest."""
    AUTOMATIC = "automatic"
    """The model proposes everything, and people review."""


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
    """Another model version proposed anew; pending again when its own version does."""


class Verdict(StrEnum):
    """What a review says; the proposal's state follows it."""

    ACCEPTED = "accepted"
    """The mask is right as it is, and gets a category."""
    CORRECTED = "corrected"
    """The annotation holds another mask than was proposed."""
    REJECTED = "rejected"
    """No annotation comes of it."""


class QueueSubject(StrEnum):
    """What a queue hands out."""

    PROPOSALS = "proposals"
    """Masks of models, to accept, correct or reject."""
    ANNOTATIONS = "annotations"
    """Masks of people, for a second pair of eyes."""
    IMAGES = "images"
    """Images that are to do, to label; these come as leases of images, the others as cards."""


class QueueOrder(StrEnum):
    """Which of what a queue's rule admits comes first; an image comes with the first one of the
    proposals that wait on it, and last where none does."""

    DOUBT = "doubt"
    """What is most worth a look; what nobody has computed a doubt of comes by its score."""
    SCORE = "score"
    """The lowest predicted IoU."""
    RANDOM = "random"
    """A fixed shuffle: what is said of it is evidence for all of them."""
    OLDEST = "oldest"
    """As they were made."""


class CardOutcome(StrEnum):
    """How a card ended."""

    ANSWERED = "answered"
    """Its holder gave a verdict."""
    RETURNED = "returned"
    """Its holder gave it back, or looked at it and went away."""
    TAKEN = "taken"
    """It lapsed, and somebody else was handed the same."""
    OVERTAKEN = "overtaken"
    """What it shows was decided elsewhere, or is no more."""


class CheckKind(StrEnum):
    """Why the right answer is known."""

    GOLD = "gold"
    """What is shown is right."""
    PLANTED = "planted"
    """What is shown is wrong on purpose."""


class Defect(StrEnum):
    """What is wrong with a planted error."""

    ERODED = "eroded"
    """The mask ends inside the object."""
    SHIFTED = "shifted"
    """It stands beside the object."""
    MERGED = "merged"
    """It takes a neighbour in."""
    MISSING_PART = "missing_part"
    """A part of the object is not in it."""
    WRONG_CATEGORY = "wrong_category"
    """The mask is right, and its name is another's."""


class PassKind(StrEnum):
    """Why somebody labels an image blindly."""

    GOLD = "gold"
    """Everything on it is known."""
    FOLD = "fold"
    """Several people label it, and are compared."""


class PassOutcome(StrEnum):
    """What the person said of the image first."""

    DONE = "done"
    """Everything on it is labelled."""
    SKIPPED = "skipped"
    """It cannot be labelled; nothing is measured."""
    ABANDONED = "abandoned"
    """Its lease lapsed, and somebody else needed the place; it counts for nothing."""


class FoldState(StrEnum):
    """Of an image that several people label blindly."""

    OPEN = "open"
    """Not all of them are through."""
    DISPUTED = "disputed"
    """They are, and do not agree."""
    SETTLED = "settled"
    """What is on the image is decided."""


class ImageState(StrEnum):
    """Of an image in the labeling queue; its last submission decides it."""

    TODO = "todo"
    """Waits for somebody to label it, or to do so again."""
    DONE = "done"
    """Somebody said that everything on it is labelled."""
    SKIPPED = "skipped"
    """Somebody said why it cannot be labelled."""


class SubmissionOutcome(StrEnum):
    """What a submission says; the image's state follows it."""

    DONE = "done"
    """Everything on the image is labelled."""
    SKIPPED = "skipped"
    """The image cannot be labelled, for the reason given."""
    REOPENED = "reopened"
    """The image goes back into the queue."""


class Split(StrEnum):
    """On which side of a training set an image's annotations stand; by the image's hash."""

    TRAIN = "train"
    """Weights are made from it."""
    VALIDATION = "validation"
    """Decides when to stop and which weights to keep."""
    HOLDOUT = "holdout"
    """Measures versions; nothing is ever decided by it but promotion."""


class NeverTrained(StrEnum):
    """Why no version may be trained on an annotation."""

    GOLD = "gold"
    """Measures people and models; may stand in a hold-out."""
    PLANTED = "planted"
    """An error made on purpose, to see whether reviewers find it; stands in no set."""


class TrainingReason(StrEnum):
    """What began a training."""

    BY_HAND = "by_hand"
    """Somebody asked for it."""
    CORRECTIONS = "corrections"
    """So many corrections since the parent."""
    DRIFT = "drift"
    """People change what the version proposes more than they did, or refuse more of it."""


class ModelVersionState(StrEnum):
    TRAINING = "training"
    """Its weights are being made."""
    READY = "ready"
    """May be evaluated, promoted and used by jobs."""
    FAILED = "failed"
    """Its training did not end; it goes on when its job is resumed."""
    RETIRED = "retired"
    """Kept for the record; can no longer be promoted."""


JOB_TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.PAUSED}),
    JobState.RUNNING: frozenset(set(JobState) - {JobState.QUEUED}),
    JobState.PAUSED: frozenset({JobState.RUNNING, JobState.QUEUED, JobState.CANCELLED}),
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
    ProposalState.ACCEPTED: frozenset({ProposalState.PENDING}),
    ProposalState.CORRECTED: frozenset({ProposalState.PENDING}),
    ProposalState.REJECTED: frozenset({ProposalState.PENDING}),
    ProposalState.SUPERSEDED: frozenset({ProposalState.PENDING}),
}
"""Back to PENDING: a verdict was withdrawn, or what superseded the proposal is gone."""

MODEL_VERSION_TRANSITIONS: dict[ModelVersionState, frozenset[ModelVersionState]] = {
    ModelVersionState.TRAINING: frozenset({ModelVersionState.READY, ModelVersionState.FAILED}),
    ModelVersionState.READY: frozenset({ModelVersionState.RETIRED}),
    ModelVersionState.FAILED: frozenset({ModelVersionState.TRAINING}),
    ModelVersionState.RETIRED: frozenset(),
}

STATE_AFTER: dict[SubmissionOutcome, ImageState] = {
    SubmissionOutcome.DONE: ImageState.DONE,
    SubmissionOutcome.SKIPPED: ImageState.SKIPPED,
    SubmissionOutcome.REOPENED: ImageState.TODO,
}
"""An image's state may change to any other; the submissions are its history."""
