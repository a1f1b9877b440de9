"""Random histories of three people and one queue, against a model of a few lines."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from maskloop.platform.errors import MaskloopError
from maskloop.services.cards import ShownCard
from sites.bench import Bench
from sites.database import fresh_runtime
from sites.table import Table, lay

NAMES = ["anna", "ben", "carl"]
COUNT = 3


@dataclass
class Known:
    """A card as the model knows it; `state`: open, lapsed, or how it ended."""

    shown: ShownCard
    name: str
    number: int
    state: str = "open"


@pytest.fixture
def server(server_url: str, tmp_path: Path) -> tuple[str, Path]:
    return server_url, tmp_path


def machine(server: tuple[str, Path]) -> type[RuleBasedStateMachine]:
    class Histories(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.opened = fresh_runtime(server[0], server[1] / "home")
            runtime = self.opened.__enter__()
            self.table: Table = lay(runtime, Bench(runtime), COUNT)
            self.table.queue()
            self.cards: list[Known] = []

        def teardown(self) -> None:
            self.opened.__exit__(None, None, None)

        def _free(self, number: int, name: str) -> bool:
            """Nobody has it surely, and nobody has decided it."""
            of_it = [one for one in self.cards if one.number == number]
            own = any(one.name == name and one.state in ("open", "lapsed") for one in of_it)
            return not own and not any(one.state in ("open", "answered") for one in of_it)

        @rule(name=st.sampled_from(NAMES), count=st.integers(1, COUNT))
        def take(self, name: str, count: int) -> None:
            got = self.table.take(name, count)
            mine = [
                one for one in self.cards if one.name == name and one.state in ("open", "lapsed")
            ][:count]
            free = [number for number in range(COUNT) if self._free(number, name)]
            new = free[: count - len(mine)]
            numbers = [
                self.table.proposal_ids.index(one.card.shows.proposal_id or 0) for one in got
            ]
            assert [one.card.id for one in got[: len(mine)]] == [one.shown.card.id for one in mine]
            assert numbers[len(mine) :] == new
            for one in mine:
                one.state = "open"
            for number, card in zip(new, got[len(mine) :], strict=True):
                for before in self.cards:
                    if before.number == number and before.state == "lapsed":
                        before.state = "taken"
                self.cards.append(Known(card, name, number))

        def _do(self, one: Known, deed: Any) -> bool:
            try:
                deed(one.name, one.shown)
            except MaskloopError:
                return False
            return True

        @precondition(lambda self: self.cards)
        @rule(data=st.data())
        def answer(self, data: st.DataObject) -> None:
            one = data.draw(st.sampled_from(self.cards))
            allowed = one.state in ("open", "lapsed")
            assert self._do(one, self.table.answer) == allowed
            if allowed:
                one.state = "answered"

        @precondition(lambda self: self.cards)
        @rule(data=st.data())
        def withdraw(self, data: st.DataObject) -> None:
            one = data.draw(st.sampled_from(self.cards))
            allowed = one.state == "answered"
            assert self._do(one, self.table.withdraw) == allowed
            if allowed:
                one.state = "open"

        @precondition(lambda self: self.cards)
        @rule(data=st.data())
        def renew(self, data: st.DataObject) -> None:
            one = data.draw(st.sampled_from(self.cards))
            allowed = one.state in ("open", "lapsed")
            assert (self.table.renew(one.name, one.shown) == []) == allowed
            if allowed:
                one.state = "open"

        @precondition(lambda self: self.cards)
        @rule(data=st.data())
        def give_back(self, data: st.DataObject) -> None:
            one = data.draw(st.sampled_from(self.cards))
            self.table.give_back(one.name, one.shown)
            if one.state in ("open", "lapsed"):
                one.state = "returned"

        @precondition(lambda self: any(one.state == "open" for one in self.cards))
        @rule(data=st.data())
        def lapse(self, data: st.DataObject) -> None:
            one = data.draw(st.sampled_from([one for one in self.cards if one.state == "open"]))
            self.table.lapse(one.shown)
            one.state = "lapsed"

        @invariant()
        def proposals_are_as_their_cards_say(self) -> None:
            for number, proposal_id in enumerate(self.table.proposal_ids):
                answered = any(
                    one.number == number and one.state == "answered" for one in self.cards
                )
                expected = "accepted" if answered else "pending"
                assert self.table.state_of(proposal_id) == expected

    return Histories


def test_whatever_three_people_do_the_cards_are_as_the_model_says(
    server: tuple[str, Path],
) -> None:
    run(
        machine(server),
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
