"""The one place where the errors of boto3 become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto

from maskloop.platform.errors import (
    BadLocationError,
    MaskloopError,
    ObjectMissingError,
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
_TRANSPORT_ERRORS = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.IncompleteReadError,
    boto.ChecksumError,
    boto.FlexibleChecksumError,
)
_DENIED_CODES = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed"}
_BUSY_CODES = {"RequestTimeout", "SlowDown", "NoSuchUpload"}


@contextmanager
def translated(store: str, key: str | None = None) -> Iterator[None]:
    """`key` is the object that the work is about, if it is about one."""
    try:
        yield
    except boto.ClientError as error:
        raise _from_answer(error, store, key) from error
    except _CREDENTIAL_ERRORS as error:
        raise StoreDeniedError(store, f"{_NO_CREDENTIALS}: {error}") from error
    except _TRANSPORT_ERRORS as error:
        raise StoreUnavailableError(store, str(error)) from error
    except (boto.BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
        raise BadLocationError(store, str(error)) from error


def status_of(error: boto.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _from_answer(error: boto.ClientError, store: str, key: str | None) -> MaskloopError:
    answer, status = error.response.get("Error", {}), status_of(error)
    code, message = answer.get("Code", ""), answer.get("Message", "")
    reason = f"{error.operation_name} was answered with {code} {message}".rstrip(" .")
    if status >= 500 or status in (409, 429) or code in _BUSY_CODES:
        return StoreUnavailableError(store, reason)
    if code == "NoSuchBucket" or (status == 404 and key is None):
        return BadLocationError(store, "there is no bucket of that name at this endpoint")
    if status == 404 and key is not None:
        return ObjectMissingError(key, store)
    if status in (401, 403) or code in _DENIED_CODES:
        return StoreDeniedError(store, reason)
    return BadLocationError(store, reason)
