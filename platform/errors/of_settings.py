"""Errors of the database and of settings."""

from maskloop.platform.errors.base import MaskloopError


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


class DumpFailedError(MaskloopError):
    code = "dump_failed"
    sentence = "{program} did not do it: {reason}. The database is as it was."

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(program, reason)


class DatabaseNotEmptyError(MaskloopError):
    code = "database_not_empty"
    sentence = (
        "{database} has {rows} {what} already, and a dump is only restored into an empty database. "
        "Name another one by MASKLOOP_DATABASE_URL, or another MASKLOOP_HOME."
    )

    def __init__(self, database: str, rows: int, what: str) -> None:
        super().__init__(database, rows, what)
