"""Tables of blind passes: images on which everything is known, who labelled which image blindly,
and how that went. What was drawn stands in the schema `passes` (`pass_schema.py`)."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import REAL

from maskloop.platform.db.schema import (
    created_column,
    id_column,
    metadata,
    one_of,
    project_column,
)
from maskloop.platform.states import FoldState, PassKind, PassOutcome

gold_images = Table(
    "gold_images",
    metadata,
    id_column(),
    project_column(),
    Column("image_id", BigInteger, nullable=False),
    Column("created_by", BigInteger, ForeignKey("users.id"), nullable=False),
    created_column(),
    Column("retired_at", DateTime(timezone=True)),
    UniqueConstraint("project_id", "id"),
    ForeignKeyConstraint(["project_id", "image_id"], ["images.project_id", "images.id"]),
    Index(
        "gold_images_one_in_use_of_an_image",
        "project_id",
        "image_id",
        unique=True,
        postgresql_where=text("retired_at IS NULL"),
    ),
    comment="images on which everything is known; the truth of one never changes",
)

gold_objects = Table(
    "gold_objects",
    metadata,
    project_column(),
    Column("gold_image_id", BigInteger, nullable=False),
    Column("annotation_id", BigInteger, nullable=False),
    Column("annotation_revision", Integer, nullable=False),
    PrimaryKeyConstraint("gold_image_id", "annotation_id"),
    ForeignKeyConstraint(
        ["project_id", "gold_image_id"], ["gold_images.project_id", "gold_images.id"]
    ),
    ForeignKeyConstraint(
        ["project_id", "annotation_id", "annotation_revision"],
        ["annotations.project_id", "annotations.id", "annotations.revision"],
    ),
    comment="append-only, by trigger; all that is on a gold image",
)

passes = Table(
    "passes",
    metadata,
    id_column(),
    project_column(),
    Column("kind", Text, nullable=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("image_id", BigInteger, nullable=False, comment="what it is a copy of"),
    Column(
        "pass_image_id",
        BigInteger,
        nullable=False,
        comment="of the copy, in the schema passes; no number of an image",
    ),
    Column("gold_image_id", BigInteger),
    Column("queue_id", BigInteger),
    Column("slot", Integer, nullable=False, server_default=text("0")),
    Column("came_from", BigInteger, comment="the image that the person was through with before"),
    created_column(),
    Column("ended_at", DateTime(timezone=True)),
    Column("outcome", Text),
    UniqueConstraint("project_id", "id"),
    UniqueConstraint("project_id", "pass_image_id"),
    UniqueConstraint("user_id", "image_id"),
    ForeignKeyConstraint(["project_id", "image_id"], ["images.project_id", "images.id"]),
    ForeignKeyConstraint(
        ["project_id", "gold_image_id"], ["gold_images.project_id", "gold_images.id"]
    ),
    ForeignKeyConstraint(["project_id", "queue_id"], ["queues.project_id", "queues.id"]),
    one_of("kind", PassKind),
    one_of("outcome", PassOutcome),
    CheckConstraint("(kind = 'gold') = (gold_image_id IS NOT NULL)", name="gold"),
    CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="outcome_when_ended"),
    Index(
        "passes_one_open_of_a_person",
        "project_id",
        "user_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(None, "project_id", "image_id"),
    comment="one person's blind labeling of an image, which others have labelled or will",
)

folds = Table(
    "folds",
    metadata,
    id_column(),
    project_column(),
    Column("image_id", BigInteger, nullable=False),
    Column("queue_id", BigInteger, nullable=False),
    Column("fold", Integer, nullable=False, comment="how many people label it"),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("taken_pass_id", BigInteger, comment="NULL: none, or it was decided by hand"),
    created_column(),
    UniqueConstraint("project_id", "image_id"),
    ForeignKeyConstraint(["project_id", "image_id"], ["images.project_id", "images.id"]),
    ForeignKeyConstraint(["project_id", "queue_id"], ["queues.project_id", "queues.id"]),
    ForeignKeyConstraint(["project_id", "taken_pass_id"], ["passes.project_id", "passes.id"]),
    one_of("state", FoldState),
    CheckConstraint("fold BETWEEN 2 AND 9", name="fold"),
    CheckConstraint("state = 'settled' OR taken_pass_id IS NULL", name="taken_when_settled"),
    comment="images that several people label blindly, from the first of them on",
)

pass_objects = Table(
    "pass_objects",
    metadata,
    id_column(),
    project_column(),
    Column("pass_id", BigInteger, nullable=False),
    Column("truth_id", BigInteger, comment="NULL: nothing is there"),
    Column("truth_revision", Integer),
    Column("truth_category_id", BigInteger),
    Column("drawn_id", BigInteger, comment="in the schema passes; NULL: it was missed"),
    Column("drawn_revision", Integer),
    Column("drawn_category_id", BigInteger),
    Column("iou", REAL),
    Column("boundary_f", REAL),
    created_column(),
    UniqueConstraint("pass_id", "truth_id"),
    UniqueConstraint("pass_id", "drawn_id"),
    ForeignKeyConstraint(["project_id", "pass_id"], ["passes.project_id", "passes.id"]),
    ForeignKeyConstraint(
        ["project_id", "truth_id", "truth_revision"],
        ["annotations.project_id", "annotations.id", "annotations.revision"],
    ),
    ForeignKeyConstraint(
        ["project_id", "truth_category_id"], ["categories.project_id", "categories.id"]
    ),
    ForeignKeyConstraint(
        ["project_id", "drawn_category_id"], ["categories.project_id", "categories.id"]
    ),
    CheckConstraint(
        "(truth_id IS NULL) = (truth_revision IS NULL) "
        "AND (truth_id IS NULL) = (truth_category_id IS NULL)",
        name="truth",
    ),
    CheckConstraint(
        "(drawn_id IS NULL) = (drawn_revision IS NULL) "
        "AND (drawn_id IS NULL) = (drawn_category_id IS NULL)",
        name="drawn",
    ),
    CheckConstraint("num_nonnulls(truth_id, drawn_id) > 0", name="subject"),
    CheckConstraint(
        "(num_nonnulls(truth_id, drawn_id) = 2) = (iou IS NOT NULL) "
        "AND (iou IS NULL) = (boundary_f IS NULL)",
        name="pair",
    ),
    CheckConstraint("iou BETWEEN 0 AND 1 AND boundary_f BETWEEN 0 AND 1", name="shares"),
    comment="append-only, by trigger; what was found, missed and drawn beside in a gold image",
)
