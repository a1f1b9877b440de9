"""Errors of annotations, reviews, leases of images, and exports."""

from maskloop.platform.errors.base import MaskloopError


class BadMaskError(MaskloopError):
    code = "bad_mask"
    sentence = "The mask cannot be kept: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class AnnotationConflictError(MaskloopError):
    """Somebody else was first; `revision` is the one there is now."""

    code = "annotation_conflict"
    sentence = (
        "Annotation {annotation} was changed meanwhile: it is at revision {revision}, by {author}. "
        "Load it again and decide what to keep."
    )

    def __init__(self, annotation: int, revision: int, author: str) -> None:
        super().__init__(annotation, revision, author)


class NotYourAnnotationError(MaskloopError):
    code = "not_your_annotation"
    sentence = "Annotation {annotation} is of {author}; only reviewers change those of others."

    def __init__(self, annotation: int, author: str) -> None:
        super().__init__(annotation, author)


class AlreadyReviewedError(MaskloopError):
    code = "already_reviewed"
    sentence = "Proposal {proposal} was {verdict} by {reviewer} already. Go on with the next one."

    def __init__(self, proposal: int, verdict: str, reviewer: str) -> None:
        super().__init__(proposal, verdict, reviewer)


class ImageLeasedError(MaskloopError):
    """`until`: in ISO 8601."""

    code = "image_leased"
    sentence = (
        "{holder} works on image {image}, until {until} at least. Take another one, or ask for it "
        "again then."
    )

    def __init__(self, image: int, holder: str, until: str) -> None:
        super().__init__(image, holder, until)


class ImageLeaseLostError(MaskloopError):
    """`holder`: who works on the image now, or "nobody"."""

    code = "lease_lost"
    sentence = (
        "Your lease of image {image} has ended; now {holder} has it. Your annotations are kept: "
        "open the image again to see what it holds, and submit it then."
    )

    def __init__(self, image: int, holder: str) -> None:
        super().__init__(image, holder)


class CardLostError(MaskloopError):
    """`holder`: who has what it shows now, or "nobody"."""

    code = "card_lost"
    sentence = (
        "Card {card} is not yours any more; now {holder} has what it shows. Keep what you drew, "
        "and ask the queue for cards again."
    )

    def __init__(self, card: int, holder: str) -> None:
        super().__init__(card, holder)


class CardAnsweredError(MaskloopError):
    code = "card_answered"
    sentence = "Card {card} was answered already. Withdraw that answer to give another one."

    def __init__(self, card: int) -> None:
        super().__init__(card)


class AnswerShownError(MaskloopError):
    code = "answer_shown"
    sentence = (
        "Card {card} was a check whose right answer you were shown: what you said of it stands."
    )

    def __init__(self, card: int) -> None:
        super().__init__(card)


class QueueClosedError(MaskloopError):
    code = "queue_closed"
    sentence = (
        "Queue {queue} is closed and hands out nothing more. What you hold may still be finished; "
        "take the next from another queue."
    )

    def __init__(self, queue: str) -> None:
        super().__init__(queue)


class WrongJobKindError(MaskloopError):
    code = "wrong_job_kind"
    sentence = "Job {job} is of kind {kind}; this is for jobs of kind {wanted}."

    def __init__(self, job: int, kind: str, wanted: str) -> None:
        super().__init__(job, kind, wanted)


class ExportNotReadyError(MaskloopError):
    code = "export_not_ready"
    sentence = "The export of job {job} has no file: the job is {state}. Wait, or resume the job."

    def __init__(self, job: int, state: str) -> None:
        super().__init__(job, state)
