"""Alembic revisions of the schema in `platform.db.tables`."""
