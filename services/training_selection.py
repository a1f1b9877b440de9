"""What a rule chooses now: annotations on their sides, without those that must not stand there."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from maskloop.platform.db import projects, training_candidates
from maskloop.platform.db.training_candidates import Candidate
from maskloop.platform.errors import EmptyTrainingSetError, NotFoundError
from maskloop.platform.states import NeverTrained, Split
from maskloop.platform.training import SetRule
from maskloop.platform.training_statistics import LeftOut, Statistics, statistics_of
from maskloop.services.runtime import Runtime
from maskloop.services.training_leaks import find_leaks
from maskloop.services.training_rules import nothing_left


@dataclass(frozen=True)
class Selection:
    """What `rule` chose at one moment, ready to be frozen."""

    rule: SetRule
    items: Sequence[Candidate]
    digest: bytes
    statistics: Statistics


def select(runtime: Runtime, project_id: int, rule: SetRule) -> Selection:
    """Reads images that were never compared before; do not call it in a transaction.

    Raises `NotFoundError` for a category, `EmptyTrainingSetError`, and what reading an image
    raises.
    """
    with runtime.engine.connect() as connection:
        _check_categories(connection, project_id, rule)
        chosen = training_candidates.select(connection, project_id, rule)
        if not chosen:
            total, left = training_candidates.left_by_each_part(connection, project_id, rule)
            raise EmptyTrainingSetError("train on or measure by", nothing_left(rule, total, left))
    allowed = [item for item in chosen if _may_stand(item)]
    never = Counter(item.never for item in chosen if item.never and not _may_stand(item))
    leaks = find_leaks(runtime, allowed)
    leaking = {leak.image_id for leak in leaks}
    items = [item for item in allowed if item.image_id not in leaking]
    left_out = LeftOut(never, leaked=len(allowed) - len(items), leaks=leaks)
    _check_purpose(items, left_out)
    return Selection(rule, items, _digest(rule, items), statistics_of(items, left_out))


def _check_categories(connection: sa.Connection, project_id: int, rule: SetRule) -> None:
    known = [category.name for category in projects.list_categories(connection, project_id)]
    for name in rule.categories:
        if name not in known:
            raise NotFoundError("category", name, f"The project has: {', '.join(known)}.")


def _may_stand(item: Candidate) -> bool:
    if item.never is NeverTrained.GOLD:
        return item.split is Split.HOLDOUT
    return item.never is None


def _check_purpose(items: Sequence[Candidate], left_out: LeftOut) -> None:
    """A set is for training, for measuring, or for both."""
    if any(item.split is not Split.VALIDATION for item in items):
        return
    never = left_out.never_trained
    reason = (
        f"{len(items)} of the annotations that it chooses are for validation, "
        f"{never[NeverTrained.GOLD]} are gold on images that are not held out, "
        f"{never[NeverTrained.PLANTED]} planted, and {left_out.leaked} on images that show what "
        "images on another side show; there are no others"
    )
    raise EmptyTrainingSetError("train on or measure by", reason)


def _digest(rule: SetRule, items: Sequence[Candidate]) -> bytes:
    """Of the content and of how it was split; neither ids nor the order count."""
    sides = rule.model_dump(
        mode="json", include={"holdout_sources", "holdout_share", "validation_share"}
    )
    whole = hashlib.sha256(json.dumps(sides, sort_keys=True).encode())
    for digest in sorted(_item_digest(item) for item in items):
        whole.update(digest)
    return whole.digest()


def _item_digest(item: Candidate) -> bytes:
    words = f"{item.split}\n{item.category}".encode()
    return hashlib.sha256(
        item.image_sha256 + item.mask_digest + item.prompts_digest + words
    ).digest()
