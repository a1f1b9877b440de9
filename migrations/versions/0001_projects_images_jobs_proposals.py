"""Projects, images, model versions, jobs and proposals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


TRANSITIONS = {
    "model_versions": "training>ready training>failed ready>retired",
    "jobs": (
        "queued>running queued>cancelled running>succeeded running>failed running>cancelled "
        "failed>running failed>queued cancelled>running cancelled>queued succeeded>queued"
    ),
    "job_items": (
        "queued>leased leased>queued leased>done leased>failed leased>quarantined "
        "failed>queued quarantined>queued"
    ),
    "proposals": "pending>accepted pending>corrected pending>rejected pending>superseded",
}

CHECK_TRANSITION = """
CREATE FUNCTION maskloop_check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (OLD.state || '>' || NEW.state) = ANY (string_to_array(TG_ARGV[0], ' ')) THEN
        RAISE EXCEPTION '% % cannot go from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_transition_check';
    END IF;
    RETURN NEW;
END $$
"""

REFUSE_CHANGE = """
CREATE FUNCTION maskloop_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only_check';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("encoder_digest", sa.Text(), nullable=False),
        sa.Column("decoder_digest", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "metrics",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('training', 'ready', 'failed', 'retired')",
            name=op.f("model_versions_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["model_versions.id"], name=op.f("model_versions_parent_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("model_versions_pkey")),
        sa.UniqueConstraint(
            "encoder_digest",
            "decoder_digest",
            name=op.f("model_versions_encoder_digest_decoder_digest_key"),
        ),
        sa.UniqueConstraint("name", name=op.f("model_versions_name_key")),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name=op.f("projects_name_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("projects_pkey")),
        sa.UniqueConstraint("name", name=op.f("projects_name_key")),
    )
    op.create_table(
        "categories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("categories_name_check")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("categories_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("categories_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("categories_project_id_id_key")),
        sa.UniqueConstraint("project_id", "name", name=op.f("categories_project_id_name_key")),
    )
    op.create_table(
        "images",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("source_uri", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("exif_orientation", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("images_sha256_check")),
        sa.CheckConstraint(
            "width > 0 AND height > 0 AND byte_size > 0", name=op.f("images_size_check")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("images_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("images_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("images_project_id_id_key")),
        sa.UniqueConstraint("project_id", "sha256", name=op.f("images_project_id_sha256_key")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_token", sa.UUID(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'failed') = (error IS NOT NULL)", name=op.f("jobs_error_check")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (lease_token IS NOT NULL) "
            "AND (lease_token IS NULL) = (lease_until IS NULL) "
            "AND (lease_token IS NULL) = (lease_owner IS NULL)",
            name=op.f("jobs_lease_check"),
        ),
        sa.CheckConstraint("kind IN ('autolabel')", name=op.f("jobs_kind_check")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("jobs_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["model_versions.id"], name=op.f("jobs_model_version_id_fkey")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("jobs_project_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("jobs_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("jobs_project_id_id_key")),
    )
    op.create_table(
        "promotions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name=op.f("promotions_model_version_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("promotions_pkey")),
        comment="append-only, by trigger; the last row serves",
    )
    op.create_table(
        "job_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", sa.UUID(), nullable=True),
        sa.Column("result_key", sa.Text(), nullable=True),
        sa.Column(
            "candidates_key",
            sa.Text(),
            nullable=True,
            comment="candidates before filtering, where they are kept",
        ),
        sa.Column("masks", sa.Integer(), nullable=True),
        sa.Column("seconds", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'done') = (result_key IS NOT NULL AND masks IS NOT NULL)",
            name=op.f("job_items_result_check"),
        ),
        sa.CheckConstraint(
            "(state = 'leased') = (lease_token IS NOT NULL)", name=op.f("job_items_lease_check")
        ),
        sa.CheckConstraint(
            "(state IN ('failed', 'quarantined')) = (error IS NOT NULL)",
            name=op.f("job_items_error_check"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'leased', 'done', 'failed', 'quarantined')",
            name=op.f("job_items_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("job_items_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "job_id"],
            ["jobs.project_id", "jobs.id"],
            name=op.f("job_items_project_id_job_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("job_items_pkey")),
        sa.UniqueConstraint("job_id", "image_id", name=op.f("job_items_job_id_image_id_key")),
    )
    op.create_index(
        op.f("job_items_job_id_state_id_idx"), "job_items", ["job_id", "state", "id"], unique=False
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("mask_digest", sa.LargeBinary(), nullable=False),
        sa.Column("rle_counts", sa.LargeBinary(), nullable=False),
        sa.Column("bbox_xywh", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("predicted_iou", sa.REAL(), nullable=False),
        sa.Column("stability_score", sa.REAL(), nullable=False),
        sa.Column("point_xy", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("crop_box_xywh", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'accepted', 'corrected', 'rejected', 'superseded')",
            name=op.f("proposals_state_check"),
        ),
        sa.CheckConstraint(
            "cardinality(bbox_xywh) = 4 AND cardinality(crop_box_xywh) = 4 "
            "AND cardinality(point_xy) = 2",
            name=op.f("proposals_arrays_check"),
        ),
        sa.CheckConstraint(
            "octet_length(mask_digest) = 32", name=op.f("proposals_mask_digest_check")
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name=op.f("proposals_model_version_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("proposals_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "job_id"],
            ["jobs.project_id", "jobs.id"],
            name=op.f("proposals_project_id_job_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("proposals_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("proposals_pkey")),
        sa.UniqueConstraint(
            "image_id",
            "model_version_id",
            "mask_digest",
            name=op.f("proposals_image_id_model_version_id_mask_digest_key"),
        ),
    )
    op.create_index(
        op.f("proposals_project_id_state_id_idx"),
        "proposals",
        ["project_id", "state", "id"],
        unique=False,
    )

    op.execute(CHECK_TRANSITION)
    for table, allowed in TRANSITIONS.items():
        op.execute(
            f"CREATE TRIGGER {table}_transition BEFORE UPDATE OF state ON {table} FOR EACH ROW "
            "WHEN (OLD.state IS DISTINCT FROM NEW.state) "
            f"EXECUTE FUNCTION maskloop_check_transition('{allowed}')"
        )
    op.execute(REFUSE_CHANGE)
    op.execute(
        "CREATE TRIGGER promotions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON promotions "
        "EXECUTE FUNCTION maskloop_refuse_change()"
    )


def downgrade() -> None:
    op.drop_index(op.f("proposals_project_id_state_id_idx"), table_name="proposals")
    op.drop_table("proposals")
    op.drop_index(op.f("job_items_job_id_state_id_idx"), table_name="job_items")
    op.drop_table("job_items")
    op.drop_table("promotions")
    op.drop_table("jobs")
    op.drop_table("images")
    op.drop_table("categories")
    op.drop_table("projects")
    op.drop_table("model_versions")
    op.execute("DROP FUNCTION maskloop_check_transition")
    op.execute("DROP FUNCTION maskloop_refuse_change")
