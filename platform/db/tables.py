"""The schema. Uniqueness, states and ownership are constraints here, not checks in Python.

Rows of a project carry its id and point at each other by (project_id, id), so that no row can
belong to two projects. Change this file together with a revision in `migrations/`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, REAL, UUID

from maskloop.platform.db.schema import (
    created_column,
    id_column,
    metadata,
    one_of,
    project_column,
)
from maskloop.platform.states import (
    ImageState,
    ItemState,
    JobKind,
    JobState,
    ModelVersionState,
    ProjectMode,
    ProposalState,
)

projects = Table(
    "projects",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    Column("mode", Text, nullable=False, server_default=ProjectMode.AUTOMATIC),
    created_column(),
    one_of("mode", ProjectMode),
    CheckConstraint("name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name="name"),
)

categories = Table(
    "categories",
    metadata,
    id_column(),
    project_column(),
    Column("name", Text, nullable=False),
    created_column(),
    UniqueConstraint("project_id", "name"),
    UniqueConstraint("project_id", "id"),
    CheckConstraint("length(name) BETWEEN 1 AND 100", name="name"),
)

images = Table(
    "images",
    metadata,
    id_column(),
    project_column(),
    Column("sha256", LargeBinary, nullable=False),
    Column("source_uri", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("exif_orientation", Integer, nullable=False),
    Column(
        "state",
        Text,
        nullable=False,
        server_default=ImageState.TODO,
        comment="of the labeling queue, by the last submission",
    ),
    created_column(),
    UniqueConstraint("project_id", "sha256"),
    UniqueConstraint("project_id", "id"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    CheckConstraint("width > 0 AND height > 0 AND byte_size > 0", name="size"),
    one_of("state", ImageState),
    Index(None, "project_id", "id", postgresql_where=text("state = 'todo'")),
    Index(
        "images_todo_shuffled",
        "project_id",
        text("hashint8extended(id, 0)"),
        postgresql_where=text("state = 'todo'"),
    ),
    Index("images_source", "project_id", text("hashtextextended(source_uri, 0)")),
)

model_versions = Table(
    "model_versions",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("encoder_digest", Text, nullable=False),
    Column("decoder_digest", Text, comment="NULL until its training has ended"),
    Column("parent_id", BigInteger, ForeignKey("model_versions.id")),
    Column("metrics", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    created_column(),
    UniqueConstraint("encoder_digest", "decoder_digest"),
    one_of("state", ModelVersionState),
    CheckConstraint(
        "state IN ('training', 'failed') OR decoder_digest IS NOT NULL", name="decoder_digest"
    ),
)

promotions = Table(
    "promotions",
    metadata,
    id_column(),
    Column("model_version_id", BigInteger, ForeignKey("model_versions.id"), nullable=False),
    Column("because", Text, nullable=False),
    Column("promoted_by", BigInteger, ForeignKey("users.id"), comment="NULL: maskloop itself"),
    Column(
        "gate_result_id",
        BigInteger,
        ForeignKey("gate_results.id"),
        comment="what the gate said; NULL: it was not asked",
    ),
    Column("against_gate", Boolean, nullable=False, server_default=text("false")),
    created_column(),
    comment="append-only, by trigger; the last row serves",
)

jobs = Table(
    "jobs",
    metadata,
    id_column(),
    project_column(),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("parameters", JSONB, nullable=False),
    Column("model_version_id", BigInteger, ForeignKey("model_versions.id")),
    Column("keep_candidates", Boolean, nullable=False, server_default=text("true")),
    Column(
        "supersede",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="its proposals replace pending ones of other versions",
    ),
    Column("source_job_id", BigInteger),  # the job whose candidates this one chooses among
    Column("lease_owner", Text),
    Column("lease_token", UUID(as_uuid=True)),
    Column("lease_until", DateTime(timezone=True)),
    Column("lease_since", DateTime(timezone=True)),
    Column(
        "worked_seconds",
        Double,
        nullable=False,
        server_default=text("0"),
        comment="under leases before this one, on the clock",
    ),
    Column("cancel_requested", DateTime(timezone=True)),
    Column("pause_requested", DateTime(timezone=True)),
    Column(
        "priority",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="workers take the highest first",
    ),
    Column("sample_images", Integer, comment="of a dry run: it is paused after so many"),
    Column("forecast", JSONB, comment="of the whole job, from its sample"),
    Column("budget", JSONB, comment="it is paused when one of these is spent"),
    Column("error_code", Text),
    Column("error", Text, comment="why it failed; of a paused job why, where nobody asked"),
    Column("result_key", Text, comment="the ZIP of an export, in the object store"),
    created_column(),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    UniqueConstraint("project_id", "id"),
    ForeignKeyConstraint(["project_id", "source_job_id"], ["jobs.project_id", "jobs.id"]),
    one_of("kind", JobKind),
    one_of("state", JobState),
    CheckConstraint(
        "(state = 'running') = (lease_token IS NOT NULL) "
        "AND (lease_token IS NULL) = (lease_until IS NULL) "
        "AND (lease_token IS NULL) = (lease_owner IS NULL)",
        name="lease",
    ),
    CheckConstraint(
        "CASE state WHEN 'failed' THEN error IS NOT NULL WHEN 'paused' THEN true "
        "ELSE error IS NULL END",
        name="error",
    ),
    CheckConstraint("priority BETWEEN -100 AND 100", name="priority"),
    CheckConstraint("kind = 'export' OR model_version_id IS NOT NULL", name="model_version"),
    CheckConstraint(
        "(result_key IS NOT NULL) = (kind = 'export' AND state = 'succeeded')", name="result"
    ),
    Index(None, "project_id", "kind", "id"),
    Index(
        "jobs_one_training_of_a_project",
        "project_id",
        unique=True,
        postgresql_where=text("kind = 'train' AND state IN ('queued', 'running')"),
    ),
)

job_items = Table(
    "job_items",
    metadata,
    id_column(),
    Column("project_id", BigInteger, nullable=False),
    Column("job_id", BigInteger, nullable=False),
    Column("image_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=ItemState.QUEUED),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease_token", UUID(as_uuid=True)),
    Column("result_key", Text),
    Column("candidates_key", Text, comment="candidates before filtering, where they are kept"),
    Column("masks", Integer),
    Column("seconds", JSONB),
    Column("bytes", BigInteger, comment="written for it: embedding, candidates, result"),
    Column("sampled", Boolean, nullable=False, server_default=text("false")),
    Column("retries", Integer, nullable=False, server_default=text("0")),
    Column("retry_at", DateTime(timezone=True), comment="put off: not to be tried before"),
    Column("error_code", Text),
    Column("error", Text),
    Column("finished_at", DateTime(timezone=True)),
    UniqueConstraint("job_id", "image_id"),
    ForeignKeyConstraint(["project_id", "job_id"], ["jobs.project_id", "jobs.id"]),
    ForeignKeyConstraint(["project_id", "image_id"], ["images.project_id", "images.id"]),
    one_of("state", ItemState),
    CheckConstraint("(state = 'leased') = (lease_token IS NOT NULL)", name="lease"),
    CheckConstraint(
        "(state = 'done') = (result_key IS NOT NULL AND masks IS NOT NULL)", name="result"
    ),
    CheckConstraint(
        "(state IN ('failed', 'quarantined') OR retry_at IS NOT NULL) = (error IS NOT NULL)",
        name="error",
    ),
    CheckConstraint("retry_at IS NULL OR state = 'queued'", name="retry_at"),
    Index(None, "job_id", "state", "id"),
    Index("job_items_sampled", "job_id", "id", postgresql_where=text("sampled")),
    Index("job_items_put_off", "job_id", "retry_at", postgresql_where=text("retry_at IS NOT NULL")),
)

proposals = Table(
    "proposals",
    metadata,
    id_column(),
    Column("project_id", BigInteger, nullable=False),
    Column("image_id", BigInteger, nullable=False),
    Column("job_id", BigInteger, nullable=False),
    Column("model_version_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=ProposalState.PENDING),
    Column("mask_digest", LargeBinary, nullable=False),
    Column("rle_counts", LargeBinary, nullable=False),
    Column("bbox_xywh", ARRAY(Integer), nullable=False),
    Column("area", Integer, nullable=False),
    Column("predicted_iou", REAL, nullable=False),
    Column("stability_score", REAL, nullable=False),
    Column("point_xy", ARRAY(REAL), nullable=False),
    Column("crop_box_xywh", ARRAY(Integer), nullable=False),
    created_column(),
    UniqueConstraint("image_id", "model_version_id", "mask_digest"),
    UniqueConstraint("project_id", "id"),
    one_of("state", ProposalState),
    CheckConstraint("octet_length(mask_digest) = 32", name="mask_digest"),
    CheckConstraint(
        "cardinality(bbox_xywh) = 4 AND cardinality(crop_box_xywh) = 4 "
        "AND cardinality(point_xy) = 2",
        name="arrays",
    ),
    Index(None, "project_id", "state", "id"),
    Index(
        None,
        "project_id",
        "image_id",
        "predicted_iou",
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "proposals_pending_by_score",
        "project_id",
        "predicted_iou",
        "id",
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "proposals_pending_shuffled",
        "project_id",
        text("hashint8extended(id, 0)"),
        postgresql_where=text("state = 'pending'"),
    ),
    comment="image, job and version are the project's and one another's, by trigger",
)
