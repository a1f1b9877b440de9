"""Figures as rows: what benchmarks write and what issues quote."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from harness.turns import Turns

FACTORS = {"ms": 1000.0, "s": 1.0}


@dataclass(frozen=True)
class Row:
    """`ours` and `peer` are medians; `ratio` is peer / ours, or ours / peer for what is better when
    it is higher, so above 1 we are faster; `runs`, `min` and `max` are those of ours.
    """

    figure: str
    ours: float
    peer: float | None
    ratio: float | None
    unit: str
    runs: int
    min: float
    max: float
    note: str


class Report:
    """The rows of a run, and why others are missing."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.skipped: dict[str, str] = {}

    def compare(
        self, figure: str, turns: list[Turns], names: tuple[str, str | None], unit: str, note: str
    ) -> None:
        """`names`: whose seconds are ours and whose the peer's. There is one `Turns` for each
        photograph; their medians (minima, maxima) are summed.
        """
        ours, peer = names
        if ours in turns[0].skipped:
            self.skipped[figure] = turns[0].skipped[ours]
            return
        theirs = None
        if peer in turns[0].skipped:
            note += f"; peer not measured: {turns[0].skipped[peer]}"
        elif peer is not None:
            theirs = _sum(median, turns, peer, unit)
        mine = _sum(median, turns, ours, unit)
        self.rows.append(
            Row(
                figure,
                mine,
                theirs,
                None if theirs is None else theirs / mine,
                unit,
                min(len(turn.seconds(ours)) for turn in turns),
                _sum(min, turns, ours, unit),
                _sum(max, turns, ours, unit),
                note,
            )
        )

    def single(
        self, figure: str, value: float, unit: str, note: str, *, values: Sequence[float]
    ) -> None:
        """A figure without a peer that needs no second run; `values` are those behind it."""
        self.rows.append(Row(figure, value, None, None, unit, 1, min(values), max(values), note))

    def quantile(
        self,
        figure: str,
        ours: float,
        peer: float | None,
        unit: str,
        note: str,
        *,
        values: Sequence[float],
    ) -> None:
        """A figure over many requests, `values`, beside the same quantile of the peer's."""
        ratio = None if peer is None or ours == 0 else peer / ours
        self.rows.append(
            Row(figure, ours, peer, ratio, unit, len(values), min(values), max(values), note)
        )

    def rate(
        self,
        figure: str,
        ours: float,
        peer: float,
        unit: str,
        note: str,
        *,
        values: Sequence[float],
    ) -> None:
        """A figure that is better when it is higher: `ratio` is ours / peer."""
        ratio = ours / peer
        self.rows.append(
            Row(figure, ours, peer, ratio, unit, len(values), min(values), max(values), note)
        )

    def keep(self, folder: Path, name: str) -> None:
        """Figures of an earlier run that this one has not measured."""
        file = folder / f"{name}.json"
        earlier = json.loads(file.read_text()) if file.exists() else []
        measured = {row.figure for row in self.rows}
        self.rows += [Row(**row) for row in earlier if row["figure"] not in measured]

    def write(self, folder: Path, name: str) -> None:
        """`name`.json and `name`.md."""
        write_json(folder / f"{name}.json", [asdict(row) for row in self.rows])
        missing = [f"\nNot measured: {figure}, {why}.\n" for figure, why in self.skipped.items()]
        (folder / f"{name}.md").write_text(table(self.rows) + "".join(missing))


def _sum(choose: Callable[[list[float]], float], turns: list[Turns], name: str, unit: str) -> float:
    return sum(choose(turn.seconds(name)) for turn in turns) * FACTORS[unit]


def write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n")


def table(rows: list[Row]) -> str:
    lines = [
        "| figure | unit | ours | peer | ratio | min to max | runs | note |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        peer = number(row.peer) if row.peer is not None else ""
        ratio = f"{row.ratio:.2f}×" if row.ratio is not None else ""
        spread = f"{number(row.min)} to {number(row.max)}"
        lines.append(
            f"| {row.figure} | {row.unit} | {number(row.ours)} | {peer} | {ratio} | {spread} "
            f"| {row.runs} | {row.note} |"
        )
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Three to four digits that count."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
