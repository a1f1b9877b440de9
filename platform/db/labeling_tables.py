"""Tables of what people make: annotations and reviews. Both are append-only, by trigger."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, REAL

from maskloop.platform.db.schema import (
    created_column,
    id_column,
    metadata,
    one_of,
    project_column,
)
from maskloop.platform.states import Verdict

annotations = Table(
    "annotations",
    metadata,
    Column("id", BigInteger, Identity(), nullable=False),  # given by hand for later revisions
    Column("revision", Integer, nullable=False),
    project_column(),
    Column("image_id", BigInteger, nullable=False),
    Column("category_id", BigInteger, nullable=False),
    Column("rle_counts", LargeBinary, nullable=False),
    Column("mask_digest", LargeBinary, nullable=False),
    Column("bbox_xywh", ARRAY(Integer), nullable=False),
    Column("area", Integer, nullable=False),
    Column("prompts", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column(
        "model_version_id",
        BigInteger,
        ForeignKey("model_versions.id"),
        comment="which version drew the mask; NULL: by hand",
    ),
    Column("predicted_iou", REAL),
    Column("seconds", REAL, comment="that a person spent on this revision"),
    Column("author_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("proposal_id", BigInteger),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    created_column(),
    PrimaryKeyConstraint("id", "revision"),
    UniqueConstraint("project_id", "id", "revision"),
    ForeignKeyConstraint(["project_id", "image_id"], ["images.project_id", "images.id"]),
    ForeignKeyConstraint(["project_id", "category_id"], ["categories.project_id", "categories.id"]),
    ForeignKeyConstraint(["project_id", "proposal_id"], ["proposals.project_id", "proposals.id"]),
    CheckConstraint("revision > 0", name="revision"),
    CheckConstraint("octet_length(mask_digest) = 32", name="mask_digest"),
    CheckConstraint("cardinality(bbox_xywh) = 4 AND area > 0", name="mask"),
    CheckConstraint("jsonb_typeof(prompts) = 'array'", name="prompts"),
    CheckConstraint("seconds >= 0", name="seconds"),
    Index(None, "project_id", "image_id", "id"),
    Index(None, "project_id", "category_id", "id"),
    comment="append-only, by trigger; the last revision of an id counts, unless it is deleted",
)

reviews = Table(
    "reviews",
    metadata,
    id_column(),
    project_column(),
    Column("proposal_id", BigInteger, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reviewer_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("annotation_id", BigInteger),
    Column("annotation_revision", Integer),
    Column("reason", Text),
    Column("seconds", REAL),
    created_column(),
    UniqueConstraint("proposal_id"),
    ForeignKeyConstraint(["project_id", "proposal_id"], ["proposals.project_id", "proposals.id"]),
    ForeignKeyConstraint(
        ["project_id", "annotation_id", "annotation_revision"],
        ["annotations.project_id", "annotations.id", "annotations.revision"],
    ),
    one_of("verdict", Verdict),
    CheckConstraint(
        "(verdict = 'rejected') = (annotation_id IS NULL) "
        "AND (annotation_id IS NULL) = (annotation_revision IS NULL)",
        name="annotation",
    ),
    CheckConstraint("seconds >= 0", name="seconds"),
    Index(None, "project_id", "id"),
    comment="append-only, by trigger",
)
