"""Every error maskloop raises on purpose.

An error has a stable `code` (for machines), `retryable` (may the same call succeed later without
a change?), named `fields`, and a sentence: what is wrong with which thing, and what to do next.
Arguments go to `Exception.__init__` unformatted, so that errors survive pickling between processes.
"""

from maskloop.platform.errors.base import (
    MaskloopError,
)
from maskloop.platform.errors.of_client import (
    RemoteError,
    ServerUnreachableError,
)
from maskloop.platform.errors.of_http import (
    AddressInUseError,
    AddressRefusedError,
    BadHostError,
    BodyTooLargeError,
    ForbiddenError,
    ForeignOriginError,
    PreconditionRequiredError,
    ServerBusyError,
)
from maskloop.platform.errors.of_images import (
    BadImageError,
    ImageAnimatedError,
    ImageChangedError,
    ImageEmptyError,
    ImageTooLargeError,
    ImageTruncatedError,
    ImageUnreadableError,
)
from maskloop.platform.errors.of_jobs import (
    AlreadyExistsError,
    BadNameError,
    CandidatesMissingError,
    ChoiceRefusedError,
    JobBusyError,
    LeaseLostError,
    NoCandidatesError,
    NotFoundError,
    PipelineBrokenError,
    RefusedTransitionError,
    WorkersDieError,
)
from maskloop.platform.errors.of_labeling import (
    AlreadyReviewedError,
    AnnotationConflictError,
    BadMaskError,
    ExportNotReadyError,
    NotYourAnnotationError,
    WrongJobKindError,
)
from maskloop.platform.errors.of_models import (
    BadParametersError,
    BadPromptError,
    BadReferenceError,
    DownloadCorruptError,
    DownloadFailedError,
    GraphUnexpectedError,
    NoVersionServesError,
    ServingBusyError,
    ServingUnavailableError,
    WeightsCorruptError,
    WeightsMissingError,
)
from maskloop.platform.errors.of_people import (
    BadPasswordError,
    CsrfRefusedError,
    IdempotencyConflictError,
    LastAdminError,
    NotSignedInError,
    TooManyAttemptsError,
    TooManyTokensError,
    WrongPasswordError,
)
from maskloop.platform.errors.of_settings import (
    BadSettingError,
    DatabaseUnavailableError,
    SchemaTooNewError,
)
from maskloop.platform.errors.of_storage import (
    BadLocationError,
    DocumentDamagedError,
    ObjectMissingError,
    StoreDeniedError,
    StoreUnavailableError,
)

__all__ = [
    "AddressInUseError",
    "AddressRefusedError",
    "AlreadyExistsError",
    "AlreadyReviewedError",
    "AnnotationConflictError",
    "BadHostError",
    "BadImageError",
    "BadLocationError",
    "BadMaskError",
    "BadNameError",
    "BadParametersError",
    "BadPasswordError",
    "BadPromptError",
    "BadReferenceError",
    "BadSettingError",
    "BodyTooLargeError",
    "CandidatesMissingError",
    "ChoiceRefusedError",
    "CsrfRefusedError",
    "DatabaseUnavailableError",
    "DocumentDamagedError",
    "DownloadCorruptError",
    "DownloadFailedError",
    "ExportNotReadyError",
    "ForbiddenError",
    "ForeignOriginError",
    "GraphUnexpectedError",
    "IdempotencyConflictError",
    "ImageAnimatedError",
    "ImageChangedError",
    "ImageEmptyError",
    "ImageTooLargeError",
    "ImageTruncatedError",
    "ImageUnreadableError",
    "JobBusyError",
    "LastAdminError",
    "LeaseLostError",
    "MaskloopError",
    "NoCandidatesError",
    "NoVersionServesError",
    "NotFoundError",
    "NotSignedInError",
    "NotYourAnnotationError",
    "ObjectMissingError",
    "PipelineBrokenError",
    "PreconditionRequiredError",
    "RefusedTransitionError",
    "RemoteError",
    "SchemaTooNewError",
    "ServerBusyError",
    "ServerUnreachableError",
    "ServingBusyError",
    "ServingUnavailableError",
    "StoreDeniedError",
    "StoreUnavailableError",
    "TooManyAttemptsError",
    "TooManyTokensError",
    "WeightsCorruptError",
    "WeightsMissingError",
    "WorkersDieError",
    "WrongJobKindError",
    "WrongPasswordError",
]
