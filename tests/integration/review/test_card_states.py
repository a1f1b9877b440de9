"""Every state of a card against everything that its holder can do with it."""

from typing import TYPE_CHECKING

import pytest

from maskloop.platform.errors import MaskloopError
from maskloop.platform.states import CardOutcome
from maskloop.services import reviews
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from maskloop.services.cards import ShownCard
    from sites.table import Table

OPEN, LAPSED = "open", "lapsed"
ANSWERED, RETURNED, TAKEN, OVERTAKEN = CardOutcome

TABLE = {
    # state: what next, answer, renew, return and withdraw do, and the state that follows
    OPEN: {
        "next": ("again", OPEN),
        "answer": ("done", ANSWERED),
        "renew": ("done", OPEN),
        "return": ("done", RETURNED),
        "withdraw": ("refused_transition", OPEN),
    },
    LAPSED: {
        "next": ("again", OPEN),
        "answer": ("done", ANSWERED),
        "renew": ("done", OPEN),
        "return": ("done", RETURNED),
        "withdraw": ("refused_transition", LAPSED),
    },
    ANSWERED: {
        "next": ("another", ANSWERED),
        "answer": ("card_answered", ANSWERED),
        "renew": ("lost to anna", ANSWERED),
        "return": ("done", ANSWERED),
        "withdraw": ("done", OPEN),
    },
    RETURNED: {
        "next": ("anew", RETURNED),
        "answer": ("card_lost", RETURNED),
        "renew": ("lost to nobody", RETURNED),
        "return": ("done", RETURNED),
        "withdraw": ("card_lost", RETURNED),
    },
    TAKEN: {
        "next": ("another", TAKEN),
        "answer": ("card_lost", TAKEN),
        "renew": ("lost to ben", TAKEN),
        "return": ("done", TAKEN),
        "withdraw": ("card_lost", TAKEN),
    },
    OVERTAKEN: {
        "next": ("another", OVERTAKEN),
        "answer": ("card_lost", OVERTAKEN),
        "renew": ("lost to ben", OVERTAKEN),
        "return": ("done", OVERTAKEN),
        "withdraw": ("card_lost", OVERTAKEN),
    },
}
CASES = [(state, deed) for state, deeds in TABLE.items() for deed in deeds]


def test_the_table_has_every_state_and_every_deed() -> None:
    assert set(TABLE) == {OPEN, LAPSED, *CardOutcome}
    assert {frozenset(deeds) for deeds in TABLE.values()} == {
        frozenset({"next", "answer", "renew", "return", "withdraw"})
    }


def bring_into(table: "Table", state: str, card: "ShownCard") -> None:
    """Anna's only card, of the first proposal."""
    if state == LAPSED:
        table.lapse(card)
    elif state == ANSWERED:
        table.answer("anna", card)
    elif state == RETURNED:
        table.give_back("anna", card)
    elif state == TAKEN:
        table.lapse(card)
        table.take("ben")
    elif state == OVERTAKEN:
        reviews.review(
            table.runtime,
            table.project_id,
            table.proposal_ids[0],
            Judgement.reject(),
            reviewer_id=table.person("ben").user_id,
        )
        table.renew("anna", card)


def state_of(table: "Table", card: "ShownCard") -> str:
    found = table.card(card.card.id)
    if found.outcome is not None:
        return found.outcome
    return OPEN if found.seconds > 0 else LAPSED


def do(table: "Table", deed: str, card: "ShownCard") -> str:
    if deed == "next":
        (shown,) = table.take("anna")
        if shown.card.id == card.card.id:
            return "again"
        return "anew" if shown.card.shows == card.card.shows else "another"
    if deed == "renew":
        lost = table.renew("anna", card)
        return f"lost to {lost[0][1]}" if lost else "done"
    try:
        if deed == "answer":
            table.answer("anna", card)
        elif deed == "return":
            table.give_back("anna", card)
        else:
            table.withdraw("anna", card)
    except MaskloopError as error:
        return error.code
    return "done"


@pytest.mark.parametrize(("state", "deed"), CASES)
def test_a_card_does_what_its_state_allows(table: "Table", state: str, deed: str) -> None:
    table.queue()
    (card,) = table.take("anna")
    bring_into(table, state, card)
    assert state_of(table, card) == state
    assert (do(table, deed, card), state_of(table, card)) == TABLE[state][deed]
