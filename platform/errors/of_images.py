"""Errors of images."""

from maskloop.platform.errors.base import MaskloopError


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


class ImageDiffersError(BadImageError):
    code = "image_differs"
    sentence = "{source} is not what the manifest says ({reason}). Write the manifest anew."
