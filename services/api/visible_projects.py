"""Of which projects somebody may learn, where an answer is about all of them."""

from maskloop.platform.access import Principal
from maskloop.services import people
from maskloop.services.api.context import ApiContext


def visible_projects(context: ApiContext, principal: Principal) -> frozenset[int] | None:
    """Whose trainings, figures and rules somebody may see; None for all of them."""
    if principal.is_admin:
        return None
    found = people.projects_of(context.runtime, principal.user_id)
    return frozenset(project.id for project in found)
