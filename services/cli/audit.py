"""`maskloop audit`"""

from typing import Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime


def audit(
    project: ProjectName,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many, the newest.")] = 50,
    by: Annotated[str | None, typer.Option(help="Of this person only.")] = None,
    action: Annotated[str | None, typer.Option(help="Of this deed only, as 'planted'.")] = None,
    as_json: AsJson = False,
) -> None:
    """What was done in a project by whom, newest first."""
    from maskloop.platform.db import audit_events
    from maskloop.services.projects import find_project

    with runtime() as opened:
        project_id = find_project(opened, project).id
        with opened.engine.connect() as connection:
            found = audit_events.page(connection, project_id, limit=limit, user=by, action=action)
    if as_json:
        console.write_json([vars(event) for event in found])
        return
    rows = [
        (
            event.id,
            f"{event.created_at:%Y-%m-%d %H:%M:%S}",
            event.user or "maskloop",
            event.action,
            f"{event.subject} {event.subject_id}",
            ", ".join(f"{name}={value}" for name, value in event.detail.items()),
        )
        for event in found
    ]
    console.table(["id", "at (UTC)", "who", "what", "of what", "detail"], rows)
