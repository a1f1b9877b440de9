"""How our seconds grow with the work: prompts, image side, masks."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from harness.processes import Answer
from harness.rows import number, write_json
from harness.turns import Entry, take_turns
from model.bench import Bench
from model.speed import embed

PROMPTS = (1, 4, 16, 64, 256, 1024)
SIDES = (256, 512, 1024, 2048, 4096)
GRIDS = (2, 3, 5, 8, 12, 18)
"""Points per side: three masks a point make 12 to 972 masks."""
QUICK = 2
"""Points of each curve in a quick run."""


@dataclass(frozen=True)
class Point:
    """`x` of the curve's `x_unit` took `seconds`, the median."""

    curve: str
    x: int
    x_unit: str
    seconds: float
    runs: int
    min: float
    max: float
    note: str


def growth(bench: Bench, folder: Path) -> None:
    """Writes growth.json and growth.md."""
    embed(bench)
    points: list[Point] = []
    curves: tuple[Callable[[Bench], Iterator[Point]], ...] = (decode, everything, postprocess)
    for curve in curves:
        points += list(curve(bench))
        write_json(folder / "growth.json", [asdict(point) for point in points])
        (folder / "growth.md").write_text(table(points))


def decode(bench: Bench) -> Iterator[Point]:
    for count in _of(bench, PROMPTS):
        points = bench.inputs.coffee.points_xy(count)
        answers = _answers(bench, {"do": "decode", "points_xy": points})
        yield _point("decode", count, "prompts", answers, "first decode of an embedding")


def everything(bench: Bench) -> Iterator[Point]:
    for side in _of(bench, SIDES):
        photograph = bench.inputs.square(side)
        grid = bench.points_per_side()
        request = {"do": "everything", "photograph": photograph.file, "points_per_side": grid}
        answers = _answers(bench, request, warm_up=request | {"points_per_side": 4})
        note = f"exact, {grid}×{grid} grid, {photograph}, {answers[0]['count']} masks"
        yield _point("everything", side, "image side", answers, note)


def postprocess(bench: Bench) -> Iterator[Point]:
    """Everything after the decoder, with thresholds that keep every mask.

    Another way to make a number of masks belongs into `Ours.postprocess` (contenders/ours.py).
    """
    photograph = bench.inputs.coffee
    for grid in _of(bench, GRIDS):
        request = {"do": "postprocess", "photograph": photograph.file, "points_per_side": grid}
        answers = _answers(bench, request)
        note = f"seconds outside encoder and decoder, every mask kept, {photograph}"
        yield _point("postprocess", answers[0]["count"], "masks", answers, note)


def _of(bench: Bench, values: tuple[int, ...]) -> tuple[int, ...]:
    return values[:QUICK] if bench.options.quick else values


def _answers(bench: Bench, request: Answer, *, warm_up: Answer | None = None) -> list[Answer]:
    entry = Entry("ours", lambda _: request, bench.options.runs, warm_up)
    return take_turns(bench.contenders, {request["do"]: entry}).answers[request["do"]]


def _point(curve: str, x: int, x_unit: str, answers: list[Answer], note: str) -> Point:
    taken = [float(answer["seconds"]) for answer in answers]
    middle = median(taken)
    print(f"{curve}, {x} {x_unit}: {middle:.4f} s", file=sys.stderr)
    return Point(curve, x, x_unit, middle, len(taken), min(taken), max(taken), note)


def table(points: list[Point]) -> str:
    """`per x`: milliseconds of one more, where growth is linear."""
    lines = ["| curve | x | seconds | ms per x | min to max | note |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {point.curve} | {point.x} {point.x_unit} | {number(point.seconds)} "
        f"| {number(point.seconds * 1000 / point.x)} "
        f"| {number(point.min)} to {number(point.max)} | {point.note} |"
        for point in points
    ]
    return "\n".join(lines) + "\n"
