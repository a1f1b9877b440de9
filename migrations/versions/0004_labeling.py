"""Annotations and reviews; jobs that export."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

APPEND_ONLY = ("annotations", "reviews")


def upgrade() -> None:
    _let_jobs_export()
    op.create_unique_constraint(
        op.f("proposals_project_id_id_key"), "proposals", ["project_id", "id"]
    )
    op.create_index(
        op.f("proposals_project_id_image_id_id_idx"), "proposals", ["project_id", "image_id", "id"]
    )
    _create_annotations()
    _create_reviews()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "EXECUTE FUNCTION maskloop_refuse_change()"
        )


def _let_jobs_export() -> None:
    op.alter_column("jobs", "model_version_id", nullable=True)
    op.add_column(
        "jobs",
        sa.Column(
            "result_key",
            sa.Text(),
            nullable=True,
            comment="the ZIP of an export, in the object store",
        ),
    )
    op.drop_constraint(op.f("jobs_kind_check"), "jobs")
    op.create_check_constraint(op.f("jobs_kind_check"), "jobs", "kind IN ('autolabel', 'export')")
    op.create_check_constraint(
        op.f("jobs_model_version_check"),
        "jobs",
        "kind <> 'autolabel' OR model_version_id IS NOT NULL",
    )
    op.create_check_constraint(
        op.f("jobs_result_check"),
        "jobs",
        "(result_key IS NOT NULL) = (kind = 'export' AND state = 'succeeded')",
    )
    op.create_index(op.f("jobs_project_id_kind_id_idx"), "jobs", ["project_id", "kind", "id"])


def _create_annotations() -> None:
    op.create_table(
        "annotations",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("rle_counts", sa.LargeBinary(), nullable=False),
        sa.Column("mask_digest", sa.LargeBinary(), nullable=False),
        sa.Column("bbox_xywh", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column(
            "prompts", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "model_version_id",
            sa.BigInteger(),
            nullable=True,
            comment="which version drew the mask; NULL: by hand",
        ),
        sa.Column("predicted_iou", sa.REAL(), nullable=True),
        sa.Column(
            "seconds", sa.REAL(), nullable=True, comment="that a person spent on this revision"
        ),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", "revision", name=op.f("annotations_pkey")),
        sa.UniqueConstraint(
            "project_id", "id", "revision", name=op.f("annotations_project_id_id_revision_key")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("annotations_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("annotations_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "category_id"],
            ["categories.project_id", "categories.id"],
            name=op.f("annotations_project_id_category_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "proposal_id"],
            ["proposals.project_id", "proposals.id"],
            name=op.f("annotations_project_id_proposal_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name=op.f("annotations_model_version_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("annotations_author_id_fkey")
        ),
        sa.CheckConstraint("revision > 0", name=op.f("annotations_revision_check")),
        sa.CheckConstraint(
            "octet_length(mask_digest) = 32", name=op.f("annotations_mask_digest_check")
        ),
        sa.CheckConstraint(
            "cardinality(bbox_xywh) = 4 AND area > 0", name=op.f("annotations_mask_check")
        ),
        sa.CheckConstraint(
            "jsonb_typeof(prompts) = 'array'", name=op.f("annotations_prompts_check")
        ),
        sa.CheckConstraint("seconds >= 0", name=op.f("annotations_seconds_check")),
        comment="append-only, by trigger; the last revision of an id counts, unless it is deleted",
    )
    for column in ("image_id", "category_id"):
        op.create_index(
            op.f(f"annotations_project_id_{column}_id_idx"),
            "annotations",
            ["project_id", column, "id"],
        )


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), nullable=True),
        sa.Column("annotation_revision", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seconds", sa.REAL(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reviews_pkey")),
        sa.UniqueConstraint("proposal_id", name=op.f("reviews_proposal_id_key")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("reviews_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["users.id"], name=op.f("reviews_reviewer_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "proposal_id"],
            ["proposals.project_id", "proposals.id"],
            name=op.f("reviews_project_id_proposal_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "annotation_id", "annotation_revision"],
            ["annotations.project_id", "annotations.id", "annotations.revision"],
            name=op.f("reviews_project_id_annotation_id_annotation_revision_fkey"),
        ),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'corrected', 'rejected')", name=op.f("reviews_verdict_check")
        ),
        sa.CheckConstraint(
            "(verdict = 'rejected') = (annotation_id IS NULL) "
            "AND (annotation_id IS NULL) = (annotation_revision IS NULL)",
            name=op.f("reviews_annotation_check"),
        ),
        sa.CheckConstraint("seconds >= 0", name=op.f("reviews_seconds_check")),
        comment="append-only, by trigger",
    )
    op.create_index(op.f("reviews_project_id_id_idx"), "reviews", ["project_id", "id"])


def downgrade() -> None:
    """Exports that were made have no place in the older schema: their jobs go, their files stay."""
    op.drop_table("reviews")
    op.drop_table("annotations")
    op.drop_index(op.f("proposals_project_id_image_id_id_idx"), table_name="proposals")
    op.drop_constraint(op.f("proposals_project_id_id_key"), "proposals")
    op.execute("DELETE FROM jobs WHERE kind = 'export'")
    op.drop_index(op.f("jobs_project_id_kind_id_idx"), table_name="jobs")
    op.drop_constraint(op.f("jobs_result_check"), "jobs")
    op.drop_constraint(op.f("jobs_model_version_check"), "jobs")
    op.drop_constraint(op.f("jobs_kind_check"), "jobs")
    op.create_check_constraint(op.f("jobs_kind_check"), "jobs", "kind IN ('autolabel')")
    op.drop_column("jobs", "result_key")
    op.alter_column("jobs", "model_version_id", nullable=False)
