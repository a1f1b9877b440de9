"""Opening a manifest wherever it lies, by what it is."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from maskloop.platform.errors import BadLocationError, ManifestUnusableError
from maskloop.platform.image_manifests.inventory import MOST_BYTES, read_inventory
from maskloop.platform.image_manifests.lines import BadLine, ManifestImage, ManifestLine
from maskloop.platform.image_manifests.tables import csv_lines, parquet_lines
from maskloop.platform.storage import local_path, split_s3_url
from maskloop.platform.storage.file_errors import reading


def read_image_manifest(
    location: str, *, columns: Sequence[str] | None = None, s3_endpoint_url: str | None = None
) -> Iterator[ManifestLine]:
    """The lines of a CSV, a Parquet file or an S3 Inventory, in order and as they are read.

    By the name's end: `.parquet`, `manifest.json` of an inventory, `.tsv` with tabs, else CSV; CSV
    may be gzipped. Paths in a local manifest start at its folder; a manifest in a bucket names
    objects only. Raises `ManifestUnusableError`, and the errors of an object store.
    """
    place = location.removeprefix("s3://").rpartition("/")[2] or location
    plain = location.lower().removesuffix(".gz")
    if plain.endswith(".orc"):
        raise ManifestUnusableError(location, "ORC is not read; have it written as CSV or Parquet")
    if plain.endswith(".json"):
        yield from _inventory(location, columns, s3_endpoint_url)
        return
    is_parquet = plain.endswith(".parquet")
    with closing(_open(location, s3_endpoint_url, seek=is_parquet)) as stream:
        if is_parquet:
            lines = parquet_lines(stream, place, columns=columns)
        else:
            delimiter = "\t" if plain.endswith(".tsv") else ","
            lines = csv_lines(stream, place, columns=columns, delimiter=delimiter)
        folder = None if location.startswith("s3://") else _folder(location)
        for line in lines:
            yield _placed(line, folder) if isinstance(line, ManifestImage) else line


def _inventory(
    location: str, columns: Sequence[str] | None, s3_endpoint_url: str | None
) -> Iterator[ManifestLine]:
    if columns is not None:
        raise ManifestUnusableError(location, "an inventory names its columns; leave --columns out")
    with closing(_open(location, s3_endpoint_url, seek=False)) as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ManifestUnusableError(location, f"it is larger than {MOST_BYTES:,} bytes")
    inventory = read_inventory(data, location)
    for file in inventory.files:
        place = file.rpartition("/")[2]
        with closing(_open(file, s3_endpoint_url, seek=inventory.is_parquet)) as stream:
            if inventory.is_parquet:
                yield from parquet_lines(stream, place, inventory=True)
            else:
                yield from csv_lines(stream, place, columns=inventory.columns, inventory=True)


def _open(location: str, s3_endpoint_url: str | None, *, seek: bool) -> BinaryIO:
    if location.startswith("s3://"):
        from maskloop.platform.storage.s3_reader import S3Reader  # boto3 costs start time

        bucket, key = split_s3_url(location)
        if not key:
            raise BadLocationError(location, "it names no object; expected s3://bucket/key")
        reader = S3Reader(bucket, endpoint_url=s3_endpoint_url)
        return reader.open_seekable(key) if seek else reader.open(key)
    path = local_path(location)
    with reading(path.name, str(path.parent.absolute())):
        return path.open("rb")


def _folder(location: str) -> Path:
    return local_path(location).absolute().parent


def _placed(image: ManifestImage, folder: Path | None) -> ManifestLine:
    """With a whole path in place of one that starts at the manifest's folder."""
    if image.uri.startswith("s3://"):
        return image
    if folder is None:
        return BadLine(image.place, f"{image.uri} is no s3:// URL, and the manifest is in a bucket")
    try:
        path = folder / local_path(image.uri)
    except BadLocationError as error:
        return BadLine(image.place, str(error).rstrip("."))
    return replace(image, uri=os.path.normpath(path))
