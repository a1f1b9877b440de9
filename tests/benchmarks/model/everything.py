"""Everything-mode: seconds against the official generator, agreement of its variants, memory."""

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from harness.processes import Answer, SkippedError
from harness.turns import Entry, Turns, take_turns
from model.bench import Bench
from model.inputs import Photograph, listed

SPEED = {"everything_exact": "exact", "everything_adaptive": "adaptive"}
AGREEMENT = ("adaptive_recall", "adaptive_extra", "bf16_matched_95", "bf16_matched_85")
MEMORY = ("peak_memory_4096",)
SIMILAR = 0.9
WARM_UP_SIDE = 4
"""Points per side of the grid that warms up: a whole run would take minutes at the peer."""


def speed(bench: Bench, wanted: Set[str]) -> None:
    """The official generator runs once for both modes, or as often as the options say."""
    modes = [SPEED[figure] for figure in SPEED if figure in wanted]
    turns = [_turns_on(bench, photograph, modes) for photograph in bench.inputs.some]
    side, runs = bench.points_per_side(), bench.options.official_runs
    for figure, mode in SPEED.items():
        if figure in wanted:
            counts = {
                name: [answers[0]["count"] for turn in turns if (answers := turn.answers.get(name))]
                for name in (mode, "official")
            }
            note = (
                f"sum over {listed(bench.inputs.some)}; {side}×{side} grid; masks {counts[mode]}; "
                f"peer: the official generator, {runs} run(s) a photograph, masks "
                f"{counts['official']}"
            )
            bench.report.compare(figure, turns, (mode, "official"), "s", note)


def _turns_on(bench: Bench, photograph: Photograph, modes: list[str]) -> Turns:
    request: Answer = {"do": "everything", "photograph": photograph.file}
    request["points_per_side"] = bench.points_per_side()

    def entry(module: str, runs: int, **more: str) -> Entry:
        asked = request | more
        return Entry(module, lambda _: asked, runs, asked | {"points_per_side": WARM_UP_SIDE})

    entries = {mode: entry("ours", bench.options.runs, mode=mode) for mode in modes}
    entries["official"] = entry("official", bench.options.official_runs)
    return take_turns(bench.contenders, entries)


@dataclass(frozen=True)
class Masks:
    """Ours by variant, each generated once."""

    bench: Bench
    known: dict[tuple[str, str, str], list[Any]] = field(default_factory=dict)

    def of(self, photograph: Photograph, mode: str, precision: str) -> list[Any]:
        key = (photograph.name, mode, precision)
        if key not in self.known:
            request = {
                "do": "everything",
                "photograph": photograph.file,
                "points_per_side": self.bench.points_per_side(),
                "mode": mode,
                "precision": precision,
                "masks": True,
            }
            self.known[key] = self.bench.contenders.get("ours").ask(request)["rles"]
        return self.known[key]

    def ious(
        self, photograph: Photograph, left: tuple[str, str], right: tuple[str, str]
    ) -> npt.NDArray[np.float64]:
        """(masks of `left`, masks of `right`)."""
        mine, theirs = self.of(photograph, *left), self.of(photograph, *right)
        if not mine or not theirs:
            return np.zeros((len(mine), len(theirs)))
        return np.asarray(coco.iou(mine, theirs, [0] * len(theirs)), dtype=np.float64)


EXACT, ADAPTIVE = ("exact", "default"), ("adaptive", "default")
FP32, BF16 = ("exact", "fp32"), ("exact", "bf16")


def agreement(bench: Bench, wanted: Set[str]) -> None:
    masks = Masks(bench)
    shares = {
        "adaptive_recall": lambda p: share_matched(masks.ious(p, EXACT, ADAPTIVE), SIMILAR),
        "adaptive_extra": lambda p: share_alone(masks.ious(p, ADAPTIVE, EXACT), SIMILAR),
        "bf16_matched_95": lambda p: share_matched(masks.ious(p, FP32, BF16), 0.95),
        "bf16_matched_85": lambda p: share_matched(masks.ious(p, FP32, BF16), 0.85),
    }
    notes = {
        "adaptive_recall": "exact masks that an adaptive one matches at IoU ≥ 0.9, one to one",
        "adaptive_extra": "adaptive masks that are like no exact one at IoU ≥ 0.9",
        "bf16_matched_95": "fp32's exact masks that one of bf16's matches at IoU ≥ 0.95",
        "bf16_matched_85": "fp32's exact masks that one of bf16's matches at IoU ≥ 0.85",
    }
    photographs = bench.inputs.all
    for figure in AGREEMENT:
        if figure not in wanted:
            continue
        try:
            counted = [shares[figure](photograph) for photograph in photographs]
        except SkippedError as reason:
            bench.report.skipped[figure] = str(reason)
            continue
        hits, total = (sum(column) for column in zip(*counted, strict=True))
        each = [hit / of for hit, of in counted if of] or [float("nan")]
        note = f"{hits} of {total} {notes[figure]}; min and max: of one photograph; "
        share = hits / total if total else float("nan")
        bench.report.single(figure, share, "share", note + listed(photographs), values=each)


def share_matched(ious: npt.NDArray[np.float64], at_least: float) -> tuple[int, int]:
    """Rows that find a column of their own, best IoU first; and all rows."""
    left, matched = ious.copy(), 0
    while left.size and left.max() >= at_least:
        row, column = np.unravel_index(left.argmax(), left.shape)
        left[row, :] = left[:, column] = -1
        matched += 1
    return matched, len(ious)


def share_alone(ious: npt.NDArray[np.float64], at_least: float) -> tuple[int, int]:
    """Rows that are like no column; and all rows."""
    like = (ious >= at_least).any(axis=1)
    return int((~like).sum()), len(ious)


def memory(bench: Bench, wanted: Set[str]) -> None:
    """Of a process that does nothing else; the photograph's own 50 MB are in it."""
    photograph = bench.inputs.square(1024 if bench.options.quick else 4096)
    fresh = bench.contenders.start_another("ours", "ours_memory")
    side = bench.points_per_side()
    request = {"do": "everything", "photograph": photograph.file, "points_per_side": side}
    found = fresh.ask(request)
    peak = fresh.ask({"do": "peak_memory"})["bytes"] / 1e9
    bench.contenders.end("ours_memory")
    note = (
        f"ru_maxrss of a fresh process: everything-mode, exact, {side}×{side} grid, {photograph}, "
        f"{found['count']} masks in {found['seconds']:.1f} s"
    )
    for figure in wanted & set(MEMORY):
        bench.report.single(figure, peak, "GB", note, values=[peak])
