"""Errors of the client of a server."""

from maskloop.platform.errors.base import MaskloopError


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
