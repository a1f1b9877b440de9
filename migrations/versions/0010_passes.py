"""Blind passes: the schema of what is labelled in them, gold images, and how people did."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TWINS = ("images", "proposals", "annotations", "reviews", "image_leases", "submissions")
"""Tables that have one of the same shape in the schema `passes`."""
NUMBERED = ("images", "proposals", "annotations", "reviews", "submissions")
APPEND_ONLY = ("passes.annotations", "passes.reviews", "passes.submissions")
PROPOSAL_TRANSITIONS = (
    "pending>accepted pending>corrected pending>rejected pending>superseded superseded>pending "
    "accepted>pending corrected>pending rejected>pending"
)


def upgrade() -> None:
    _create_gold_images()
    _create_passes()
    _create_pass_objects()
    _create_twins()
    for table in (*APPEND_ONLY, "gold_objects", "pass_objects"):
        op.execute(
            f"CREATE TRIGGER {table.rpartition('.')[2]}_append_only "
            f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "EXECUTE FUNCTION maskloop_refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER proposals_transition BEFORE UPDATE OF state ON passes.proposals "
        "FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        f"EXECUTE FUNCTION maskloop_check_transition('{PROPOSAL_TRANSITIONS}')"
    )


def _create_twins() -> None:
    """Numbers come of the same sequences, so that none stands for two things and none tells where
    it comes from; foreign keys lead to the tables of the schema where they are there."""
    op.execute("CREATE SCHEMA passes")
    for table in TWINS:
        op.execute(
            f"CREATE TABLE passes.{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
            "INCLUDING INDEXES INCLUDING COMMENTS)"
        )
    for table in NUMBERED:
        op.execute(
            f"ALTER TABLE passes.{table} ALTER COLUMN id SET DEFAULT nextval('{table}_id_seq')"
        )
    for table in TWINS:
        for name, definition in _foreign_keys(table):
            op.execute(f"ALTER TABLE passes.{table} ADD CONSTRAINT {name} {definition}")
    op.execute("ALTER TABLE passes.images DROP CONSTRAINT images_project_id_sha256_key")
    op.execute(
        "ALTER TABLE passes.images ADD CONSTRAINT images_of_a_pass FOREIGN KEY (project_id, id) "
        "REFERENCES passes (project_id, pass_image_id)"
    )


def _foreign_keys(table: str) -> list[tuple[str, str]]:
    """Names and definitions."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid = to_regclass(:name) ORDER BY conname"
        ),
        {"name": table},
    )
    return [(name, re.sub(r"REFERENCES (\w+)", _there, text)) for name, text in found]


def _there(reference: re.Match[str]) -> str:
    table = reference[1]
    return f"REFERENCES passes.{table}" if table in TWINS else reference[0]


def _create_gold_images() -> None:
    op.create_table(
        "gold_images",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        _created(),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("gold_images_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("gold_images_project_id_id_key")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("gold_images_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("gold_images_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("gold_images_created_by_fkey")
        ),
        comment="images on which everything is known; the truth of one never changes",
    )
    op.create_index(
        "gold_images_one_in_use_of_an_image",
        "gold_images",
        ["project_id", "image_id"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "gold_objects",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("gold_image_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("gold_image_id", "annotation_id", name=op.f("gold_objects_pkey")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("gold_objects_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "gold_image_id"],
            ["gold_images.project_id", "gold_images.id"],
            name=op.f("gold_objects_project_id_gold_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "annotation_id", "annotation_revision"],
            ["annotations.project_id", "annotations.id", "annotations.revision"],
            name=op.f("gold_objects_project_id_annotation_id_annotation_revision_fkey"),
        ),
        comment="append-only, by trigger; all that is on a gold image",
    )


def _create_passes() -> None:
    op.create_table(
        "passes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False, comment="what it is a copy of"),
        sa.Column(
            "pass_image_id",
            sa.BigInteger(),
            nullable=False,
            comment="of the copy, in the schema passes; no number of an image",
        ),
        sa.Column("gold_image_id", sa.BigInteger(), nullable=True),
        sa.Column("queue_id", sa.BigInteger(), nullable=True),
        sa.Column("slot", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "came_from",
            sa.BigInteger(),
            nullable=True,
            comment="the image that the person was through with before",
        ),
        _created(),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("passes_pkey")),
        sa.UniqueConstraint("project_id", "id", name=op.f("passes_project_id_id_key")),
        sa.UniqueConstraint(
            "project_id", "pass_image_id", name=op.f("passes_project_id_pass_image_id_key")
        ),
        sa.UniqueConstraint("user_id", "image_id", name=op.f("passes_user_id_image_id_key")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("passes_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("passes_user_id_fkey")),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("passes_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "gold_image_id"],
            ["gold_images.project_id", "gold_images.id"],
            name=op.f("passes_project_id_gold_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "queue_id"],
            ["queues.project_id", "queues.id"],
            name=op.f("passes_project_id_queue_id_fkey"),
        ),
        sa.CheckConstraint("kind IN ('gold', 'fold')", name=op.f("passes_kind_check")),
        sa.CheckConstraint("outcome IN ('done', 'skipped')", name=op.f("passes_outcome_check")),
        sa.CheckConstraint(
            "(kind = 'gold') = (gold_image_id IS NOT NULL)", name=op.f("passes_gold_check")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)", name=op.f("passes_outcome_when_ended_check")
        ),
        comment="one person's blind labeling of an image, which others have labelled or will",
    )
    op.create_index(
        "passes_one_open_of_a_person",
        "passes",
        ["project_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("passes_project_id_image_id_idx"), "passes", ["project_id", "image_id"])


def _create_pass_objects() -> None:
    op.create_table(
        "pass_objects",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("pass_id", sa.BigInteger(), nullable=False),
        sa.Column("truth_id", sa.BigInteger(), nullable=True, comment="NULL: nothing is there"),
        sa.Column("truth_revision", sa.Integer(), nullable=True),
        sa.Column("truth_category_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "drawn_id",
            sa.BigInteger(),
            nullable=True,
            comment="in the schema passes; NULL: it was missed",
        ),
        sa.Column("drawn_revision", sa.Integer(), nullable=True),
        sa.Column("drawn_category_id", sa.BigInteger(), nullable=True),
        sa.Column("iou", sa.REAL(), nullable=True),
        sa.Column("boundary_f", sa.REAL(), nullable=True),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pass_objects_pkey")),
        sa.UniqueConstraint("pass_id", "truth_id", name=op.f("pass_objects_pass_id_truth_id_key")),
        sa.UniqueConstraint("pass_id", "drawn_id", name=op.f("pass_objects_pass_id_drawn_id_key")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("pass_objects_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "pass_id"],
            ["passes.project_id", "passes.id"],
            name=op.f("pass_objects_project_id_pass_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "truth_id", "truth_revision"],
            ["annotations.project_id", "annotations.id", "annotations.revision"],
            name=op.f("pass_objects_project_id_truth_id_truth_revision_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "truth_category_id"],
            ["categories.project_id", "categories.id"],
            name=op.f("pass_objects_project_id_truth_category_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "drawn_category_id"],
            ["categories.project_id", "categories.id"],
            name=op.f("pass_objects_project_id_drawn_category_id_fkey"),
        ),
        sa.CheckConstraint(
            "(truth_id IS NULL) = (truth_revision IS NULL) "
            "AND (truth_id IS NULL) = (truth_category_id IS NULL)",
            name=op.f("pass_objects_truth_check"),
        ),
        sa.CheckConstraint(
            "(drawn_id IS NULL) = (drawn_revision IS NULL) "
            "AND (drawn_id IS NULL) = (drawn_category_id IS NULL)",
            name=op.f("pass_objects_drawn_check"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(truth_id, drawn_id) > 0", name=op.f("pass_objects_subject_check")
        ),
        sa.CheckConstraint(
            "(num_nonnulls(truth_id, drawn_id) = 2) = (iou IS NOT NULL) "
            "AND (iou IS NULL) = (boundary_f IS NULL)",
            name=op.f("pass_objects_pair_check"),
        ),
        sa.CheckConstraint(
            "iou BETWEEN 0 AND 1 AND boundary_f BETWEEN 0 AND 1",
            name=op.f("pass_objects_shares_check"),
        ),
        comment="append-only, by trigger; what was found, missed and drawn beside in a gold image",
    )


def _created() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )


def downgrade() -> None:
    """What was labelled blindly has no place in the older schema."""
    op.execute("DROP SCHEMA passes CASCADE")
    op.drop_table("pass_objects")
    op.drop_table("passes")
    op.drop_table("gold_objects")
    op.drop_table("gold_images")
