"""What a queue would hand to somebody next: proposals or annotations that its rule admits, in its
order, locked and without those that somebody else is being handed at this moment.

Every order of proposals walks an index and stops when it has enough; how long that takes depends on
how many cards are open, not on how many proposals wait.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REAL

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.cards import is_alive
from maskloop.platform.db.disputes import is_in_dispute
from maskloop.platform.db.labeling_tables import annotations
from maskloop.platform.db.queues import Queue
from maskloop.platform.db.review_tables import (
    annotation_reviews,
    cards,
    proposal_doubts,
    queues,
    withdrawals,
)
from maskloop.platform.db.tables import images, proposals
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import CardOutcome, ProposalState, QueueOrder, QueueSubject

MOST_COUNTED: Final = 10_000
_SHUFFLE, _SAMPLE = 0, 1
"""Seeds of the two hashes of an id, so that a sample is none of the shuffle's ends."""
_HASHES = 2**64

Picked = tuple[int, int]
"""A proposal's id and 0, or an annotation's id and revision."""


def pick(
    connection: sa.Connection,
    project_id: int,
    queue: Queue,
    *,
    user_id: int,
    limit: int,
) -> list[Picked]:
    """Up to `limit`, the first one first; their rows are locked. Those that others lock at this
    moment are passed over."""
    return _walk(connection, project_id, queue, user_id=user_id, limit=limit, lock=True)


def wait_for_first(
    connection: sa.Connection, project_id: int, queue: Queue, *, user_id: int
) -> tuple[list[Picked], bool]:
    """`pick` of one for a transaction that holds nothing yet: it waits for whoever has the first in
    hand at this moment, and for nobody behind it. Whether it was taken meanwhile, too."""
    first = _walk(connection, project_id, queue, user_id=user_id, limit=1, lock=False)
    if not first:
        return [], False
    ((subject_id, revision),) = first
    table = _table(queue)
    wanted = sa.select(table.c.id).where(table.c.project_id == project_id, table.c.id == subject_id)
    if table is annotations:
        wanted = wanted.where(annotations.c.revision == revision)
    connection.execute(wanted.with_for_update(key_share=True))
    found = _walk(
        connection, project_id, queue, user_id=user_id, limit=1, lock=True, only=subject_id
    )
    return found, not found


def _walk(
    connection: sa.Connection,
    project_id: int,
    queue: Queue,
    *,
    user_id: int,
    limit: int,
    lock: bool,
    only: int | None = None,
) -> list[Picked]:
    # Statistics lag behind where cards are made by the second; a plan of when there were none would
    # read all of them for every proposal that it passes.
    connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
    found: list[Picked] = []
    for wanted in _in_order(project_id, queue, user_id):
        if len(found) == limit:
            break
        statement = wanted.limit(limit - len(found))
        if only is not None:
            statement = statement.where(_table(queue).c.id == only)
        if lock:
            statement = statement.with_for_update(
                of=_table(queue), key_share=True, skip_locked=True
            )
        found += [(row[0], row[1]) for row in connection.execute(statement)]
    return list(dict.fromkeys(found))


def left(connection: sa.Connection, project_id: int, queue: Queue, *, user_id: int) -> int:
    """What waits for an answer, whoever has it, the person's own included; counted up to
    `MOST_COUNTED`."""
    if queue.plan.subject is QueueSubject.PROPOSALS:
        wanted = _pending(project_id, queue)
        if queue.plan.fold > 1:
            wanted = wanted.where(_places_taken(queue, user_id, by_open=False) < queue.plan.fold)
    else:
        wanted = _unseen(project_id, queue, user_id)
    some = wanted.limit(MOST_COUNTED).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


@dataclass(frozen=True)
class Place:
    """A card that is open or answered, among those of one proposal or annotation."""

    subject_id: int
    card_id: int
    user_id: int
    slot: int
    lapsed: bool


def places(
    connection: sa.Connection, project_id: int, queue: Queue, subject_ids: Collection[int]
) -> list[Place]:
    """Read anew once the subjects are locked: nobody is handed them but by this transaction."""
    column, taken = cards.c.proposal_id, sa.or_(_is_open(), _is_vote(queue))
    if queue.plan.subject is QueueSubject.ANNOTATIONS:
        # One that was answered at an earlier revision is in nobody's way.
        column, taken = cards.c.annotation_id, _is_open()
    rows = connection.execute(
        sa.select(
            column.label("subject_id"),
            cards.c.id,
            cards.c.user_id,
            cards.c.slot,
            sa.and_(_is_open(), ~is_alive()).label("lapsed"),
        )
        .where(cards.c.project_id == project_id, column.in_(subject_ids), taken)
        .order_by(cards.c.id)
    )
    return [Place(row.subject_id, row.id, row.user_id, row.slot, row.lapsed) for row in rows]


def _table(queue: Queue) -> sa.Table:
    return proposals if queue.plan.subject is QueueSubject.PROPOSALS else annotations


def _in_order(project_id: int, queue: Queue, user_id: int) -> Iterator[sa.Select[*tuple[Any, ...]]]:
    """One statement after the other, as long as there is not enough."""
    if queue.plan.subject is QueueSubject.ANNOTATIONS:
        unseen = _unseen(project_id, queue, user_id)
        yield from _annotations_in_order(queue, unseen.where(_is_free_annotation(user_id)))
        return
    free = _pending(project_id, queue).where(
        _places_taken(queue, user_id, by_open=True) < queue.plan.fold
    )
    match queue.plan.ordering:
        case QueueOrder.OLDEST:
            yield free.order_by(proposals.c.id)
        case QueueOrder.SCORE:
            yield free.order_by(proposals.c.predicted_iou, proposals.c.id)
        case QueueOrder.RANDOM:
            yield from _going_round(free, _hash(proposals.c.id, _SHUFFLE), queue.id)
        case QueueOrder.DOUBT:
            doubted = sa.and_(
                proposal_doubts.c.project_id == proposals.c.project_id,
                proposal_doubts.c.proposal_id == proposals.c.id,
            )
            yield free.join(proposal_doubts, doubted).order_by(
                proposal_doubts.c.score.desc(), proposal_doubts.c.proposal_id
            )
            undoubted = free.where(~sa.exists().where(doubted))
            yield undoubted.order_by(proposals.c.predicted_iou, proposals.c.id)


def _going_round(
    free: sa.Select[*tuple[Any, ...]], order: sa.ColumnElement[int], queue_id: int
) -> Iterator[sa.Select[*tuple[Any, ...]]]:
    """One shuffle for all queues, since it has an index; each begins somewhere else."""
    begin = _hash(sa.literal(queue_id, sa.BigInteger), _SHUFFLE)
    yield free.where(order >= begin).order_by(order)
    yield free.where(order < begin).order_by(order)


def _annotations_in_order(
    queue: Queue, free: sa.Select[*tuple[Any, ...]]
) -> Iterator[sa.Select[*tuple[Any, ...]]]:
    match queue.plan.ordering:
        case QueueOrder.OLDEST:
            yield free.order_by(annotations.c.id)
        case QueueOrder.RANDOM:
            yield from _going_round(free, _hash(annotations.c.id, _SHUFFLE), queue.id)
        case QueueOrder.SCORE | QueueOrder.DOUBT:
            yield free.order_by(annotations.c.predicted_iou.asc().nulls_last(), annotations.c.id)


def _pending(project_id: int, queue: Queue) -> sa.Select[*tuple[Any, ...]]:
    """The state as a literal, for the partial indexes."""
    pending = proposals.c.state == sa.literal_column(f"'{ProposalState.PENDING}'")
    rule = queue.plan.rule
    conditions = [*_common(proposals, rule)]
    if rule.job_id is not None:
        conditions.append(proposals.c.job_id == rule.job_id)
    if rule.adjudicate:
        conditions.append(is_in_dispute())
    return sa.select(proposals.c.id, sa.literal_column("0")).where(
        proposals.c.project_id == project_id, pending, *conditions
    )


def _unseen(project_id: int, queue: Queue, user_id: int) -> sa.Select[*tuple[Any, ...]]:
    """Current annotations of others that nobody has judged as they are now."""
    rule = queue.plan.rule
    withdrawn = sa.exists().where(withdrawals.c.annotation_review_id == annotation_reviews.c.id)
    judged = sa.exists().where(
        annotation_reviews.c.project_id == annotations.c.project_id,
        annotation_reviews.c.annotation_id == annotations.c.id,
        sa.or_(
            annotation_reviews.c.annotation_revision == annotations.c.revision,
            annotation_reviews.c.made_revision == annotations.c.revision,
        ),
        ~withdrawn,
    )
    conditions = [*_common(annotations, rule)]
    if rule.category_ids:
        conditions.append(annotations.c.category_id.in_(rule.category_ids))
    if rule.job_id is not None:
        of_job = sa.exists().where(
            proposals.c.id == annotations.c.proposal_id, proposals.c.job_id == rule.job_id
        )
        conditions.append(of_job)
    return sa.select(annotations.c.id, annotations.c.revision).where(
        annotations.c.project_id == project_id,
        annotations.c.author_id != user_id,
        is_current(),
        ~judged,
        *conditions,
    )


def _common(table: sa.Table, rule: Rule) -> Iterator[sa.ColumnElement[bool]]:
    if rule.image is not None:
        yield sa.exists().where(
            images.c.id == table.c.image_id,
            images.c.source_uri.icontains(rule.image, autoescape=True),
        )
    if rule.model_version_id is not None:
        yield table.c.model_version_id == rule.model_version_id
    # Rounded as the column is, so that a score that was read finds its mask.
    if rule.predicted_iou_least is not None:
        yield table.c.predicted_iou >= sa.cast(rule.predicted_iou_least, REAL)
    if rule.predicted_iou_most is not None:
        yield table.c.predicted_iou <= sa.cast(rule.predicted_iou_most, REAL)
    if rule.sample < 1:
        first_left_out = int(rule.sample * _HASHES) - _HASHES // 2
        yield _hash(table.c.id, _SAMPLE) < sa.literal(first_left_out, sa.BigInteger)


def _hash(value: sa.ColumnElement[int], seed: int) -> sa.ColumnElement[int]:
    """64 bits with a sign. The seed as a literal, for the index."""
    return sa.func.hashint8extended(value, sa.literal_column(str(seed)), type_=sa.BigInteger)


def _is_open() -> sa.ColumnElement[bool]:
    return cards.c.ended_at.is_(None)


def _is_vote(queue: Queue) -> sa.ColumnElement[bool]:
    """Answered, and its queue still collects answers; else the proposal is anybody's again. To a
    queue of disputes votes are no answers."""
    if queue.plan.rule.adjudicate:
        return sa.false()
    collects = sa.exists().where(queues.c.id == cards.c.queue_id, queues.c.closed_at.is_(None))
    return sa.and_(cards.c.outcome == CardOutcome.ANSWERED, collects)


def _is_free_annotation(user_id: int) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(
        cards.c.project_id == annotations.c.project_id,
        cards.c.annotation_id == annotations.c.id,
        _is_open(),
        sa.or_(is_alive(), cards.c.user_id == user_id),
    )


def _places_taken(queue: Queue, user_id: int, *, by_open: bool) -> sa.ColumnElement[int]:
    """Of a row of `proposals`, how many of the places for answers are: answered, and with `by_open`
    those that somebody has in hand. The person's own stands for all, since nobody is asked twice.

    As a number and no EXISTS: so the planner cannot join all cards there are before it walks."""
    own, vote = cards.c.user_id == user_id, _is_vote(queue)
    in_hand = sa.and_(_is_open(), sa.or_(own, is_alive())) if by_open else sa.false()
    taken = sa.or_(in_hand, vote)
    # Never NOT: without an outcome `taken` may be NULL, which is no place taken.
    weight = sa.case((sa.and_(taken, own), queue.plan.fold), (taken, 1), else_=0)
    places = sa.select(sa.func.coalesce(sa.func.sum(weight), 0)).where(
        cards.c.project_id == proposals.c.project_id, cards.c.proposal_id == proposals.c.id
    )
    return places.scalar_subquery()


def ids(picked: Sequence[Picked]) -> list[int]:
    return [subject_id for subject_id, _ in picked]
