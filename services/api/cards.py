"""/projects/{id}/cards: what one is asked to judge, one mask at a time. A card does not say whether
it shows a proposal, an annotation or a check."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from maskloop.platform.access import Permission
from maskloop.platform.db.votes import Vote
from maskloop.platform.masks import Rle
from maskloop.platform.states import Verdict
from maskloop.services import accepting_many, answers, cards, withdrawals
from maskloop.services.api.access import Id, ProjectAccess, project
from maskloop.services.api.annotations import SomeId
from maskloop.services.api.context import context_of
from maskloop.services.api.idempotency import OnceOnly
from maskloop.services.api.images import ImageShown
from maskloop.services.api.images import shown as image_shown
from maskloop.services.api.masks import SegmentationShown
from maskloop.services.api.proposals import NewReview
from maskloop.services.api.queues import person
from maskloop.services.cards import ShownCard
from maskloop.services.checks import Feedback

router = APIRouter(tags=["cards"])
Reviewer = Annotated[ProjectAccess, Depends(project(Permission.REVIEW))]
MOST_CARDS = 48


class Asked(BaseModel):
    """`queue_id`: null takes from every queue that is open to one, by priority."""

    model_config = ConfigDict(extra="forbid")

    queue_id: SomeId | None = None
    count: int = Field(default=12, ge=1, le=MOST_CARDS)


class Reason(BaseModel):
    """`text` says it to people; `value`: the figure behind it, where there is one."""

    reason: str
    text: str
    value: float | None = None


class Said(BaseModel):
    verdict: Verdict
    category_id: int | None
    reason: str | None


class VoteShown(BaseModel):
    """What somebody said, without who. `segmentation` null: the mask as it was proposed."""

    verdict: Verdict
    category_id: int | None
    segmentation: SegmentationShown | None
    reason: str | None


class CardShown(BaseModel):
    """`token` guards the answer. `seconds` are left, by the server's clock; a card that lapsed is
    one's own until somebody else is handed the same. `why` it is worth a look. `votes`: in a queue
    of disputes, else empty."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    token: uuid.UUID
    until: datetime
    seconds: float
    queue_id: int
    subject: Literal["mask"] = "mask"
    image: ImageShown
    segmentation: SegmentationShown
    bbox: tuple[int, int, int, int]
    area: int
    category_id: int | None
    predicted_iou: float | None
    model_version: int | None
    why: list[Reason]
    votes: list[VoteShown] = []
    answered: Said | None = None


class HandShown(BaseModel):
    """`left`: what waits for an answer, whoever has it."""

    cards: list[CardShown]
    left: int


class HeldCard(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: SomeId
    token: uuid.UUID


Held = Annotated[list[HeldCard], Field(min_length=1, max_length=1000)]


class HeldCards(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cards: Held

    @property
    def held(self) -> list[tuple[int, uuid.UUID]]:
        return [(card.id, card.token) for card in self.cards]


class LostCard(BaseModel):
    """`holder`: who has what it shows now, or "nobody"."""

    id: int
    holder: str


class RenewalShown(BaseModel):
    lost: list[LostCard]
    until: datetime
    seconds: float


class NewAnswer(NewReview):
    token: uuid.UUID


class FeedbackShown(BaseModel):
    """How one did; `truth` and `category_id` are what was right."""

    passed: bool
    iou: float | None
    boundary_f: float | None
    text: str
    truth: SegmentationShown
    category_id: int


class AnswerShown(BaseModel):
    """`feedback`: null where there is none to give."""

    verdict: Verdict
    feedback: FeedbackShown | None


class Token(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: uuid.UUID


class NewBatch(HeldCards):
    category_id: SomeId
    audit_share: float = Field(default=0.1, ge=0, le=1)


class RefusedCard(BaseModel):
    id: int
    code: str
    detail: str


class BatchShown(BaseModel):
    """Ids. `audit`: those that stay open, to be judged one by one."""

    accepted: list[int]
    audit: list[int]
    refused: list[RefusedCard]


@router.post("/projects/{project_id}/cards/next", summary="Take cards to judge")
def take(request: Request, asked: Asked, access: Reviewer) -> HandShown:
    """One's own open cards first, so a page that was loaded again goes on where it was; then new
    ones up to `count`."""
    hand = cards.take(
        context_of(request).runtime,
        access.project_id,
        person=person(access),
        queue_id=asked.queue_id,
        count=asked.count,
    )
    return HandShown(cards=[_card(one) for one in hand.cards], left=hand.left)


@router.post("/projects/{project_id}/cards/renew", summary="Go on with cards")
def renew(request: Request, renewed: HeldCards, access: Reviewer) -> RenewalShown:
    """Cards that lapsed go on too, unless somebody else was handed the same."""
    found = cards.renew(
        context_of(request).runtime, access.project_id, renewed.held, person=person(access)
    )
    lost = [LostCard(id=card_id, holder=holder) for card_id, holder in found.lost]
    return RenewalShown(lost=lost, until=found.until, seconds=found.seconds)


@router.post("/projects/{project_id}/cards/return", status_code=204, summary="Give cards back")
def give_back(request: Request, returned: HeldCards, access: Reviewer) -> None:
    """Nothing happens to those that are not one's own any more."""
    cards.give_back(
        context_of(request).runtime, access.project_id, returned.held, person=person(access)
    )


@router.post(
    "/projects/{project_id}/cards/accept-many",
    response_model=BatchShown,
    summary="Accept many cards at once",
)
def accept_many(batch: NewBatch, once: OnceOnly, access: Reviewer) -> Response:
    """All but a random sample, at least one of five: it stays open, and what is said of it one by
    one tells how good the others are."""

    def effect(connection: sa.Connection) -> BatchShown:
        done = accepting_many.accept_many_in(
            connection,
            access.project_id,
            batch.held,
            category_id=batch.category_id,
            audit_share=batch.audit_share,
            person=person(access),
        )
        refused = [
            RefusedCard(id=card_id, code=error.code, detail=str(error))
            for card_id, error in done.refused
        ]
        return BatchShown(accepted=[*done.accepted], audit=[*done.audit], refused=refused)

    return once.do(access.principal, effect, status=200)


@router.post(
    "/projects/{project_id}/cards/{card_id}/answer",
    response_model=AnswerShown,
    summary="Accept, correct or reject what a card shows",
)
def answer(new: NewAnswer, card_id: Id, once: OnceOnly, access: Reviewer) -> Response:
    """409 `card_lost` names who was handed the same meanwhile."""
    judgement = new.judgement

    def effect(connection: sa.Connection) -> AnswerShown:
        if new.mask is not None:
            image_id = answers.image_of(connection, access.project_id, card_id)
            new.mask.check_size(connection, access.project_id, image_id)
        made = answers.answer_in(
            connection,
            access.project_id,
            card_id,
            judgement,
            token=new.token,
            person=person(access),
        )
        feedback = None if made.feedback is None else _feedback(made.feedback)
        return AnswerShown(verdict=made.verdict, feedback=feedback)

    return once.do(access.principal, effect, status=200)


@router.post(
    "/projects/{project_id}/cards/{card_id}/withdraw",
    response_model=CardShown,
    summary="Take an answer to a card back",
)
def withdraw(
    request: Request, card_id: Id, held: Token, once: OnceOnly, access: Reviewer
) -> Response:
    """What it made is undone, and the card is open again. 409 where somebody built on it since."""
    duration = cards.duration_of(context_of(request).runtime.settings)

    def effect(connection: sa.Connection) -> CardShown:
        found = withdrawals.withdraw_in(
            connection,
            access.project_id,
            card_id,
            token=held.token,
            person=person(access),
            duration=duration,
        )
        return _card(found)

    return once.do(access.principal, effect, status=200)


def _card(shown: ShownCard) -> CardShown:
    card, face = shown.card, shown.face
    return CardShown(
        id=card.id,
        token=card.token,
        until=card.until,
        seconds=card.seconds,
        queue_id=card.queue_id,
        image=image_shown(shown.image),
        segmentation=_segmentation(face.mask.rle),
        bbox=face.mask.bbox_xywh,
        area=face.mask.area,
        category_id=face.category_id,
        predicted_iou=face.predicted_iou,
        model_version=face.model_version_id,
        why=[Reason.model_validate(dict(reason)) for reason in shown.why],
        votes=[_vote(vote) for vote in shown.votes],
    )


def _vote(vote: Vote) -> VoteShown:
    return VoteShown(
        verdict=vote.verdict,
        category_id=vote.category_id,
        segmentation=None if vote.mask is None else _segmentation(vote.mask),
        reason=vote.reason,
    )


def _segmentation(rle: Rle) -> SegmentationShown:
    return SegmentationShown(size=rle.size_hw, counts=rle.counts.decode("ascii"))


def _feedback(found: Feedback) -> FeedbackShown:
    return FeedbackShown(
        passed=found.passed,
        iou=found.iou,
        boundary_f=found.boundary_f,
        text=found.text,
        truth=_segmentation(found.truth),
        category_id=found.category_id,
    )
