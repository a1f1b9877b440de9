"""Errors of people, sessions, tokens and repeated requests."""

from maskloop.platform.errors.base import MaskloopError


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
