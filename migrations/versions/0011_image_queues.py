"""Queues of images, and which of them handed out which image."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

SCHEMAS = (None, "passes")
"""Of what is labelled, and of its twins."""

BEFORE = "to whom a queue is assigned; without a row it is everybody's who may review"
NOW = "to whom a queue is assigned; without a row everybody's who may do what it asks for"


def upgrade() -> None:
    _allow("'proposals', 'annotations', 'images'")
    op.create_table_comment("queue_people", NOW, existing_comment=BEFORE)
    for schema in SCHEMAS:
        op.create_index(
            "images_todo_shuffled",
            "images",
            ["project_id", sa.text("hashint8extended(id, 0)")],
            schema=schema,
            postgresql_where=sa.text("state = 'todo'"),
        )
    _create_queue_turns()
    op.execute(
        "CREATE TRIGGER queue_turns_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON queue_turns "
        "EXECUTE FUNCTION maskloop_refuse_change()"
    )


def _allow(subjects: str) -> None:
    op.drop_constraint(op.f("queues_subject_check"), "queues")
    op.create_check_constraint(op.f("queues_subject_check"), "queues", f"subject IN ({subjects})")


def _create_queue_turns() -> None:
    op.create_table(
        "queue_turns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("lease_token", sa.UUID(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "image_id"],
            ["images.project_id", "images.id"],
            name=op.f("queue_turns_project_id_image_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "queue_id"],
            ["queues.project_id", "queues.id"],
            name=op.f("queue_turns_project_id_queue_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("queue_turns_project_id_fkey")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("queue_turns_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("queue_turns_pkey")),
        comment="append-only, by trigger; which image a queue handed to whom, under which lease",
    )
    for columns in (["project_id", "queue_id", "id"], ["project_id", "image_id", "lease_token"]):
        name = op.f(f"queue_turns_{'_'.join(columns)}_idx")
        op.create_index(name, "queue_turns", columns, unique=False)


def downgrade() -> None:
    """Queues of images have no place in the older schema."""
    op.drop_table("queue_turns")
    for schema in SCHEMAS:
        op.drop_index("images_todo_shuffled", table_name="images", schema=schema)
    of_images = "SELECT id FROM queues WHERE subject = 'images'"
    op.execute(f"DELETE FROM queue_people WHERE queue_id IN ({of_images})")
    op.execute("DELETE FROM queues WHERE subject = 'images'")
    op.create_table_comment("queue_people", BEFORE, existing_comment=NOW)
    _allow("'proposals', 'annotations'")
