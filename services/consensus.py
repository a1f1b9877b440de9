"""Proposals that several people are asked about: what their votes come to."""

import sqlalchemy as sa


def settle_in(connection: sa.Connection, project_id: int, proposal_id: int) -> None:
    """Called after each vote, in its transaction, which holds the proposal's row: decides it once
    enough people have voted and agree."""
