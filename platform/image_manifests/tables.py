"""Manifests as tables: CSV line by line, Parquet by batches; memory does not grow with lines."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final, cast
from urllib.parse import unquote_plus

from maskloop.platform.errors import ManifestUnusableError
from maskloop.platform.image_manifests.lines import (
    BadLine,
    ManifestLine,
    Values,
    columns_of,
    line_of,
)

LONGEST_LINE: Final = 64 * 1024
"""Bytes; S3's longest key has 1,024."""
_BATCH = 1024
_GZIP = b"\x1f\x8b"


def csv_lines(
    stream: BinaryIO,
    place: str,
    *,
    columns: Sequence[str] | None = None,
    delimiter: str = ",",
    inventory: bool = False,
) -> Iterator[ManifestLine]:
    """UTF-8, gzipped or not. `columns` names them where the first line does not.

    A value cannot hold a line break: a quotation mark that is not closed spoils its line and no
    other. Empty lines are passed over. `inventory`: keys are URL-encoded, and what is no image by
    its name is left out. Raises `ManifestUnusableError`, at the line where it is damaged.
    """
    names = None if columns is None else columns_of(columns, place)
    for number, raw in enumerate(_raw_lines(stream, place), start=1):
        here = f"{place}:{number}"
        if len(raw) > LONGEST_LINE:
            yield BadLine(here, f"the line is longer than {LONGEST_LINE:,} bytes")
            continue
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not raw.strip():
            continue
        row = _row(raw, delimiter)
        if isinstance(row, str):
            yield BadLine(here, row)
        elif names is None:
            names = columns_of(row, place)
        elif len(row) != len(names):
            yield BadLine(here, f"it has {len(row)} values for {len(names)} columns")
        else:
            values = _named(names, row)
            if inventory and "key" in values:
                values = {**values, "key": unquote_plus(values["key"], errors="surrogateescape")}
            yield line_of(values, here, images_only=inventory)


def _raw_lines(stream: BinaryIO, place: str) -> Iterator[bytes]:
    """Each line's bytes; of one that is too long, a byte more than the longest."""
    buffered = (
        stream
        if isinstance(stream, io.BufferedReader)
        else io.BufferedReader(cast(io.RawIOBase, stream))
    )
    lines: Any = buffered
    if buffered.peek(2)[:2] == _GZIP:
        lines = gzip.GzipFile(fileobj=buffered)
    number = 0
    try:
        while raw := lines.readline(LONGEST_LINE + 1):
            number += 1
            rest = raw
            while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
                rest = lines.readline(LONGEST_LINE + 1)
            yield raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        reason = f"it is damaged behind line {number:,} ({error}); what stands before was read"
        raise ManifestUnusableError(place, reason) from error


def _row(raw: bytes, delimiter: str) -> list[str] | str:
    """The values, or what is wrong."""
    text = raw.decode(errors="surrogateescape").rstrip("\r\n")
    try:
        [row] = csv.reader([text], strict=True, delimiter=delimiter)
    except (csv.Error, ValueError) as error:
        return f"it is no CSV ({error})"
    return row


def _named(names: Sequence[str | None], row: Sequence[Any]) -> Values:
    pairs = zip(names, row, strict=True)
    return {name: value for name, value in pairs if name is not None}


def parquet_lines(
    stream: BinaryIO, place: str, *, columns: Sequence[str] | None = None, inventory: bool = False
) -> Iterator[ManifestLine]:
    """`stream` can seek. `columns` names those of the file in their order, where it does not.

    Only columns that say something are read, a batch of rows at a time. Lines count from 1. Raises
    `ManifestUnusableError`.
    """
    import pyarrow as pa  # costs start time
    from pyarrow import parquet

    number = 0
    try:
        file = parquet.ParquetFile(stream, pre_buffer=False)
        given = file.schema_arrow.names
        if columns is not None and len(columns) != len(given):
            reason = f"it has {len(given)} columns, --columns names {len(columns)}"
            raise ManifestUnusableError(place, reason)
        ours = columns_of(columns or given, place)
        wanted = {theirs: name for theirs, name in zip(given, ours, strict=True) if name}
        for batch in file.iter_batches(_BATCH, columns=list(wanted), use_threads=False):
            for row in batch.to_pylist():
                number += 1
                values = {name: row[theirs] for theirs, name in wanted.items()}
                yield line_of(values, f"{place}:{number}", images_only=inventory)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = f"it is no Parquet or damaged behind line {number:,} ({error})"
        raise ManifestUnusableError(place, reason.rstrip(".")) from error
