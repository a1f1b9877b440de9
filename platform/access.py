"""Who may do what: roles of people in a project, and what each role is allowed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


class Role(StrEnum):
    """Of a member of a project; a member has one or more."""

    LABELER = "labeler"
    """Asks for masks, makes annotations, and accepts, corrects or rejects proposals."""
    REVIEWER = "reviewer"
    """Also changes annotations of others."""
    OPS = "ops"
    """Brings images in, runs jobs, takes exports out."""
    ML = "ml"
    """Runs jobs and exports, trains model versions, and decides which one serves."""
    ADMIN = "admin"
    """All of it, and members and categories."""


class Permission(StrEnum):
    """What an endpoint asks for; the words after the dot are what is done to the noun before it."""

    VIEW = "project.view"
    """See the project: images, categories, annotations, proposals, jobs, exports."""
    ASK = "masks.ask"
    """Masks for prompts; nothing is stored."""
    ANNOTATE = "annotations.write"
    """Take images from the queue, make annotations, and change or delete one's own."""
    ANNOTATE_ALL = "annotations.write_all"
    """Change or delete annotations of others."""
    REVIEW = "proposals.review"
    """Give verdicts on what models propose; annotations of people are `ANNOTATE_ALL`'s."""
    ADD_IMAGES = "images.add"
    RUN_JOBS = "jobs.run"
    """Submit, cancel, resume and retry."""
    EXPORT = "exports.make"
    TRAIN = "models.train"
    """Freeze training sets, train, evaluate, set the policy, run shadows."""
    PROMOTE = "model_versions.promote"
    """Decide which model version serves. There is one for all projects (docs/access.md)."""
    MANAGE = "project.manage"
    """Members, their roles, categories."""


@dataclass(frozen=True)
class Principal:
    """Somebody who has proved who they are, and how."""

    user_id: int
    name: str
    is_admin: bool
    """Of the instance: may do everything in every project, and make projects and users."""
    how: Literal["session", "token", "local"]
    """By a password in a browser, by an API token, or by being on this machine (docs/access.md)."""


_EVERYBODY: Final = frozenset({Permission.VIEW, Permission.ASK})
_LABELER: Final = _EVERYBODY | {Permission.ANNOTATE, Permission.REVIEW}
_REVIEWER: Final = _LABELER | {Permission.ANNOTATE_ALL}
_OPS: Final = _EVERYBODY | {Permission.ADD_IMAGES, Permission.RUN_JOBS, Permission.EXPORT}
_ML: Final = _EVERYBODY | {
    Permission.RUN_JOBS,
    Permission.EXPORT,
    Permission.TRAIN,
    Permission.PROMOTE,
}

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.LABELER: _LABELER,
    Role.REVIEWER: _REVIEWER,
    Role.OPS: _OPS,
    Role.ML: _ML,
    Role.ADMIN: frozenset(Permission),
}


def allowed(roles: frozenset[Role]) -> frozenset[Permission]:
    """What somebody with these roles may do."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))
