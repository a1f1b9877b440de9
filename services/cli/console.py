"""Writing to the terminal: people read tables and bars, machines read JSON on stdout."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from maskloop.platform.errors import MaskloopError

INTERRUPTED = 130
"""Exit code of what somebody stopped."""

out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def say(text: str) -> None:
    """A line of the answer, on stdout. Nothing in it is taken for markup."""
    out.print(text, markup=False)


def note(text: str) -> None:
    """A remark beside the answer, on stderr."""
    err.print(text, markup=False)


def fail(error: MaskloopError) -> None:
    err.print(f"[bold red]error[/] [dim]{error.code}[/]", end=" ")
    err.print(str(error), markup=False)


def write_json(value: Any) -> None:
    """The answer for machines: one JSON document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Numbers are set flush right."""
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for index, column in enumerate(columns):
        cells = [row[index] for row in rows if row[index] is not None]
        numeric = bool(cells) and all(isinstance(cell, int | float) for cell in cells)
        shown.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        shown.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    out.print(shown)


class RateColumn(ProgressColumn):
    """Steps per minute, once there are any."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed * 60:.1f}/min" if speed else "- /min", style="cyan")


def progress() -> Progress:
    """A bar with count, rate and the time that is left; fields `detail` shows behind it."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        RateColumn(),
        TextColumn("[dim]eta[/]"),
        TimeRemainingColumn(),
        TextColumn("[dim]elapsed[/]"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}"),
        console=err,
        expand=True,
        speed_estimate_period=1800,
    )
