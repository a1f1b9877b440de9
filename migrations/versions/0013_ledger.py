"""Jobs that pause and have priorities; images that are put off; what was written for each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

_STATES = "'queued', 'running', 'succeeded', 'failed', 'cancelled'"
_TRANSITIONS = (
    "queued>running queued>cancelled running>succeeded running>failed running>cancelled "
    "failed>running failed>queued cancelled>running cancelled>queued succeeded>queued"
)
_PAUSES = "queued>paused running>paused paused>queued paused>running paused>cancelled"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("lease_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "jobs",
        sa.Column(
            "worked_seconds",
            sa.Double(),
            server_default=sa.text("0"),
            nullable=False,
            comment="under leases before this one, on the clock",
        ),
    )
    op.add_column("jobs", sa.Column("pause_requested", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "jobs",
        sa.Column(
            "priority",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="workers take the highest first",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "sample_images",
            sa.Integer(),
            nullable=True,
            comment="of a dry run: it is paused after so many",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "forecast",
            postgresql.JSONB(),
            nullable=True,
            comment="of the whole job, from its sample",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "budget",
            postgresql.JSONB(),
            nullable=True,
            comment="it is paused when one of these is spent",
        ),
    )
    op.alter_column(
        "jobs", "error", comment="why it failed; of a paused job why, where nobody asked"
    )
    op.create_check_constraint(op.f("jobs_priority_check"), "jobs", "priority BETWEEN -100 AND 100")
    _states_of_jobs(f"{_STATES}, 'paused'", f"{_TRANSITIONS} {_PAUSES}")
    _errors_of_jobs(
        "CASE state WHEN 'failed' THEN error IS NOT NULL WHEN 'paused' THEN true "
        "ELSE error IS NULL END"
    )

    op.add_column(
        "job_items",
        sa.Column(
            "bytes",
            sa.BigInteger(),
            nullable=True,
            comment="written for it: embedding, candidates, result",
        ),
    )
    op.add_column(
        "job_items",
        sa.Column("sampled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "job_items_sampled", "job_items", ["job_id", "id"], postgresql_where=sa.text("sampled")
    )
    op.add_column(
        "job_items",
        sa.Column("retries", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "job_items",
        sa.Column(
            "retry_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="put off: not to be tried before",
        ),
    )
    op.create_check_constraint(
        op.f("job_items_retry_at_check"), "job_items", "retry_at IS NULL OR state = 'queued'"
    )
    _errors_of_items("state IN ('failed', 'quarantined') OR retry_at IS NOT NULL")
    op.create_index(
        "job_items_put_off",
        "job_items",
        ["job_id", "retry_at"],
        postgresql_where=sa.text("retry_at IS NOT NULL"),
    )


def downgrade() -> None:
    """The older schema knows paused jobs as cancelled ones, and nothing that is put off."""
    op.drop_index("job_items_put_off", "job_items")
    op.execute(
        "UPDATE job_items SET retry_at = NULL, error = NULL, error_code = NULL "
        "WHERE retry_at IS NOT NULL"
    )
    _errors_of_items("state IN ('failed', 'quarantined')")
    op.drop_constraint(op.f("job_items_retry_at_check"), "job_items")
    op.drop_index("job_items_sampled", "job_items")
    for name in ("retry_at", "retries", "sampled", "bytes"):
        op.drop_column("job_items", name)

    op.execute("UPDATE jobs SET state = 'cancelled', error = NULL WHERE state = 'paused'")
    _errors_of_jobs("(state = 'failed') = (error IS NOT NULL)")
    op.alter_column("jobs", "error", comment=None)
    _states_of_jobs(_STATES, _TRANSITIONS)
    op.drop_constraint(op.f("jobs_priority_check"), "jobs")
    for name in (
        "budget",
        "forecast",
        "sample_images",
        "priority",
        "pause_requested",
        "worked_seconds",
        "lease_since",
    ):
        op.drop_column("jobs", name)


def _states_of_jobs(states: str, transitions: str) -> None:
    op.drop_constraint(op.f("jobs_state_check"), "jobs")
    op.create_check_constraint(op.f("jobs_state_check"), "jobs", f"state IN ({states})")
    op.execute("DROP TRIGGER jobs_transition ON jobs")
    op.execute(
        "CREATE TRIGGER jobs_transition BEFORE UPDATE OF state ON jobs FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        f"EXECUTE FUNCTION maskloop_check_transition('{transitions}')"
    )


def _errors_of_jobs(when: str) -> None:
    op.drop_constraint(op.f("jobs_error_check"), "jobs")
    op.create_check_constraint(op.f("jobs_error_check"), "jobs", when)


def _errors_of_items(when: str) -> None:
    op.drop_constraint(op.f("job_items_error_check"), "job_items")
    op.create_check_constraint(
        op.f("job_items_error_check"), "job_items", f"({when}) = (error IS NOT NULL)"
    )
