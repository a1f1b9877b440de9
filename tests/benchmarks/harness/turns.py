"""Contenders take turns, so that a noisy machine is as noisy for one as for the other."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.processes import Answer, Contenders, SkippedError

WARM_UPS = 2
"""The second run of a process is often still slower than the third."""


@dataclass(frozen=True)
class Entry:
    """What a contender is asked for in its turn; `turn` counts from 0, -1 is the warm-up."""

    module: str
    request: Callable[[int], Answer]
    runs: int
    warm_up: Answer | None = None
    """Instead of `request(-1)`, for runs that are too long to make once more."""


@dataclass(frozen=True)
class Turns:
    """By the entries' names: every answer, or why there is none."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def seconds(self, name: str) -> list[float]:
        return [float(answer["seconds"]) for answer in self.answers[name]]


def take_turns(contenders: Contenders, entries: Mapping[str, Entry]) -> Turns:
    """Warm-ups are not among the answers; every other round goes backwards.

    One that runs less often than others sits out the later rounds.
    """
    turns = Turns()
    for name, entry in entries.items():
        try:
            for _ in range(WARM_UPS):
                contenders.get(entry.module).ask(entry.warm_up or entry.request(-1))
            turns.answers[name] = []
        except SkippedError as reason:
            turns.skipped[name] = str(reason)
    rounds = max((entries[name].runs for name in turns.answers), default=0)
    for turn in range(rounds):
        for name in list(turns.answers)[:: -1 if turn % 2 else 1]:
            entry = entries[name]
            if turn < entry.runs:
                answer = contenders.get(entry.module).ask(entry.request(turn))
                turns.answers[name].append(answer)
                said = f"  {name}, run {turn + 1} of {entry.runs}: {answer['seconds']:.4f} s"
                print(said, file=sys.stderr)
    return turns
