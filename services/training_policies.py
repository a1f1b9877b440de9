"""Policies: how a project is trained, when by itself, and what its versions have to show."""

from maskloop.platform.db import projects, training_policies, training_sets
from maskloop.platform.db.training_policies import KeptPolicy
from maskloop.platform.training import Policy
from maskloop.services.runtime import Runtime


def get(runtime: Runtime, project_id: int) -> KeptPolicy:
    """The defaults, where nobody changed them. Raises `NotFoundError` for the project."""
    with runtime.engine.connect() as connection:
        projects.by_id(connection, project_id)
        return training_policies.of_project(connection, project_id)


def put(runtime: Runtime, project_id: int, policy: Policy, *, by: int) -> KeptPolicy:
    """Raises `NotFoundError` for the project, or for the general set that the policy names."""
    with runtime.engine.begin() as connection:
        projects.by_id(connection, project_id)
        if (general := policy.general) is not None:
            training_sets.by_id(connection, general.project_id, general.training_set_id)
        training_policies.put(connection, project_id, policy, by=by)
        return training_policies.of_project(connection, project_id)
