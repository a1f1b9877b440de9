"""Whether a job keeps candidates, and whose a job without inference chooses among."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "jobs",
        sa.Column("keep_candidates", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.add_column("jobs", sa.Column("source_job_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("jobs_project_id_source_job_id_fkey"),
        "jobs",
        "jobs",
        ["project_id", "source_job_id"],
        ["project_id", "id"],
    )


def downgrade() -> None:
    op.drop_constraint(op.f("jobs_project_id_source_job_id_fkey"), "jobs", type_="foreignkey")
    op.drop_column("jobs", "source_job_id")
    op.drop_column("jobs", "keep_candidates")
