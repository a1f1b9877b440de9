"""Which proposals are left for people to judge where others like them are accepted unseen."""

import hashlib


def is_audited(project_id: int, proposal_id: int, share: float) -> bool:
    """By a hash, without regard to anything that hangs together with being right; the same answer
    every time."""
    drawn = hashlib.sha256(f"audit:{project_id}:{proposal_id}".encode()).digest()
    return int.from_bytes(drawn[:8]) < share * 2**64
