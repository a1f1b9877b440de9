"""Training sets: frozen from a rule, listed, compared, and handed to workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db import training_sets
from maskloop.platform.db.images import object_key
from maskloop.platform.db.training_sets import Changes, SetItem, TrainingSet
from maskloop.platform.errors import AlreadyExistsError, BadNameError
from maskloop.platform.manifests import ManifestItem
from maskloop.platform.states import Split
from maskloop.platform.training import SetRule
from maskloop.platform.training_statistics import Statistics
from maskloop.services.runtime import Runtime
from maskloop.services.training_rules import differences
from maskloop.services.training_selection import Selection, select


@dataclass(frozen=True)
class SetComparison:
    """What `after` has otherwise than `before`."""

    before: TrainingSet
    after: TrainingSet
    changes: Mapping[Split, Changes]
    rule: Sequence[str]
    """A sentence for each part of the rule that differs."""


def preview(runtime: Runtime, project_id: int, rule: SetRule) -> Statistics:
    """Of the set that would be frozen now; raises as `freeze`."""
    return select(runtime, project_id, rule).statistics


def freeze(
    runtime: Runtime, project_id: int, rule: SetRule, *, name: str | None = None, by: int
) -> TrainingSet:
    """The set of what the rule chooses now, or the one that is there with the same content.

    Raises `EmptyTrainingSetError`, `NotFoundError` for a category, `BadNameError`,
    `AlreadyExistsError`, and what reading an image raises.
    """
    selection = select(runtime, project_id, rule)
    with runtime.engine.begin() as connection:
        return freeze_in(connection, project_id, selection, name=name, by=by)


def freeze_in(
    connection: sa.Connection,
    project_id: int,
    selection: Selection,
    *,
    name: str | None = None,
    by: int,
) -> TrainingSet:
    """`freeze` in the caller's transaction, of what `select` chose before it.

    Without a name it is called by its digest.
    """
    called = _checked(name) if name is not None else f"set-{selection.digest.hex()[:10]}"
    training_sets.insert(
        connection,
        project_id,
        selection.items,
        name=called,
        rule=selection.rule,
        digest=selection.digest,
        statistics=selection.statistics,
        created_by=by,
    )
    # Whoever froze the same content first has committed: the insert waited for it.
    found = training_sets.by_digest(connection, project_id, selection.digest)
    if found is None:
        hint = "It holds something else; choose another name."
        raise AlreadyExistsError("training set", called, hint)
    return found


def _checked(name: str) -> str:
    if not (1 <= len(name) <= 100 and name.isprintable() and name == name.strip()):
        reason = "use 1 to 100 printable characters, no spaces around"
        raise BadNameError("training set", name, reason)
    return name


def get(runtime: Runtime, project_id: int, set_id: int) -> TrainingSet:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        return training_sets.by_id(connection, project_id, set_id)


def page(
    runtime: Runtime, project_id: int, *, before: int | None = None, limit: int = 100
) -> list[TrainingSet]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        return training_sets.page(connection, project_id, before=before, limit=limit)


def items_page(
    runtime: Runtime,
    project_id: int,
    set_id: int,
    *,
    splits: Sequence[Split] = tuple(Split),
    after: int = 0,
    limit: int = 100,
) -> list[SetItem]:
    """By annotation, behind the id `after`. Raises `NotFoundError` for the set."""
    with runtime.engine.connect() as connection:
        return training_sets.items_page(
            connection, project_id, set_id, splits=splits, after=after, limit=limit
        )


def compare(runtime: Runtime, project_id: int, before_id: int, after_id: int) -> SetComparison:
    """Raises `NotFoundError` for either."""
    with runtime.engine.connect() as connection:
        before = training_sets.by_id(connection, project_id, before_id)
        after = training_sets.by_id(connection, project_id, after_id)
        changes = training_sets.changes(connection, project_id, before_id, after_id)
    return SetComparison(before, after, changes, differences(before.rule, after.rule))


def manifest_items(items: Sequence[SetItem]) -> list[ManifestItem]:
    """For workers, who read no database."""
    return [
        ManifestItem(
            annotation_id=item.annotation_id,
            image_sha256=item.image_sha256.hex(),
            image_key=object_key(item.image_sha256),
            source=item.image_source,
            size_hw=item.size_hw,
            category=item.category,
            counts=item.rle.counts.decode("ascii"),
            split=item.split,
            prompts=item.prompts,
        )
        for item in items
    ]
