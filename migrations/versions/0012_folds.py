"""Images that several people label blindly, and passes that are abandoned."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.drop_constraint(op.f("passes_outcome_check"), "passes")
    op.create_check_constraint(
        op.f("passes_outcome_check"), "passes", "outcome IN ('done', 'skipped', 'abandoned')"
    )
    op.create_table(
        "folds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("fold", sa.Integer(), nullable=False, comment="how many people label it"),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column(
            "taken_pass_id",
            sa.BigInteger(),
            nullable=True,
            comment="NULL: none, or it was decided by hand",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("folds_pkey")),
        sa.UniqueConstraint("project_id", "image_id", name=op.f("folds_project_id_image_id_key")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("folds_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("folds_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "queue_id"],
            ["queues.project_id", "queues.id"],
            name=op.f("folds_project_id_queue_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "taken_pass_id"],
            ["passes.project_id", "passes.id"],
            name=op.f("folds_project_id_taken_pass_id_fkey"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'disputed', 'settled')", name=op.f("folds_state_check")
        ),
        sa.CheckConstraint("fold BETWEEN 2 AND 9", name=op.f("folds_fold_check")),
        sa.CheckConstraint(
            "state = 'settled' OR taken_pass_id IS NULL",
            name=op.f("folds_taken_when_settled_check"),
        ),
        comment="images that several people label blindly, from the first of them on",
    )


def downgrade() -> None:
    """The older schema knows passes that were abandoned as skipped ones."""
    op.drop_table("folds")
    op.execute("UPDATE passes SET outcome = 'skipped' WHERE outcome = 'abandoned'")
    op.drop_constraint(op.f("passes_outcome_check"), "passes")
    op.create_check_constraint(
        op.f("passes_outcome_check"), "passes", "outcome IN ('done', 'skipped')"
    )
