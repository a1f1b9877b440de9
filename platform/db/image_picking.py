"""Which image somebody would get next: one that is to do, that nobody else has, and that the rule
of the queue admits, in its order, locked. Without a queue it is all that is to do, by id.

Orders walk an index and stop at the first image that is free. What a rule says of proposals is
looked up image by image, where the order is not by proposals itself.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REAL

from maskloop.platform.db.annotations import is_current
from maskloop.platform.db.fold_picking import has_place, is_in_fold
from maskloop.platform.db.image_leases import is_alive
from maskloop.platform.db.labeling_tables import annotations, image_leases
from maskloop.platform.db.queue_turns import came_from
from maskloop.platform.db.queues import Queue
from maskloop.platform.db.review_tables import proposal_doubts
from maskloop.platform.db.tables import images, job_items, proposals
from maskloop.platform.queue_rules import Rule
from maskloop.platform.states import ImageState, ProposalState, QueueOrder

MOST_COUNTED: Final = 10_000
_SHUFFLE, _SAMPLE = 0, 1
"""Seeds of the two hashes of an id, so that a sample is none of the shuffle's ends."""
_HASHES = 2**64

_Ids = sa.Select[*tuple[Any, ...]]


def pick(
    connection: sa.Connection,
    project_id: int,
    queue: Queue | None,
    *,
    after: int | None,
    lock: bool,
    user_id: int | None = None,
) -> int | None:
    """The id of one that nobody has, the user included. `user_id`: a queue that asks several
    people about each image (`fold`) hands out those of which this one knows nothing.

    With `after`, those that follow it come first, going round; in an order by proposals there is no
    round, and it is itself the last. With `lock` its row is locked, and images that somebody else
    is taking at this moment are passed over; without, they are seen.
    """
    return _first(connection, queue, _in_order(project_id, queue, after, user_id), lock=lock)


def pick_own(
    connection: sa.Connection, project_id: int, queue: Queue | None, *, user_id: int, lock: bool
) -> int | None:
    """The one to do that the user leased last; with a queue, of those that it handed out or that
    fit its rule."""
    own = _own(project_id, queue, user_id)
    return _first(connection, queue, iter([own]), lock=lock)


def ahead_of(
    connection: sa.Connection,
    project_id: int,
    queue: Queue | None,
    image_id: int,
    *,
    limit: int,
    user_id: int | None = None,
) -> list[int]:
    """Ids of images that would probably come behind this one, the next one first."""
    found: list[int] = []
    for wanted in _in_order(project_id, queue, image_id, user_id):
        if _is_by_images(queue):
            others = wanted.where(images.c.id != image_id).limit(limit - len(found))
            found += connection.execute(others).scalars()
            continue
        # By proposals, an image would come as often as it has some.
        for _ in range(limit - len(found)):
            others = wanted.where(images.c.id.not_in([image_id, *found])).limit(1)
            found += connection.execute(others).scalars()
    return found


def left(
    connection: sa.Connection,
    project_id: int,
    queues: Sequence[Queue],
    *,
    user_id: int | None = None,
) -> int:
    """Images to do that any of the queues admits, whoever has them; counted up to
    `MOST_COUNTED`."""
    fits = [_fits(queue.plan.rule) & _is_of(queue, user_id) for queue in queues]
    some = to_do(project_id).where(sa.or_(sa.false(), *fits)).limit(MOST_COUNTED).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def to_do(project_id: int) -> _Ids:
    """The state as a literal, for the partial indexes."""
    is_to_do = images.c.state == sa.literal_column(f"'{ImageState.TODO}'")
    return sa.select(images.c.id).where(images.c.project_id == project_id, is_to_do)


def _first(
    connection: sa.Connection, queue: Queue | None, order: Iterator[_Ids], *, lock: bool
) -> int | None:
    if queue is not None:
        # Statistics lag behind where a job brings proposals by the thousand; a plan of when there
        # were none would read all of them for every image.
        connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
    for wanted in order:
        statement = wanted.limit(1)
        if lock:
            statement = statement.with_for_update(of=images, key_share=True, skip_locked=True)
        found: int | None = connection.execute(statement).scalar_one_or_none()
        if found is not None:
            return found
    return None


def _own(project_id: int, queue: Queue | None, user_id: int) -> _Ids:
    lease = sa.and_(
        image_leases.c.project_id == images.c.project_id,
        image_leases.c.image_id == images.c.id,
    )
    own = to_do(project_id).join(image_leases, lease)
    if queue is not None:
        own = own.where(sa.or_(came_from(queue.id), _fits(queue.plan.rule)))
    is_own = image_leases.c.user_id == user_id
    return own.where(is_own, is_alive()).order_by(image_leases.c.leased_at.desc())


def _in_order(
    project_id: int, queue: Queue | None, after: int | None, user_id: int | None
) -> Iterator[_Ids]:
    """One statement after the other, as long as there is not enough."""
    rule = Rule() if queue is None else queue.plan.rule
    free = to_do(project_id).where(_is_free(), _is_of(queue, user_id), *_of_image(rule))
    fitting = free.where(*_of_proposals(rule))
    match QueueOrder.OLDEST if queue is None else queue.plan.ordering:
        case QueueOrder.OLDEST:
            yield from _going_round(
                fitting, images.c.id, None if after is None else sa.literal(after)
            )
        case QueueOrder.RANDOM:
            # One shuffle for all queues, since it has an index; each begins somewhere else.
            begin = queue.id if after is None and queue is not None else after
            place = _hash(sa.literal(begin, sa.BigInteger), _SHUFFLE)
            yield from _going_round(fitting, _hash(images.c.id, _SHUFFLE), place)
        case QueueOrder.SCORE | QueueOrder.DOUBT as ordering:
            others = free if after is None else free.where(images.c.id != after)
            yield from _by_proposals(others, rule, ordering)
            if after is not None:
                yield fitting.where(images.c.id == after)


def _going_round(
    free: _Ids, order: sa.ColumnElement[int], place: sa.ColumnElement[int] | None
) -> Iterator[_Ids]:
    if place is None:
        yield free.order_by(order)
        return
    yield free.where(order > place).order_by(order)
    yield free.where(order <= place).order_by(order)


def _by_proposals(free: _Ids, rule: Rule, ordering: QueueOrder) -> Iterator[_Ids]:
    waiting = free.join(
        proposals,
        sa.and_(proposals.c.project_id == images.c.project_id, proposals.c.image_id == images.c.id),
    ).where(*_waits(rule))
    if ordering is QueueOrder.DOUBT:
        doubted = sa.and_(
            proposal_doubts.c.project_id == proposals.c.project_id,
            proposal_doubts.c.proposal_id == proposals.c.id,
        )
        yield waiting.join(proposal_doubts, doubted).order_by(
            proposal_doubts.c.score.desc(), proposal_doubts.c.proposal_id
        )
    yield waiting.order_by(proposals.c.predicted_iou, proposals.c.id)
    if not rule.is_about_proposals:
        yield free.order_by(images.c.id)


def _is_by_images(queue: Queue | None) -> bool:
    return queue is None or queue.plan.ordering in (QueueOrder.OLDEST, QueueOrder.RANDOM)


def _is_free() -> sa.ColumnElement[bool]:
    """That nobody has, the user included."""
    return ~sa.exists().where(
        image_leases.c.project_id == images.c.project_id,
        image_leases.c.image_id == images.c.id,
        is_alive(),
    )


def _is_of(queue: Queue | None, user_id: int | None) -> sa.ColumnElement[bool]:
    """Whether no other queue keeps it, and for one that asks several, that there is a place."""
    if queue is None or queue.plan.fold == 1:
        return ~is_in_fold()
    return sa.and_(*has_place(queue, user_id))


def _fits(rule: Rule) -> sa.ColumnElement[bool]:
    """Of a row of `images`."""
    return sa.and_(sa.true(), *_of_image(rule), *_of_proposals(rule))


def _of_image(rule: Rule) -> Iterator[sa.ColumnElement[bool]]:
    if rule.image is not None:
        yield images.c.source_uri.icontains(rule.image, autoescape=True)
    if rule.sample < 1:
        first_left_out = int(rule.sample * _HASHES) - _HASHES // 2
        yield _hash(images.c.id, _SAMPLE) < sa.literal(first_left_out, sa.BigInteger)
    if rule.category_ids:
        yield _some(annotations, is_current(), annotations.c.category_id.in_(rule.category_ids))


def _of_proposals(rule: Rule) -> Iterator[sa.ColumnElement[bool]]:
    if rule.job_id is not None:
        # Its items are found at once where a job had few of many images; what waits is looked up
        # behind them, since it is asked of the item.
        of_item = proposals.c.job_id == job_items.c.job_id
        yield sa.exists().where(
            job_items.c.job_id == rule.job_id,
            job_items.c.image_id == images.c.id,
            _some(proposals, of_item, *_waits(rule)),
        )
    elif rule.is_about_proposals:
        yield _some(proposals, *_waits(rule))


def _some(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether there is one on the image. As a value and no EXISTS: so the planner cannot join all
    there are before it walks."""
    one: _Ids = sa.select(sa.literal_column("1")).where(
        table.c.project_id == images.c.project_id, table.c.image_id == images.c.id, *conditions
    )
    return one.limit(1).correlate(images, job_items).scalar_subquery().is_not(None)


def _waits(rule: Rule) -> Collection[sa.ColumnElement[bool]]:
    """Of a row of `proposals`; the state as a literal, for the partial indexes."""
    conditions = [proposals.c.state == sa.literal_column(f"'{ProposalState.PENDING}'")]
    if rule.job_id is not None:
        conditions.append(proposals.c.job_id == rule.job_id)
    if rule.model_version_id is not None:
        conditions.append(proposals.c.model_version_id == rule.model_version_id)
    # Rounded as the column is, so that a score that was read finds its proposal.
    if rule.predicted_iou_least is not None:
        conditions.append(proposals.c.predicted_iou >= sa.cast(rule.predicted_iou_least, REAL))
    if rule.predicted_iou_most is not None:
        conditions.append(proposals.c.predicted_iou <= sa.cast(rule.predicted_iou_most, REAL))
    return conditions


def _hash(value: sa.ColumnElement[int], seed: int) -> sa.ColumnElement[int]:
    """64 bits with a sign. The seed as a literal, for the index."""
    return sa.func.hashint8extended(value, sa.literal_column(str(seed)), type_=sa.BigInteger)
