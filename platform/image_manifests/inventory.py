"""S3 Inventory: `manifest.json` and the data files that it names.

Format: Amazon S3 User Guide, "Cataloging and analyzing your data with S3 Inventory".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from maskloop.platform.errors import ManifestUnusableError

MOST_BYTES = 64 * 1024 * 1024
"""Of `manifest.json`, which is read whole: some 300,000 data files."""
_ARN = "arn:"
_KINDS = ("CSV", "Parquet")


@dataclass(frozen=True)
class Inventory:
    """`files`: s3:// URLs; `columns` of CSV files, which have no header, else None."""

    files: Sequence[str]
    is_parquet: bool
    columns: Sequence[str] | None


def read_inventory(data: bytes, place: str) -> Inventory:
    """Raises `ManifestUnusableError`; ORC is refused."""
    try:
        document = json.loads(data)
        kind = str(document["fileFormat"])
        bucket = str(document["destinationBucket"])
        files = [_file(entry) for entry in document["files"]]
        schema = str(document["fileSchema"])
    except (ValueError, KeyError, TypeError) as error:
        reason = f"it is not the manifest.json of an S3 Inventory ({type(error).__name__}: {error})"
        raise ManifestUnusableError(place, reason) from error
    if kind not in _KINDS:
        reason = f"its files are {kind}; have the inventory written as CSV or Parquet"
        raise ManifestUnusableError(place, reason)
    if bucket.startswith(_ARN):
        bucket = bucket.rpartition(":")[2]
    return Inventory(
        [f"s3://{bucket}/{key}" for key in files],
        kind == "Parquet",
        None if kind == "Parquet" else [name.strip() for name in schema.split(",")],
    )


def _file(entry: Any) -> str:
    return str(entry["key"])
