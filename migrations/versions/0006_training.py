"""Training sets, and trainings that make model versions of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

APPEND_ONLY = ("training_sets", "training_set_items")

BEFORE = "training>ready training>failed ready>retired"
NOW = "training>ready training>failed failed>training ready>retired"


def upgrade() -> None:
    _let_versions_be_trained()
    _create_training_sets()
    _create_training_set_items()
    _create_never_trained()
    _create_training_policies()
    _create_trainings()
    _create_training_points()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "EXECUTE FUNCTION maskloop_refuse_change()"
        )


def _let_versions_be_trained() -> None:
    op.alter_column(
        "model_versions",
        "decoder_digest",
        nullable=True,
        existing_type=sa.Text(),
        comment="NULL until its training has ended",
    )
    op.create_check_constraint(
        op.f("model_versions_decoder_digest_check"),
        "model_versions",
        "state IN ('training', 'failed') OR decoder_digest IS NOT NULL",
    )
    _allow(NOW)
    op.drop_constraint(op.f("jobs_kind_check"), "jobs")
    op.create_check_constraint(
        op.f("jobs_kind_check"), "jobs", "kind IN ('autolabel', 'export', 'train', 'evaluate')"
    )
    op.drop_constraint(op.f("jobs_model_version_check"), "jobs")
    op.create_check_constraint(
        op.f("jobs_model_version_check"), "jobs", "kind = 'export' OR model_version_id IS NOT NULL"
    )
    op.create_index(
        "jobs_one_training_of_a_project",
        "jobs",
        ["project_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'train' AND state IN ('queued', 'running')"),
    )


def _allow(transitions: str) -> None:
    op.execute("DROP TRIGGER model_versions_transition ON model_versions")
    op.execute(
        "CREATE TRIGGER model_versions_transition BEFORE UPDATE OF state ON model_versions "
        "FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        f"EXECUTE FUNCTION maskloop_check_transition('{transitions}')"
    )


def _create_training_sets() -> None:
    op.create_table(
        "training_sets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rule", postgresql.JSONB(), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="sha256 over the sorted items"
        ),
        sa.Column("statistics", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("training_sets_name_check")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("training_sets_digest_check")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("training_sets_created_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("training_sets_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("training_sets_pkey")),
        sa.UniqueConstraint(
            "project_id", "digest", name=op.f("training_sets_project_id_digest_key")
        ),
        sa.UniqueConstraint("project_id", "id", name=op.f("training_sets_project_id_id_key")),
        sa.UniqueConstraint("project_id", "name", name=op.f("training_sets_project_id_name_key")),
        comment="append-only, by trigger",
    )


def _create_training_set_items() -> None:
    op.create_table(
        "training_set_items",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("training_set_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_revision", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "category", sa.Text(), nullable=False, comment="its name then; categories are renamed"
        ),
        sa.Column("split", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "split IN ('train', 'validation', 'holdout')",
            name=op.f("training_set_items_split_check"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "annotation_id", "annotation_revision"],
            ["annotations.project_id", "annotations.id", "annotations.revision"],
            name=op.f("training_set_items_project_id_annotation_id_annotation_revision_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("training_set_items_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "training_set_id"],
            ["training_sets.project_id", "training_sets.id"],
            name=op.f("training_set_items_project_id_training_set_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("training_set_items_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint(
            "training_set_id", "annotation_id", name=op.f("training_set_items_pkey")
        ),
        comment="append-only, by trigger",
    )
    op.create_index(
        op.f("training_set_items_training_set_id_split_image_id_idx"),
        "training_set_items",
        ["training_set_id", "split", "image_id"],
        unique=False,
    )


def _create_never_trained() -> None:
    op.create_table(
        "never_trained",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.CheckConstraint(
            "reason IN ('gold', 'planted')", name=op.f("never_trained_reason_check")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("never_trained_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("project_id", "annotation_id", name=op.f("never_trained_pkey")),
        comment="annotations (every revision) that no training set may train on",
    )


def _create_training_policies() -> None:
    op.create_table(
        "training_policies",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("policy", postgresql.JSONB(), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("training_policies_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["users.id"], name=op.f("training_policies_updated_by_fkey")
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("training_policies_pkey")),
    )


def _create_trainings() -> None:
    op.create_table(
        "trainings",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("training_set_id", sa.BigInteger(), nullable=False),
        sa.Column("recipe", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "because",
            sa.Text(),
            nullable=False,
            comment="the reason in figures or words, for people",
        ),
        sa.Column("started_by", sa.BigInteger(), nullable=True, comment="NULL: a trigger"),
        sa.Column(
            "replay",
            postgresql.JSONB(),
            nullable=True,
            comment="keys of the images of replay steps, chosen when it began",
        ),
        sa.Column(
            "outcome",
            postgresql.JSONB(),
            nullable=True,
            comment="of a training that ended: steps, seconds, encodes, choice",
        ),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.CheckConstraint(
            "reason IN ('by_hand', 'corrections', 'drift')", name=op.f("trainings_reason_check")
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name=op.f("trainings_model_version_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["model_versions.id"], name=op.f("trainings_parent_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "job_id"],
            ["jobs.project_id", "jobs.id"],
            name=op.f("trainings_project_id_job_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "training_set_id"],
            ["training_sets.project_id", "training_sets.id"],
            name=op.f("trainings_project_id_training_set_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("trainings_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["started_by"], ["users.id"], name=op.f("trainings_started_by_fkey")
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("trainings_pkey")),
        sa.UniqueConstraint("model_version_id", name=op.f("trainings_model_version_id_key")),
    )
    op.create_index(
        op.f("trainings_project_id_job_id_idx"), "trainings", ["project_id", "job_id"], unique=False
    )


def _create_training_points() -> None:
    op.create_table(
        "training_points",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False, comment="planned in all"),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["trainings.job_id"], name=op.f("training_points_job_id_fkey")
        ),
        sa.PrimaryKeyConstraint("job_id", "step", name=op.f("training_points_pkey")),
        comment="the curves; a resumed training writes those after its checkpoint anew",
    )


def downgrade() -> None:
    """Trainings have no place in the older schema: their jobs and unfinished versions go too."""
    op.drop_table("training_points")
    op.drop_table("trainings")
    op.drop_table("training_policies")
    op.drop_table("never_trained")
    op.drop_table("training_set_items")
    op.drop_table("training_sets")
    op.execute("DELETE FROM jobs WHERE kind IN ('train', 'evaluate')")
    op.drop_index("jobs_one_training_of_a_project", "jobs")
    op.execute("DELETE FROM model_versions WHERE decoder_digest IS NULL")
    op.drop_constraint(op.f("jobs_model_version_check"), "jobs")
    op.create_check_constraint(
        op.f("jobs_model_version_check"),
        "jobs",
        "kind <> 'autolabel' OR model_version_id IS NOT NULL",
    )
    op.drop_constraint(op.f("jobs_kind_check"), "jobs")
    op.create_check_constraint(op.f("jobs_kind_check"), "jobs", "kind IN ('autolabel', 'export')")
    _allow(BEFORE)
    op.drop_constraint(op.f("model_versions_decoder_digest_check"), "model_versions")
    op.alter_column(
        "model_versions",
        "decoder_digest",
        nullable=False,
        existing_type=sa.Text(),
        comment=None,
        existing_comment="NULL until its training has ended",
    )
