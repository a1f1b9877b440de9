"""A table to review at."""

from typing import TYPE_CHECKING

import pytest

from maskloop.services.runtime import Runtime
from sites.table import Table, lay

if TYPE_CHECKING:
    from sites.bench import Bench


@pytest.fixture
def table(runtime: Runtime, bench: "Bench") -> Table:
    """Six proposals, of predicted IoU 0.9, 0.8, …, 0.4 in the order in which they were made."""
    return lay(runtime, bench, 6)
