"""The queries that people, pages and exports wait for, by name, each at a place of a warehouse."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa

from maskloop.platform.db import (
    annotations,
    card_picking,
    cards,
    image_picking,
    image_summaries,
    images,
    job_items,
    jobs,
    proposal_doubts,
    proposals,
    reviews,
)
from maskloop.platform.db.queues import Queue
from maskloop.platform.states import ItemState, ProposalState, QueueSubject
from sites.warehouse import EACH, Warehouse

Query = Callable[[sa.Connection, int], Any]
"""What it asks is of the place (an image by its number) that it is given."""


def hot_queries(of: Warehouse, *, page: int = 100) -> Iterator[tuple[str, Query]]:
    """By name: all that a person waits for, or that is asked again and again. `page`: images in a
    list of them; the API's default, if nothing is said."""
    yield from _hand_outs(of)
    yield from _lists(of, page)
    yield from _exports(of)


def _hand_outs(of: Warehouse) -> Iterator[tuple[str, Query]]:
    project_id, someone = of.project_id, of.people[1]

    def from_cards(queue: Queue) -> Query:
        return lambda connection, _: card_picking.pick(
            connection, project_id, queue, user_id=someone, limit=10
        )

    def from_images(queue: Queue | None) -> Query:
        return lambda connection, number: image_picking.pick(
            connection, project_id, queue, after=of.first_image + number, lock=True
        )

    for name, queue in of.queues.items():
        picked = from_images if queue.plan.subject is QueueSubject.IMAGES else from_cards
        yield f"next, {name}", picked(queue)
    yield "next, without a queue", from_images(None)
    yield (
        "own cards",
        lambda connection, _: cards.lock_own(
            connection,
            project_id,
            user_id=someone,
            queue_ids=[queue.id for queue in of.queues.values()],
            limit=10,
        ),
    )


def _lists(of: Warehouse, page: int) -> Iterator[tuple[str, Query]]:
    project_id, first = of.project_id, of.first_image

    def of_images(**filters: Any) -> Query:
        chosen = image_summaries.Filters(**filters)
        return lambda connection, number: image_summaries.page(
            connection, project_id, after=first + number, limit=page, filters=chosen
        )

    def of_proposals(**filters: Any) -> Query:
        chosen = proposals.Filters(**filters)
        return lambda connection, number: proposals.page(
            connection, project_id, after=number * EACH, limit=100, filters=chosen
        )

    def of_items(*states: ItemState) -> Query:
        return lambda connection, number: job_items.page(
            connection, project_id, of.job_id, states=states, after=first + number, limit=100
        )

    yield "images", of_images()
    yield "images with pending proposals", of_images(has_pending_proposals=True)
    yield "images with annotations", of_images(has_annotations=True)
    yield "images of a score", of_images(score_least=0.89, score_most=0.9)
    yield "proposals", of_proposals()
    yield "pending proposals", of_proposals(states=[ProposalState.PENDING])
    yield "decided proposals", of_proposals(states=[ProposalState.REJECTED])
    yield "proposals by predicted IoU", of_proposals(predicted_iou_least=0.99)
    yield (
        "proposals of an image",
        lambda connection, number: proposals.page(
            connection, project_id, limit=100, filters=proposals.Filters(image_id=first + number)
        ),
    )
    yield (
        "a proposal",
        lambda connection, number: proposals.by_id(connection, project_id, 1 + number * EACH),
    )
    yield (
        "annotations",
        lambda connection, number: annotations.page(
            connection, project_id, before=2 + number * 8, limit=100
        ),
    )
    yield (
        "annotations of an image",
        lambda connection, number: list(
            annotations.of_image(connection, project_id, first + number)
        ),
    )
    yield (
        "reviews",
        lambda connection, number: reviews.page(
            connection, project_id, before=2 + number * 8, limit=100
        ),
    )
    yield (
        "jobs",
        lambda connection, _: jobs.page(connection, project_id, before=150, limit=100),
    )
    yield "ledger", of_items(*ItemState)
    yield "ledger, quarantined", of_items(ItemState.QUARANTINED)


def _exports(of: Warehouse) -> Iterator[tuple[str, Query]]:
    """A step of the streams that exports and bulk work are made of."""
    project_id, first = of.project_id, of.first_image
    yield (
        "export, page of images",
        lambda connection, _: next(images.pages(connection, project_id, size=100)),
    )
    yield (
        "export, proposals of an image",
        lambda connection, number: list(
            proposals.of_image(connection, project_id, first + number, tuple(ProposalState))
        ),
    )
    yield (
        "export, page of the ledger",
        lambda connection, _: list(
            islice(job_items.ledger(connection, project_id, of.job_id, size=100), 100)
        ),
    )
    yield (
        "images without doubts",
        lambda connection, number: proposal_doubts.undoubted(
            connection, project_id, of.version_id, after=first + number, limit=10
        ),
    )
