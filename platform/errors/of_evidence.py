"""Errors of what is decided by evidence instead of by a person."""

from maskloop.platform.errors.base import MaskloopError


class NoThresholdError(MaskloopError):
    """`because`: what the evidence says, and how much of it is missing."""

    code = "no_threshold"
    sentence = "Nothing is accepted unseen yet: {because}."

    def __init__(self, because: str) -> None:
        super().__init__(because)


class AutoAcceptOnError(MaskloopError):
    code = "auto_accept_on"
    sentence = (
        "Auto-accept {auto_accept} of model version {version} is on already; switch it off first."
    )

    def __init__(self, auto_accept: int, version: int) -> None:
        super().__init__(auto_accept, version)
