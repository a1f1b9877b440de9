"""How a process of bulk work stands back on a machine that also serves."""

import os
from typing import Final

_NICENESS: Final = 10


def be_nice() -> None:
    """Clicks on the same machine go first: somebody waits for them."""
    own = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(own, _NICENESS))
