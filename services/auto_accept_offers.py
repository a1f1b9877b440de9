"""What could be accepted unseen at the wanted precision, by the audits there are: derived when it
is asked for, and never typed in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from maskloop.platform.auto_accept import Audit, Derived, NotYet, derive
from maskloop.platform.db import (
    audited_verdicts,
    auto_accepted,
    auto_accepts,
    model_versions,
    projects,
)
from maskloop.platform.db.audited_verdicts import AuditedVerdict
from maskloop.platform.db.auto_accepted import Scored
from maskloop.platform.db.auto_accepts import AutoAccept
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.db.projects import Category
from maskloop.platform.errors import BadParametersError
from maskloop.services.audit_draw import is_audited


@dataclass(frozen=True)
class Terms:
    """What has to be shown before anything is accepted unseen; shares of 1."""

    wanted_precision: float = 0.95
    confidence: float = 0.95
    audit_share: float = 0.1
    """Of what could be accepted, that people go on to judge."""

    def check(self) -> None:
        """Raises `BadParametersError`."""
        for name, value in (
            ("wanted_precision", self.wanted_precision),
            ("confidence", self.confidence),
        ):
            if not 0.5 <= value <= 0.999:
                raise BadParametersError(name, f"{value:g}", "give a share from 0.5 to 0.999")
        if not 0.01 <= self.audit_share <= 1:
            raise BadParametersError(
                "audit_share", f"{self.audit_share:g}", "give a share from 0.01 to 1"
            )


@dataclass(frozen=True)
class Offer:
    """`audits` of the version's proposals, of which `right` would have been right to accept under
    this category."""

    model_version: ModelVersion
    category: Category | None
    """None: the project has none."""
    terms: Terms
    active: AutoAccept | None
    """What is on for the version already, on whatever terms."""
    audits: int
    right: int
    threshold: float | None
    because: str
    """In words: what the threshold stands on, or why there is none yet."""
    audits_needed: int
    """More, before it is worth to look again; 0 where there is a threshold."""
    expected_error: float | None
    most_error: float | None
    """At most, with the confidence."""
    would_accept: int
    """Pending proposals, without those that are left for audits."""
    left_for_audits: int
    median_seconds: float | None
    """That people spend on a proposal; None before anybody did."""
    evidence: Mapping[str, Any]
    """What is kept with an auto-accept."""

    @property
    def hours_saved(self) -> float | None:
        """By not looking at what it would accept."""
        if self.median_seconds is None:
            return None
        return self.would_accept * self.median_seconds / 3600


def offer_in(
    connection: sa.Connection,
    project_id: int,
    terms: Terms,
    *,
    category_id: int | None,
    model_version_id: int | None,
) -> Offer:
    """In the caller's transaction. Raises `NotFoundError`, `BadParametersError`."""
    terms.check()
    if model_version_id is None:
        version = model_versions.serving(connection)
    else:
        version = model_versions.known(connection, model_version_id)
    verdicts = audited_verdicts.of_version(connection, project_id, version.id)
    category = _category(connection, project_id, category_id, verdicts)
    # Those that are decided too: what is tested must not follow from what was said.
    scored = auto_accepted.scores(connection, project_id, version.id)
    audits = [] if category is None else audits_of(verdicts, category.id)
    found = derive(
        audits,
        [one.predicted_iou for one in scored],
        precision=terms.wanted_precision,
        confidence=terms.confidence,
    )
    above = [] if isinstance(found, NotYet) else _waiting(scored, found.threshold)
    held_back = [one for one in above if is_audited(project_id, one, terms.audit_share)]
    return Offer(
        model_version=version,
        category=category,
        terms=terms,
        active=auto_accepts.active(connection, project_id, version.id),
        audits=len(audits),
        right=sum(audit.right for audit in audits),
        threshold=found.threshold if isinstance(found, Derived) else None,
        because=_because(found, terms),
        audits_needed=found.audits_needed if isinstance(found, NotYet) else 0,
        expected_error=found.expected_error if isinstance(found, Derived) else None,
        most_error=1 - found.precision_low if isinstance(found, Derived) else None,
        would_accept=len(above) - len(held_back),
        left_for_audits=len(held_back),
        median_seconds=audited_verdicts.median_seconds(connection, project_id, version.id),
        evidence=asdict(found),
    )


def audits_of(verdicts: Sequence[AuditedVerdict], category_id: int) -> list[Audit]:
    """In the order in which they were given."""
    return [Audit(one.predicted_iou, one.is_right(category_id)) for one in verdicts]


def _category(
    connection: sa.Connection,
    project_id: int,
    category_id: int | None,
    verdicts: Sequence[AuditedVerdict],
) -> Category | None:
    if category_id is not None:
        return projects.category_by_id(connection, project_id, category_id)
    given = Counter(one.category_id for one in verdicts if one.category_id is not None)
    if given:
        return projects.category_by_id(connection, project_id, given.most_common(1)[0][0])
    return next(iter(projects.list_categories(connection, project_id)), None)


def _waiting(scored: Sequence[Scored], threshold: float) -> list[int]:
    return [one.id for one in scored if one.pending and one.predicted_iou >= threshold]


def _because(found: Derived | NotYet, terms: Terms) -> str:
    if isinstance(found, NotYet):
        more = f"; {found.audits_needed} more audits before the next look"
        return found.reason + (more if found.audits_needed else "")
    return (
        f"of {found.looked_at} audits {found.audited} score {found.threshold:.3f} or more, and "
        f"{found.right} of these are right, which shows a precision of {found.precision_low:.1%} "
        f"at least; {terms.wanted_precision:.1%} are wanted"
    )
