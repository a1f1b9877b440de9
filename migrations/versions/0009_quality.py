"""Votes, withdrawals, doubts, auto-accepts; verdicts that can be withdrawn."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

PENDING: dict[str, list[str | sa.TextClause]] = {
    "proposals_pending_by_score": ["predicted_iou", "id"],
    "proposals_pending_shuffled": [sa.text("hashint8extended(id, 0)")],
}
APPEND_ONLY = ("votes", "annotation_reviews", "withdrawals")

BEFORE = "pending>accepted pending>corrected pending>rejected pending>superseded superseded>pending"
NOW = f"{BEFORE} accepted>pending corrected>pending rejected>pending"


def upgrade() -> None:
    _create_votes()
    _create_annotation_reviews()
    _create_proposal_doubts()
    _create_auto_accepts()
    _say_more_of_reviews()
    _create_withdrawals()
    _say_more_of_annotations_and_projects()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "EXECUTE FUNCTION maskloop_refuse_change()"
        )
    for name, columns in PENDING.items():
        where = sa.text("state = 'pending'")
        op.create_index(name, "proposals", ["project_id", *columns], postgresql_where=where)
    _allow(NOW)


def _say_more_of_reviews() -> None:
    op.add_column(
        "reviews", sa.Column("round", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )
    op.add_column(
        "reviews",
        sa.Column(
            "card_id",
            sa.BigInteger(),
            nullable=True,
            comment="NULL: on the label page, or by the API",
        ),
    )
    op.add_column(
        "reviews",
        sa.Column(
            "auto_accept_id", sa.BigInteger(), nullable=True, comment="NULL: a person looked at it"
        ),
    )
    op.drop_constraint(op.f("reviews_proposal_id_key"), "reviews", type_="unique")
    op.create_unique_constraint(op.f("reviews_project_id_id_key"), "reviews", ["project_id", "id"])
    op.create_unique_constraint(
        op.f("reviews_proposal_id_round_key"), "reviews", ["proposal_id", "round"]
    )
    op.create_foreign_key(
        op.f("reviews_project_id_card_id_fkey"),
        "reviews",
        "cards",
        ["project_id", "card_id"],
        ["project_id", "id"],
    )
    op.create_foreign_key(
        op.f("reviews_project_id_auto_accept_id_fkey"),
        "reviews",
        "auto_accepts",
        ["project_id", "auto_accept_id"],
        ["project_id", "id"],
    )
    op.create_table_comment(
        "reviews",
        "append-only, by trigger; the last round counts, unless it was withdrawn",
        existing_comment="append-only, by trigger",
        schema=None,
    )


def _say_more_of_annotations_and_projects() -> None:
    op.add_column(
        "annotations",
        sa.Column(
            "parent_iou",
            sa.REAL(),
            nullable=True,
            comment="with the mask that it was made from; NULL: from none",
        ),
    )
    op.add_column(
        "projects", sa.Column("mode", sa.Text(), server_default="automatic", nullable=False)
    )
    op.create_check_constraint(
        op.f("annotations_parent_iou_check"), "annotations", "parent_iou BETWEEN 0 AND 1"
    )
    op.create_check_constraint(
        op.f("projects_mode_check"),
        "projects",
        "mode IN ('assisted', 'semi_automatic', 'automatic')",
    )


def _allow(transitions: str) -> None:
    op.execute("DROP TRIGGER proposals_transition ON proposals")
    op.execute(
        "CREATE TRIGGER proposals_transition BEFORE UPDATE OF state ON proposals "
        "FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        f"EXECUTE FUNCTION maskloop_check_transition('{transitions}')"
    )


def _create_votes() -> None:
    op.create_table(
        "votes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "rle_counts", sa.LargeBinary(), nullable=True, comment="what a person drew instead"
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seconds", sa.REAL(), nullable=True),
        _created(),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'corrected', 'rejected')", name=op.f("votes_verdict_check")
        ),
        sa.CheckConstraint("seconds >= 0", name=op.f("votes_seconds_check")),
        sa.ForeignKeyConstraint(
            ["project_id", "card_id"],
            ["cards.project_id", "cards.id"],
            name=op.f("votes_project_id_card_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "category_id"],
            ["categories.project_id", "categories.id"],
            name=op.f("votes_project_id_category_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "proposal_id"],
            ["proposals.project_id", "proposals.id"],
            name=op.f("votes_project_id_proposal_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("votes_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("votes_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("votes_pkey")),
        sa.UniqueConstraint("card_id", "round", name=op.f("votes_card_id_round_key")),
        sa.UniqueConstraint("project_id", "id", name=op.f("votes_project_id_id_key")),
        comment="append-only, by trigger; one person's blind answer where several are asked",
    )
    op.create_index(
        op.f("votes_project_id_proposal_id_id_idx"),
        "votes",
        ["project_id", "proposal_id", "id"],
        unique=False,
    )


def _create_annotation_reviews() -> None:
    op.create_table(
        "annotation_reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_revision", sa.Integer(), nullable=False, comment="that was judged"),
        sa.Column("card_id", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column(
            "made_revision",
            sa.Integer(),
            nullable=True,
            comment="by the correction or the deletion",
        ),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seconds", sa.REAL(), nullable=True),
        _created(),
        sa.CheckConstraint(
            "(verdict = 'accepted') = (made_revision IS NULL)",
            name=op.f("annotation_reviews_made_revision_check"),
        ),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'corrected', 'rejected')",
            name=op.f("annotation_reviews_verdict_check"),
        ),
        sa.CheckConstraint("seconds >= 0", name=op.f("annotation_reviews_seconds_check")),
        sa.ForeignKeyConstraint(
            ["project_id", "annotation_id", "annotation_revision"],
            ["annotations.project_id", "annotations.id", "annotations.revision"],
            name=op.f("annotation_reviews_project_id_annotation_id_annotation_revision_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "card_id"],
            ["cards.project_id", "cards.id"],
            name=op.f("annotation_reviews_project_id_card_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("annotation_reviews_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["users.id"], name=op.f("annotation_reviews_reviewer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("annotation_reviews_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("annotation_reviews_project_id_id_key")),
        comment="append-only, by trigger; a second person's verdict on an annotation",
    )
    op.create_index(
        op.f("annotation_reviews_project_id_annotation_id_id_idx"),
        "annotation_reviews",
        ["project_id", "annotation_id", "id"],
        unique=False,
    )


def _create_proposal_doubts() -> None:
    op.create_table(
        "proposal_doubts",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.REAL(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False),
        _created(),
        sa.CheckConstraint(
            "jsonb_typeof(reasons) = 'array'", name=op.f("proposal_doubts_reasons_check")
        ),
        sa.CheckConstraint("score BETWEEN 0 AND 1", name=op.f("proposal_doubts_score_check")),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name=op.f("proposal_doubts_model_version_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "proposal_id"],
            ["proposals.project_id", "proposals.id"],
            name=op.f("proposal_doubts_project_id_proposal_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("proposal_doubts_project_id_fkey")
        ),
        sa.PrimaryKeyConstraint("project_id", "proposal_id", name=op.f("proposal_doubts_pkey")),
        comment="how much a proposal is worth a look, and why; derived, the newest counts",
    )
    op.create_index(
        op.f("proposal_doubts_project_id_proposal_id_idx"),
        "proposal_doubts",
        ["project_id", sa.literal_column("score DESC"), "proposal_id"],
        unique=False,
    )


def _create_auto_accepts() -> None:
    op.create_table(
        "auto_accepts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "threshold",
            sa.REAL(),
            nullable=False,
            comment="of predicted IoU; derived, never typed in",
        ),
        sa.Column("wanted_precision", sa.REAL(), nullable=False),
        sa.Column("confidence", sa.REAL(), nullable=False),
        sa.Column("audit_share", sa.REAL(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("switched_on_by", sa.BigInteger(), nullable=False),
        _created(),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_because IS NULL)",
            name=op.f("auto_accepts_revoked_check"),
        ),
        sa.CheckConstraint(
            "wanted_precision > 0 AND wanted_precision < 1 AND confidence > 0 AND confidence < 1 "
            "AND audit_share > 0 AND audit_share <= 1",
            name=op.f("auto_accepts_shares_check"),
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name=op.f("auto_accepts_model_version_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "category_id"],
            ["categories.project_id", "categories.id"],
            name=op.f("auto_accepts_project_id_category_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("auto_accepts_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["switched_on_by"], ["users.id"], name=op.f("auto_accepts_switched_on_by_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("auto_accepts_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("auto_accepts_project_id_id_key")),
    )
    op.create_index(
        "auto_accepts_one_of_a_version",
        "auto_accepts",
        ["project_id", "model_version_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def _create_withdrawals() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=True),
        sa.Column("check_answer_id", sa.BigInteger(), nullable=True),
        sa.Column("vote_id", sa.BigInteger(), nullable=True),
        sa.Column("annotation_review_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        _created(),
        sa.CheckConstraint(
            "num_nonnulls(review_id, check_answer_id, vote_id, annotation_review_id) = 1",
            name=op.f("withdrawals_subject_check"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "annotation_review_id"],
            ["annotation_reviews.project_id", "annotation_reviews.id"],
            name=op.f("withdrawals_project_id_annotation_review_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "check_answer_id"],
            ["check_answers.project_id", "check_answers.id"],
            name=op.f("withdrawals_project_id_check_answer_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "review_id"],
            ["reviews.project_id", "reviews.id"],
            name=op.f("withdrawals_project_id_review_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "vote_id"],
            ["votes.project_id", "votes.id"],
            name=op.f("withdrawals_project_id_vote_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("withdrawals_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("withdrawals_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("withdrawals_pkey")),
        sa.UniqueConstraint(
            "annotation_review_id", name=op.f("withdrawals_annotation_review_id_key")
        ),
        sa.UniqueConstraint("check_answer_id", name=op.f("withdrawals_check_answer_id_key")),
        sa.UniqueConstraint("review_id", name=op.f("withdrawals_review_id_key")),
        sa.UniqueConstraint("vote_id", name=op.f("withdrawals_vote_id_key")),
        comment="append-only, by trigger; answers that their author took back",
    )


def _created() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )


def downgrade() -> None:
    """What was withdrawn and said again has no place in the older schema: it refuses by the unique
    constraint, and loses nothing."""
    _allow(BEFORE)
    for name in PENDING:
        op.drop_index(name, "proposals")
    op.drop_table("withdrawals")
    for name in ("auto_accept_id", "card_id"):
        op.drop_constraint(op.f(f"reviews_project_id_{name}_fkey"), "reviews")
    op.drop_constraint(op.f("reviews_proposal_id_round_key"), "reviews")
    op.drop_constraint(op.f("reviews_project_id_id_key"), "reviews")
    op.create_unique_constraint(op.f("reviews_proposal_id_key"), "reviews", ["proposal_id"])
    for name in ("auto_accept_id", "card_id", "round"):
        op.drop_column("reviews", name)
    op.create_table_comment("reviews", "append-only, by trigger")
    op.drop_column("projects", "mode")
    op.drop_column("annotations", "parent_iou")
    for table in ("auto_accepts", "proposal_doubts", "annotation_reviews", "votes"):
        op.drop_table(table)
