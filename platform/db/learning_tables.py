"""Tables of how corrections become a model: training sets, trainings, evaluations, gates and
shadows. What was measured or frozen is append-only, by trigger."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, REAL

from maskloop.platform.db.schema import (
    created_column,
    id_column,
    metadata,
    one_of,
    project_column,
)
from maskloop.platform.states import NeverTrained, Split, TrainingReason

training_sets = Table(
    "training_sets",
    metadata,
    id_column(),
    project_column(),
    Column("name", Text, nullable=False),
    Column("rule", JSONB, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="sha256 over the sorted items"),
    Column("statistics", JSONB, nullable=False),
    Column("created_by", BigInteger, ForeignKey("users.id"), nullable=False),
    created_column(),
    UniqueConstraint("project_id", "id"),
    UniqueConstraint("project_id", "digest"),
    UniqueConstraint("project_id", "name"),
    CheckConstraint("octet_length(digest) = 32", name="digest"),
    CheckConstraint("length(name) BETWEEN 1 AND 100", name="name"),
    comment="append-only, by trigger",
)

training_set_items = Table(
    "training_set_items",
    metadata,
    project_column(),
    Column("training_set_id", BigInteger, nullable=False),
    Column("annotation_id", BigInteger, nullable=False),
    Column("annotation_revision", Integer, nullable=False),
    Column("image_id", BigInteger, nullable=False),
    Column("category", Text, nullable=False, comment="its name then; categories are renamed"),
    Column("split", Text, nullable=False),
    PrimaryKeyConstraint("training_set_id", "annotation_id"),
    ForeignKeyConstraint(
        ["project_id", "training_set_id"], ["training_sets.project_id", "training_sets.id"]
    ),
    ForeignKeyConstraint(
        ["project_id", "annotation_id", "annotation_revision"],
        ["annotations.project_id", "annotations.id", "annotations.revision"],
    ),
    ForeignKeyConstraint(["project_id", "image_id"], ["images.project_id", "images.id"]),
    one_of("split", Split),
    Index(None, "training_set_id", "split", "image_id"),
    comment="append-only, by trigger",
)

never_trained = Table(
    "never_trained",
    metadata,
    project_column(),
    Column("annotation_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    created_column(),
    PrimaryKeyConstraint("project_id", "annotation_id"),
    one_of("reason", NeverTrained),
    comment="annotations (every revision) that no training set may train on",
)

training_policies = Table(
    "training_policies",
    metadata,
    Column("project_id", BigInteger, ForeignKey("projects.id"), primary_key=True),
    Column("policy", JSONB, nullable=False),
    Column("updated_by", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

trainings = Table(
    "trainings",
    metadata,
    project_column(),
    Column("job_id", BigInteger, nullable=False),
    Column("model_version_id", BigInteger, ForeignKey("model_versions.id"), nullable=False),
    Column("parent_id", BigInteger, ForeignKey("model_versions.id"), nullable=False),
    Column("training_set_id", BigInteger, nullable=False),
    Column("recipe", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("because", Text, nullable=False, comment="the reason in figures or words, for people"),
    Column("started_by", BigInteger, ForeignKey("users.id"), comment="NULL: a trigger"),
    Column("replay", JSONB, comment="keys of the images of replay steps, chosen when it began"),
    Column("outcome", JSONB, comment="of a training that ended: steps, seconds, encodes, choice"),
    created_column(),
    PrimaryKeyConstraint("job_id"),
    UniqueConstraint("model_version_id"),
    ForeignKeyConstraint(["project_id", "job_id"], ["jobs.project_id", "jobs.id"]),
    ForeignKeyConstraint(
        ["project_id", "training_set_id"], ["training_sets.project_id", "training_sets.id"]
    ),
    one_of("reason", TrainingReason),
    Index(None, "project_id", "job_id"),
)

training_points = Table(
    "training_points",
    metadata,
    Column("job_id", BigInteger, ForeignKey("trainings.job_id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("steps", Integer, nullable=False, comment="planned in all"),
    Column("figures", JSONB, nullable=False),
    created_column(),
    PrimaryKeyConstraint("job_id", "step"),
    comment="the curves; a resumed training writes those after its checkpoint anew",
)

evaluations = Table(
    "evaluations",
    metadata,
    id_column(),
    project_column(),
    Column("model_version_id", BigInteger, ForeignKey("model_versions.id"), nullable=False),
    Column("training_set_id", BigInteger, nullable=False, comment="whose hold-out it was"),
    Column("protocol", JSONB, nullable=False),
    Column("protocol_digest", LargeBinary, nullable=False),
    Column("summary", JSONB, nullable=False),
    Column("scores_key", Text, nullable=False, comment="a row per object, in the object store"),
    Column(
        "job_id",
        BigInteger,
        ForeignKey("jobs.id"),
        nullable=False,
        comment="maybe of another project, whose general set this is",
    ),
    created_column(),
    UniqueConstraint("project_id", "id"),
    UniqueConstraint("project_id", "model_version_id", "training_set_id", "protocol_digest"),
    ForeignKeyConstraint(
        ["project_id", "training_set_id"], ["training_sets.project_id", "training_sets.id"]
    ),
    CheckConstraint("octet_length(protocol_digest) = 32", name="protocol_digest"),
    comment="append-only, by trigger",
)

gate_results = Table(
    "gate_results",
    metadata,
    id_column(),
    project_column(),
    Column("challenger_id", BigInteger, ForeignKey("model_versions.id"), nullable=False),
    Column("champion_id", BigInteger, ForeignKey("model_versions.id"), nullable=False),
    Column("training_set_id", BigInteger, nullable=False, comment="whose hold-out decided"),
    Column("general_set_id", BigInteger, comment="the set that shows forgetting, where one is"),
    Column("policy", JSONB, nullable=False),
    Column("comparison", JSONB, nullable=False, comment="differences with their intervals"),
    Column("rules", JSONB, nullable=False, comment="each rule with its outcome"),
    Column("passed", Boolean, nullable=False),
    Column("job_id", BigInteger, nullable=False),
    created_column(),
    UniqueConstraint("project_id", "id"),
    ForeignKeyConstraint(
        ["project_id", "training_set_id"], ["training_sets.project_id", "training_sets.id"]
    ),
    ForeignKeyConstraint(["project_id", "job_id"], ["jobs.project_id", "jobs.id"]),
    Index(None, "challenger_id", "id"),
    comment="append-only, by trigger",
)

shadows = Table(
    "shadows",
    metadata,
    id_column(),
    Column("model_version_id", BigInteger, ForeignKey("model_versions.id"), nullable=False),
    Column("share", REAL, nullable=False),
    Column("started_by", BigInteger, ForeignKey("users.id"), nullable=False),
    created_column(),
    Column("ended_at", DateTime(timezone=True)),
    CheckConstraint("share > 0 AND share <= 1", name="share"),
    Index(
        "shadows_one_at_a_time",
        text("(ended_at IS NULL)"),
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    comment="versions that decode a share of live prompts beside the one that serves",
)

shadow_samples = Table(
    "shadow_samples",
    metadata,
    id_column(),
    project_column(),
    Column("shadow_id", BigInteger, ForeignKey("shadows.id"), nullable=False),
    Column("image_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("champion_id", BigInteger, ForeignKey("model_versions.id"), nullable=False),
    Column("prompt", JSONB, nullable=False, comment="as it was sent"),
    Column("prompt_digest", LargeBinary, nullable=False),
    Column("champion", LargeBinary, nullable=False, comment="its best mask's RLE counts"),
    Column("challenger", LargeBinary, nullable=False, comment="its best mask's RLE counts"),
    Column("agreement", REAL, nullable=False, comment="IoU of the two"),
    Column("seconds", REAL, nullable=False, comment="that the challenger decoded"),
    created_column(),
    ForeignKeyConstraint(["project_id", "image_id"], ["images.project_id", "images.id"]),
    CheckConstraint("octet_length(prompt_digest) = 32", name="prompt_digest"),
    CheckConstraint("agreement BETWEEN 0 AND 1", name="agreement"),
    Index(None, "shadow_id", "id"),
    Index(None, "project_id", "image_id"),
    comment="append-only, by trigger",
)
