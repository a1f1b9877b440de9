"""Queues of review, the cards that they hand out, checks of people, and audit events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    _create_queues()
    _create_queue_people()
    _create_checks()
    _create_cards()
    _create_check_answers()
    _create_audit_events()
    for table in ("check_answers", "audit_events"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "EXECUTE FUNCTION maskloop_refuse_change()"
        )


def _create_queues() -> None:
    op.create_table(
        "queues",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "rule",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("ordering", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gold_rate", sa.REAL(), server_default=sa.text("0"), nullable=False),
        sa.Column("planted_rate", sa.REAL(), server_default=sa.text("0"), nullable=False),
        sa.Column("feedback", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("fold", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("jsonb_typeof(rule) = 'object'", name=op.f("queues_rule_check")),
        sa.CheckConstraint(
            "ordering IN ('doubt', 'score', 'random', 'oldest')", name=op.f("queues_ordering_check")
        ),
        sa.CheckConstraint(
            "subject IN ('proposals', 'annotations')", name=op.f("queues_subject_check")
        ),
        sa.CheckConstraint("fold BETWEEN 1 AND 9", name=op.f("queues_fold_check")),
        sa.CheckConstraint(
            "gold_rate >= 0 AND planted_rate >= 0 AND gold_rate + planted_rate <= 0.5",
            name=op.f("queues_rates_check"),
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("queues_name_check")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("queues_created_by_fkey")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("queues_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("queues_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("queues_project_id_id_key")),
        sa.UniqueConstraint("project_id", "name", name=op.f("queues_project_id_name_key")),
    )


def _create_queue_people() -> None:
    op.create_table(
        "queue_people",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "queue_id"],
            ["queues.project_id", "queues.id"],
            name=op.f("queue_people_project_id_queue_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("queue_people_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("queue_people_user_id_fkey")),
        sa.PrimaryKeyConstraint("queue_id", "user_id", name=op.f("queue_people_pkey")),
        comment="to whom a queue is assigned; without a row it is everybody's who may review",
    )


def _create_checks() -> None:
    op.create_table(
        "checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("defect", sa.Text(), nullable=True),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), nullable=False, comment="the truth"),
        sa.Column("annotation_revision", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False, comment="as it is shown"),
        sa.Column("rle_counts", sa.LargeBinary(), nullable=False, comment="as it is shown"),
        sa.Column("bbox_xywh", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("iou", sa.REAL(), nullable=False, comment="of what is shown with the truth"),
        sa.Column("model_version_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "predicted_iou", sa.REAL(), nullable=True, comment="as it is shown; of a real proposal"
        ),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'planted') = (defect IS NOT NULL)", name=op.f("checks_planted_check")
        ),
        sa.CheckConstraint(
            "defect IN ('eroded', 'shifted', 'merged', 'missing_part', 'wrong_category')",
            name=op.f("checks_defect_check"),
        ),
        sa.CheckConstraint("kind IN ('gold', 'planted')", name=op.f("checks_kind_check")),
        sa.CheckConstraint(
            "cardinality(bbox_xywh) = 4 AND area > 0", name=op.f("checks_mask_check")
        ),
        sa.CheckConstraint("iou BETWEEN 0 AND 1", name=op.f("checks_iou_check")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("checks_created_by_fkey")),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["model_versions.id"], name=op.f("checks_model_version_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "annotation_id", "annotation_revision"],
            ["annotations.project_id", "annotations.id", "annotations.revision"],
            name=op.f("checks_project_id_annotation_id_annotation_revision_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "category_id"],
            ["categories.project_id", "categories.id"],
            name=op.f("checks_project_id_category_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("checks_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("checks_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("checks_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("checks_project_id_id_key")),
        comment="what is known of beforehand and asked nevertheless",
    )
    op.create_index(
        op.f("checks_project_id_kind_id_idx"),
        "checks",
        ["project_id", "kind", "id"],
        unique=False,
        postgresql_where=sa.text("retired_at IS NULL"),
    )


def _create_cards() -> None:
    op.create_table(
        "cards",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=True),
        sa.Column("annotation_id", sa.BigInteger(), nullable=True),
        sa.Column("annotation_revision", sa.Integer(), nullable=True),
        sa.Column("check_id", sa.BigInteger(), nullable=True),
        sa.Column("slot", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "at_random",
            sa.Boolean(),
            nullable=False,
            comment="drawn without regard to score: evidence of precision",
        ),
        sa.Column("leased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('answered', 'returned', 'taken', 'overtaken')",
            name=op.f("cards_outcome_check"),
        ),
        sa.CheckConstraint(
            "(annotation_id IS NULL) = (annotation_revision IS NULL)",
            name=op.f("cards_annotation_check"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)", name=op.f("cards_outcome_when_ended_check")
        ),
        sa.CheckConstraint(
            "num_nonnulls(proposal_id, annotation_id, check_id) = 1",
            name=op.f("cards_subject_check"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "annotation_id", "annotation_revision"],
            ["annotations.project_id", "annotations.id", "annotations.revision"],
            name=op.f("cards_project_id_annotation_id_annotation_revision_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "check_id"],
            ["checks.project_id", "checks.id"],
            name=op.f("cards_project_id_check_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "proposal_id"],
            ["proposals.project_id", "proposals.id"],
            name=op.f("cards_project_id_proposal_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "queue_id"],
            ["queues.project_id", "queues.id"],
            name=op.f("cards_project_id_queue_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("cards_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("cards_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("cards_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("cards_project_id_id_key")),
        comment="what a queue handed to one person; a lapsed one stays theirs until it is taken",
    )
    op.create_index(
        "cards_one_open_of_a_proposal",
        "cards",
        ["project_id", "proposal_id", "slot"],
        unique=True,
        postgresql_where=sa.text("proposal_id IS NOT NULL AND ended_at IS NULL"),
    )
    op.create_index(
        "cards_one_open_of_an_annotation",
        "cards",
        ["project_id", "annotation_id"],
        unique=True,
        postgresql_where=sa.text("annotation_id IS NOT NULL AND ended_at IS NULL"),
    )
    op.create_index(
        "cards_open_of_a_person",
        "cards",
        ["project_id", "user_id", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        op.f("cards_project_id_proposal_id_id_idx"),
        "cards",
        ["project_id", "proposal_id", "id"],
        unique=False,
        postgresql_where=sa.text("proposal_id IS NOT NULL"),
    )
    op.create_index(
        op.f("cards_project_id_user_id_check_id_idx"),
        "cards",
        ["project_id", "user_id", "check_id"],
        unique=False,
        postgresql_where=sa.text("check_id IS NOT NULL"),
    )
    op.create_index(
        op.f("cards_project_id_queue_id_id_idx"),
        "cards",
        ["project_id", "queue_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("cards_project_id_user_id_id_idx"),
        "cards",
        ["project_id", "user_id", "id"],
        unique=False,
    )


def _create_check_answers() -> None:
    op.create_table(
        "check_answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "rle_counts", sa.LargeBinary(), nullable=True, comment="what a person drew instead"
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False, comment="whether the answer was right"),
        sa.Column(
            "iou",
            sa.REAL(),
            nullable=True,
            comment="of what the person stood behind, with the truth",
        ),
        sa.Column("boundary_f", sa.REAL(), nullable=True),
        sa.Column("seconds", sa.REAL(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'corrected', 'rejected')",
            name=op.f("check_answers_verdict_check"),
        ),
        sa.CheckConstraint(
            "iou BETWEEN 0 AND 1 AND boundary_f BETWEEN 0 AND 1",
            name=op.f("check_answers_shares_check"),
        ),
        sa.CheckConstraint("seconds >= 0", name=op.f("check_answers_seconds_check")),
        sa.ForeignKeyConstraint(
            ["project_id", "card_id"],
            ["cards.project_id", "cards.id"],
            name=op.f("check_answers_project_id_card_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "category_id"],
            ["categories.project_id", "categories.id"],
            name=op.f("check_answers_project_id_category_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "check_id"],
            ["checks.project_id", "checks.id"],
            name=op.f("check_answers_project_id_check_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("check_answers_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("check_answers_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("check_answers_pkey")),
        sa.UniqueConstraint("card_id", "round", name=op.f("check_answers_card_id_round_key")),
        sa.UniqueConstraint("project_id", "id", name=op.f("check_answers_project_id_id_key")),
        comment="append-only, by trigger",
    )
    op.create_index(
        op.f("check_answers_project_id_user_id_id_idx"),
        "check_answers",
        ["project_id", "user_id", "id"],
        unique=False,
    )


def _create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True, comment="NULL: of no project"),
        sa.Column("user_id", sa.BigInteger(), nullable=True, comment="NULL: maskloop itself"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "detail",
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
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("audit_events_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("audit_events_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_events_pkey")),
        comment="append-only, by trigger; what was done to what by whom",
    )
    op.create_index(
        op.f("audit_events_project_id_id_idx"), "audit_events", ["project_id", "id"], unique=False
    )


def downgrade() -> None:
    """What was handed out and answered has no place in the older schema."""
    for table in ("audit_events", "check_answers", "cards", "checks", "queue_people", "queues"):
        op.drop_table(table)
