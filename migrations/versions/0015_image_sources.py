"""Whether a project has an image from a place is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

SCHEMAS = (None, "passes")


def upgrade() -> None:
    for schema in SCHEMAS:
        op.create_index(
            "images_source",
            "images",
            ["project_id", sa.text("hashtextextended(source_uri, 0)")],
            schema=schema,
        )


def downgrade() -> None:
    for schema in SCHEMAS:
        op.drop_index("images_source", table_name="images", schema=schema)
