"""Tables of people: who they are, how they prove it, and what they may do in which project."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from maskloop.platform.access import Role
from maskloop.platform.db.schema import (
    created_column,
    id_column,
    metadata,
    one_of,
    project_column,
)


def _user_column() -> Column[int]:
    return Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False)


def _token_digest() -> tuple[Column[bytes], UniqueConstraint, CheckConstraint]:
    """The secret itself is never stored."""
    return (
        Column("token_digest", LargeBinary, nullable=False),
        UniqueConstraint("token_digest"),
        CheckConstraint("octet_length(token_digest) = 32", name="token_digest"),
    )


users = Table(
    "users",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, comment="argon2; NULL: no sign-in by password"),
    Column("is_admin", Boolean, nullable=False, server_default=text("false")),
    Column("disabled_at", DateTime(timezone=True)),
    created_column(),
    CheckConstraint("name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name="name"),
)

sessions = Table(
    "sessions",
    metadata,
    id_column(),
    _user_column(),
    *_token_digest(),
    created_column(),
    Column("last_seen_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index(None, "user_id", "last_seen_at"),
    Index(None, "expires_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    id_column(),
    _user_column(),
    Column("name", Text, nullable=False),
    *_token_digest(),
    Column("prefix", Text, nullable=False, comment="how people tell their tokens apart"),
    created_column(),
    Column("expires_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    CheckConstraint("length(name) BETWEEN 1 AND 100", name="name"),
    Index(None, "user_id"),
)

members = Table(
    "members",
    metadata,
    project_column(),
    _user_column(),
    Column("role", Text, nullable=False),
    created_column(),
    PrimaryKeyConstraint("project_id", "user_id", "role"),
    one_of("role", Role),
    Index(None, "user_id"),
)

login_failures = Table(
    "login_failures",
    metadata,
    id_column(),
    Column("user_name", Text, nullable=False, comment="as it was typed; there may be no such user"),
    Column("address", Text, nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index(None, "user_name", "failed_at"),
    Index(None, "address", "failed_at"),
    Index(None, "failed_at"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _user_column(),
    Column("key", Text, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("status", Integer, comment="of the HTTP answer; NULL while the request is at work"),
    Column("response", JSONB),
    created_column(),
    PrimaryKeyConstraint("user_id", "key"),
    CheckConstraint("length(key) BETWEEN 1 AND 200", name="key"),
    CheckConstraint("octet_length(request_digest) = 32", name="request_digest"),
    Index(None, "created_at"),
)
