"""Errors of object stores and of what lies in them."""

from maskloop.platform.errors.base import MaskloopError


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
