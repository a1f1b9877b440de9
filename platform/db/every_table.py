"""All tables in one metadata, for migrations."""

from maskloop.platform.db import (
    labeling_tables,
    learning_tables,
    pass_tables,
    people_tables,
    review_tables,
    tables,
)
from maskloop.platform.db.schema import metadata

__all__ = [
    "labeling_tables",
    "learning_tables",
    "metadata",
    "pass_tables",
    "people_tables",
    "review_tables",
    "tables",
]
