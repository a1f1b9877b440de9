"""Errors of the HTTP server."""

from maskloop.platform.errors.base import MaskloopError


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
