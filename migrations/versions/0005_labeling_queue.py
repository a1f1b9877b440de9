"""The labeling queue: leases of images, submissions, and the states that follow them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _give_images_a_state()
    _create_image_leases()
    _create_submissions()
    op.create_index(
        op.f("proposals_project_id_image_id_predicted_iou_idx"),
        "proposals",
        ["project_id", "image_id", "predicted_iou"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        op.f("annotations_project_id_author_id_created_at_idx"),
        "annotations",
        ["project_id", "author_id", "created_at"],
    )
    op.execute(
        "CREATE TRIGGER submissions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON submissions "
        "EXECUTE FUNCTION maskloop_refuse_change()"
    )


def _give_images_a_state() -> None:
    op.add_column(
        "images",
        sa.Column(
            "state",
            sa.Text(),
            server_default="todo",
            nullable=False,
            comment="of the labeling queue, by the last submission",
        ),
    )
    op.create_check_constraint(
        op.f("images_state_check"), "images", "state IN ('todo', 'done', 'skipped')"
    )
    op.create_index(
        op.f("images_project_id_id_idx"),
        "images",
        ["project_id", "id"],
        postgresql_where=sa.text("state = 'todo'"),
    )


def _create_image_leases() -> None:
    op.create_table(
        "image_leases",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("leased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "image_id", name=op.f("image_leases_pkey")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("image_leases_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("image_leases_user_id_fkey")),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("image_leases_project_id_image_id_fkey"),
        ),
        comment="who works on an image; a lapsed one stays until somebody else takes the image",
    )
    op.create_index(
        op.f("image_leases_project_id_user_id_idx"), "image_leases", ["project_id", "user_id"]
    )


def _create_submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("lease_token", sa.UUID(), nullable=True),
        sa.Column(
            "seconds", sa.REAL(), nullable=True, comment="that the person spent on the image"
        ),
        sa.Column(
            "objects", sa.Integer(), nullable=True, comment="that the person made or judged on it"
        ),
        sa.Column("clicks", sa.Integer(), nullable=True, comment="that they took"),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("submissions_pkey")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("submissions_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("submissions_user_id_fkey")),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("submissions_project_id_image_id_fkey"),
        ),
        sa.CheckConstraint(
            "outcome IN ('done', 'skipped', 'reopened')", name=op.f("submissions_outcome_check")
        ),
        sa.CheckConstraint(
            "outcome <> 'skipped' OR reason IS NOT NULL", name=op.f("submissions_reason_check")
        ),
        sa.CheckConstraint(
            "(outcome = 'reopened') = (lease_token IS NULL)", name=op.f("submissions_lease_check")
        ),
        sa.CheckConstraint(
            "seconds >= 0 AND objects >= 0 AND clicks >= 0", name=op.f("submissions_figures_check")
        ),
        comment="append-only, by trigger; the last one of an image decides its state",
    )
    op.create_index(
        op.f("submissions_project_id_image_id_id_idx"),
        "submissions",
        ["project_id", "image_id", "id"],
    )
    op.create_index(
        op.f("submissions_project_id_user_id_created_at_idx"),
        "submissions",
        ["project_id", "user_id", "created_at"],
    )


def downgrade() -> None:
    """Submissions have no place in the older schema, and the states of images go with them."""
    op.drop_index(op.f("annotations_project_id_author_id_created_at_idx"), table_name="annotations")
    op.drop_index(op.f("proposals_project_id_image_id_predicted_iou_idx"), table_name="proposals")
    op.drop_table("submissions")
    op.drop_table("image_leases")
    op.drop_index(op.f("images_project_id_id_idx"), table_name="images")
    op.drop_constraint(op.f("images_state_check"), "images")
    op.drop_column("images", "state")
