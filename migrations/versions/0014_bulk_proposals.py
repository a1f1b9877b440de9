"""Proposals by the hundred thousand: what they belong to is checked once for each statement, and
statistics that keep up with COPY; indexes that the queues' orders need and no others.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

CHECK_PROPOSALS = """
CREATE FUNCTION maskloop_check_proposals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT DISTINCT project_id, image_id, job_id, model_version_id FROM written LOOP
        PERFORM FROM public.images WHERE project_id = one.project_id AND id = one.image_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'proposals name image % and project %, which has no such image',
                one.image_id, one.project_id
                USING ERRCODE = 'foreign_key_violation', TABLE = 'proposals',
                    CONSTRAINT = 'proposals_image_check';
        END IF;
        PERFORM FROM public.jobs WHERE project_id = one.project_id AND id = one.job_id
            AND model_version_id = one.model_version_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'proposals name job %, project % and version %, which is no such job',
                one.job_id, one.project_id, one.model_version_id
                USING ERRCODE = 'foreign_key_violation', TABLE = 'proposals',
                    CONSTRAINT = 'proposals_job_check';
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""
POINTED_AT = {"images": ("id", "project_id"), "jobs": ("id", "project_id", "model_version_id")}
"""Columns that proposals name: they never change, and their rows never go."""
FOREIGN_KEYS = {
    "project_id": "projects (id)",
    "model_version_id": "model_versions (id)",
    "project_id, image_id": "images (project_id, id)",
    "project_id, job_id": "jobs (project_id, id)",
}
COMMENT = "image, job and version are the project''s and one another''s, by trigger"
BY_IMAGE = "proposals_project_id_image_id_id_idx"
ORDERS = {
    "annotations_by_score": "(project_id, predicted_iou, id)",
    "annotations_shuffled": "(project_id, hashint8extended(id, 0))",
}
"""Of queues of annotations, which would otherwise read all of them for each card."""
SETTINGS = {
    "autovacuum_analyze_scale_factor": 0.02,
    "autovacuum_vacuum_insert_scale_factor": 0.05,
    "autovacuum_vacuum_scale_factor": 0.05,
}
SETTLED_OFTEN = ("proposals", "proposal_doubts")


def upgrade() -> None:
    op.execute(f"COMMENT ON TABLE proposals IS '{COMMENT}'")
    for key in FOREIGN_KEYS:
        op.execute(f"ALTER TABLE proposals DROP CONSTRAINT {_name(key)}")
    op.execute(CHECK_PROPOSALS)
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER proposals_belong_at_{event.lower()} AFTER {event} ON proposals "
            "REFERENCING NEW TABLE AS written FOR EACH STATEMENT "
            "EXECUTE FUNCTION maskloop_check_proposals()"
        )
    for table, columns in POINTED_AT.items():
        differ = " OR ".join(f"OLD.{one} IS DISTINCT FROM NEW.{one}" for one in columns)
        op.execute(
            f"CREATE TRIGGER {table}_are_kept BEFORE DELETE OR TRUNCATE ON {table} "
            "EXECUTE FUNCTION maskloop_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_keep_their_keys BEFORE UPDATE OF {', '.join(columns)} "
            f"ON {table} FOR EACH ROW WHEN ({differ}) EXECUTE FUNCTION maskloop_refuse_change()"
        )
    for schema in ("public", "passes"):
        op.execute(f"DROP INDEX {schema}.{BY_IMAGE}")
    for name, order in ORDERS.items():
        op.execute(f"CREATE INDEX {name} ON annotations {order}")
    settings = ", ".join(f"{name} = {value}" for name, value in SETTINGS.items())
    for table in SETTLED_OFTEN:
        op.execute(f"ALTER TABLE {table} SET ({settings})")


def downgrade() -> None:
    for table in SETTLED_OFTEN:
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(SETTINGS)})")
    for name in ORDERS:
        op.execute(f"DROP INDEX {name}")
    for schema in ("public", "passes"):
        op.execute(f"CREATE INDEX {BY_IMAGE} ON {schema}.proposals (project_id, image_id, id)")
    for table in POINTED_AT:
        op.execute(f"DROP TRIGGER {table}_keep_their_keys ON {table}")
        op.execute(f"DROP TRIGGER {table}_are_kept ON {table}")
    for event in ("insert", "update"):
        op.execute(f"DROP TRIGGER proposals_belong_at_{event} ON proposals")
    op.execute("DROP FUNCTION maskloop_check_proposals")
    for key, target in FOREIGN_KEYS.items():
        op.execute(
            f"ALTER TABLE proposals ADD CONSTRAINT {_name(key)} "
            f"FOREIGN KEY ({key}) REFERENCES {target}"
        )
    op.execute("COMMENT ON TABLE proposals IS NULL")


def _name(key: str) -> str:
    return f"proposals_{key.replace(', ', '_')}_fkey"
