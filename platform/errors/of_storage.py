"""Errors of object stores and of what lies in them."""

from maskloop.platform.errors.base import MaskloopError


class ObjectMissingError(MaskloopError):
    code = "object_missing"
    sentence = "There is no object {key} in {store}. Was it removed by hand or by a lifecycle rule?"

    def __init__(self, key: str, store: str) -> None:
        super().__init__(key, store)


class ObjectUnreadableError(MaskloopError):
    """Of this object, not of the store: others can be read."""

    code = "object_unreadable"
    sentence = "The object {key} in {store} cannot be read: {reason}."

    def __init__(self, key: str, store: str, reason: str) -> None:
        super().__init__(key, store, reason)


class ManifestUnusableError(MaskloopError):
    """`place`: the manifest, or one of the files that it consists of."""

    code = "manifest_unusable"
    sentence = "The manifest {place} cannot be used: {reason}."

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)


class DocumentDamagedError(MaskloopError):
    code = "document_damaged"
    retryable = True
    sentence = "{source} cannot be read ({reason}). Remove it and resume the job: it is made again."

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)


class StoreUnavailableError(MaskloopError):
    """Of the store, not of an object: quick tries are over, a later one may well succeed."""

    code = "store_unavailable"
    retryable = True
    sentence = (
        "The object store {store} cannot be used now: {reason}. "
        "Check that it is there and answers, then try again."
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
