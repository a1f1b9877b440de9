"""Evaluations, gate results, shadows, and what promotions say of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

APPEND_ONLY = ("evaluations", "gate_results", "shadow_samples")

BEFORE = "pending>accepted pending>corrected pending>rejected pending>superseded"
NOW = f"{BEFORE} superseded>pending"


def upgrade() -> None:
    _create_evaluations()
    _create_gate_results()
    _create_shadows()
    _create_shadow_samples()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "EXECUTE FUNCTION maskloop_refuse_change()"
        )
    _say_more_of_promotions()
    _let_jobs_supersede()


def _say_more_of_promotions() -> None:
    op.add_column(
        "promotions",
        sa.Column("promoted_by", sa.BigInteger(), nullable=True, comment="NULL: maskloop itself"),
    )
    op.add_column(
        "promotions",
        sa.Column(
            "gate_result_id",
            sa.BigInteger(),
            nullable=True,
            comment="what the gate said; NULL: it was not asked",
        ),
    )
    op.add_column(
        "promotions",
        sa.Column("against_gate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_foreign_key(
        op.f("promotions_promoted_by_fkey"), "promotions", "users", ["promoted_by"], ["id"]
    )
    op.create_foreign_key(
        op.f("promotions_gate_result_id_fkey"),
        "promotions",
        "gate_results",
        ["gate_result_id"],
        ["id"],
    )


def _let_jobs_supersede() -> None:
    op.add_column(
        "jobs",
        sa.Column(
            "supersede",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="its proposals replace pending ones of other versions",
        ),
    )
    _allow(NOW)


def _allow(transitions: str) -> None:
    op.execute("DROP TRIGGER proposals_transition ON proposals")
    op.execute(
        "CREATE TRIGGER proposals_transition BEFORE UPDATE OF state ON proposals "
        "FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        f"EXECUTE FUNCTION maskloop_check_transition('{transitions}')"
    )


def _create_evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "training_set_id", sa.BigInteger(), nullable=False, comment="whose hold-out it was"
        ),
        sa.Column("protocol", postgresql.JSONB(), nullable=False),
        sa.Column("protocol_digest", sa.LargeBinary(), nullable=False),
        sa.Column("summary", postgresql.JSONB(), nullable=False),
        sa.Column(
            "scores_key", sa.Text(), nullable=False, comment="a row per object, in the object store"
        ),
        sa.Column(
            "job_id",
            sa.BigInteger(),
            nullable=False,
            comment="maybe of another project, whose general set this is",
        ),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.CheckConstraint(
            "octet_length(protocol_digest) = 32", name=op.f("evaluations_protocol_digest_check")
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name=op.f("evaluations_model_version_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("evaluations_job_id_fkey")),
        sa.ForeignKeyConstraint(
            ["project_id", "training_set_id"],
            ["training_sets.project_id", "training_sets.id"],
            name=op.f("evaluations_project_id_training_set_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("evaluations_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("evaluations_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("evaluations_project_id_id_key")),
        sa.UniqueConstraint(
            "project_id",
            "model_version_id",
            "training_set_id",
            "protocol_digest",
            name=op.f(
                "evaluations_project_id_model_version_id_training_set_id_protocol_digest_key"
            ),
        ),
        comment="append-only, by trigger",
    )


def _create_gate_results() -> None:
    op.create_table(
        "gate_results",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("challenger_id", sa.BigInteger(), nullable=False),
        sa.Column("champion_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "training_set_id", sa.BigInteger(), nullable=False, comment="whose hold-out decided"
        ),
        sa.Column(
            "general_set_id",
            sa.BigInteger(),
            nullable=True,
            comment="the set that shows forgetting, where one is",
        ),
        sa.Column("policy", postgresql.JSONB(), nullable=False),
        sa.Column(
            "comparison",
            postgresql.JSONB(),
            nullable=False,
            comment="differences with their intervals",
        ),
        sa.Column(
            "rules", postgresql.JSONB(), nullable=False, comment="each rule with its outcome"
        ),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["challenger_id"], ["model_versions.id"], name=op.f("gate_results_challenger_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["champion_id"], ["model_versions.id"], name=op.f("gate_results_champion_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "job_id"],
            ["jobs.project_id", "jobs.id"],
            name=op.f("gate_results_project_id_job_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "training_set_id"],
            ["training_sets.project_id", "training_sets.id"],
            name=op.f("gate_results_project_id_training_set_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("gate_results_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("gate_results_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("gate_results_project_id_id_key")),
        comment="append-only, by trigger",
    )
    op.create_index(
        op.f("gate_results_challenger_id_id_idx"),
        "gate_results",
        ["challenger_id", "id"],
        unique=False,
    )


def _create_shadows() -> None:
    op.create_table(
        "shadows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.REAL(), nullable=False),
        sa.Column("started_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("shadows_share_check")),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["model_versions.id"], name=op.f("shadows_model_version_id_fkey")
        ),
        sa.ForeignKeyConstraint(["started_by"], ["users.id"], name=op.f("shadows_started_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("shadows_pkey")),
        comment="versions that decode a share of live prompts beside the one that serves",
    )
    op.create_index(
        "shadows_one_at_a_time",
        "shadows",
        [sa.literal_column("(ended_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_shadow_samples() -> None:
    op.create_table(
        "shadow_samples",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("shadow_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("champion_id", sa.BigInteger(), nullable=False),
        sa.Column("prompt", postgresql.JSONB(), nullable=False, comment="as it was sent"),
        sa.Column("prompt_digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "champion", sa.LargeBinary(), nullable=False, comment="its best mask's RLE counts"
        ),
        sa.Column(
            "challenger", sa.LargeBinary(), nullable=False, comment="its best mask's RLE counts"
        ),
        sa.Column("agreement", sa.REAL(), nullable=False, comment="IoU of the two"),
        sa.Column("seconds", sa.REAL(), nullable=False, comment="that the challenger decoded"),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.CheckConstraint(
            "agreement BETWEEN 0 AND 1", name=op.f("shadow_samples_agreement_check")
        ),
        sa.CheckConstraint(
            "octet_length(prompt_digest) = 32", name=op.f("shadow_samples_prompt_digest_check")
        ),
        sa.ForeignKeyConstraint(
            ["champion_id"], ["model_versions.id"], name=op.f("shadow_samples_champion_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("shadow_samples_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("shadow_samples_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["shadow_id"], ["shadows.id"], name=op.f("shadow_samples_shadow_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("shadow_samples_user_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("shadow_samples_pkey")),
        comment="append-only, by trigger",
    )
    op.create_index(
        op.f("shadow_samples_project_id_image_id_idx"),
        "shadow_samples",
        ["project_id", "image_id"],
        unique=False,
    )
    op.create_index(
        op.f("shadow_samples_shadow_id_id_idx"), "shadow_samples", ["shadow_id", "id"], unique=False
    )


def downgrade() -> None:
    """What was measured has no place in the older schema."""
    _allow(BEFORE)
    op.drop_column("jobs", "supersede")
    op.drop_constraint(op.f("promotions_gate_result_id_fkey"), "promotions")
    op.drop_constraint(op.f("promotions_promoted_by_fkey"), "promotions")
    for column in ("against_gate", "gate_result_id", "promoted_by"):
        op.drop_column("promotions", column)
    op.drop_table("shadow_samples")
    op.drop_table("shadows")
    op.drop_table("gate_results")
    op.drop_table("evaluations")
