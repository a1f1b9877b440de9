"""The one place where the errors of boto3 become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto

from maskloop.platform.errors import (
    BadLocationError,
    MaskloopError,
    ObjectMissingError,
    ObjectUnreadableError,
    StoreDeniedError,
    StoreUnavailableError,
)

_NO_CREDENTIALS = (
    "no usable credentials were found (looked for AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "the profiles in ~/.aws, and the role of this machine or container)"
)
_CREDENTIAL_ERRORS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.LoginError,
    boto.MetadataRetrievalError,
)
_DAMAGE = (boto.ChecksumError, boto.FlexibleChecksumError)
_TRANSPORT_ERRORS = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.IncompleteReadError,
    *_DAMAGE,
)
_DENIED_CODES = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed"}
_BUSY_CODES = {"RequestTimeout", "SlowDown", "NoSuchUpload"}

_UNREADABLE = {
    "InvalidObjectState": "it is archived; restore it in the store, then add it again",
    "PreconditionFailed": "it was replaced since it was listed; list it again",
}


@contextmanager
def translated(store: str, key: str | None = None, *, about: str | None = None) -> Iterator[None]:
    """`key`: of the object that must be there for the work; `about`: of one that need not be."""
    named = key or about
    try:
        yield
    except boto.ClientError as error:
        raise _from_answer(error, store, key, named) from error
    except _CREDENTIAL_ERRORS as error:
        raise StoreDeniedError(store, f"{_NO_CREDENTIALS}: {error}") from error
    except _TRANSPORT_ERRORS as error:
        reason = f"{named}: {error}" if named else str(error)
        raise StoreUnavailableError(store, reason.rstrip(" .")) from error
    except (boto.BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
        raise BadLocationError(store, str(error)) from error


def is_damage(error: StoreUnavailableError) -> bool:
    """Whether all bytes came, but not those that the store sent."""
    return isinstance(error.__cause__, _DAMAGE)


def status_of(error: boto.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _from_answer(
    error: boto.ClientError, store: str, key: str | None, named: str | None
) -> MaskloopError:
    status, code = status_of(error), error.response.get("Error", {}).get("Code", "")
    reason = _reason(error, named)
    if key is not None and code in _UNREADABLE:
        return ObjectUnreadableError(key, store, _UNREADABLE[code])
    if status >= 500 or status in (409, 429) or code in _BUSY_CODES:
        return StoreUnavailableError(store, reason)
    if code == "NoSuchBucket" or (status == 404 and key is None):
        return BadLocationError(store, "there is no bucket of that name at this endpoint")
    if status == 404 and key is not None:
        return ObjectMissingError(key, store)
    if status in (401, 403) or code in _DENIED_CODES:
        return StoreDeniedError(store, reason)
    return BadLocationError(store, reason)


def _reason(error: boto.ClientError, named: str | None) -> str:
    answer = error.response.get("Error", {})
    operation = f"{error.operation_name} of {named}" if named else error.operation_name
    tries = 1 + int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0))
    said = f"{answer.get('Code', '')} {answer.get('Message', '')}".rstrip(" .")
    times = f", {tries} times" if tries > 1 else ""
    return f"{operation} was answered with {said}{times}"
