"""Whether a review queue in the order of doubt brings bad masks earlier than one by predicted IoU.

`make bench-review` runs it, some ten minutes the first time and three afterwards: everything-mode's
proposals for annotated nuclei and photographs, one in ten of them spoiled on purpose (eroded,
shifted, merged with a neighbour, a part cut off; IoU 0.6 with what it was) and otherwise as it was,
predicted IoU included. Ours is the order of doubt, the peer that of predicted IoU, the least
confident first; both rank the same queues in one run. `min to max` is the 95 % interval of ours
(bootstrap over photographs), the note has that of the difference.

Trust in the signals was chosen on other pictures, which `--tuning` measures. Writes review.json,
review.md (figures), review_signals.md (signals and defects) and review_machine.json into
build/bench/.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from harness.machine import load_average, machine
from harness.rows import Report, Row, write_json
from maskloop.platform.doubt import TRUST, DoubtReason
from review.material import Models, photographs
from review.planting import DEFECTS, RIGHT, Entry, Measured, measured
from review.ranking import Order, by_doubt, by_score, caught

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
CACHE = Path(os.environ.get("MASKLOOP_TEST_CACHE", ROOT / "build" / "test-cache"))
SHARES = (0.1, 0.2)
SETS: dict[str, tuple[str, int | None]] = {
    "nuclei": ("nuclei/val", None),
    "things": ("coco_things", 1),
}
TUNING: dict[str, tuple[str, int | None]] = {
    "nuclei": ("nuclei/train", None),
    "things": ("coco_things", 0),
}
"""By name in a figure: the folder below `--data`, and which half of its pictures; None: all."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--tuning", action="store_true", help="the pictures trust was chosen on")
    parser.add_argument("--quick", action="store_true", help="does it run? Two photographs a set")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    part = "quick" if chosen.quick else "tuning" if chosen.tuning else ""
    chosen.out = chosen.out or OUT / part
    return chosen


def main() -> None:
    chosen = arguments()
    chosen.out.mkdir(parents=True, exist_ok=True)
    sets = TUNING if chosen.tuning else SETS
    for folder, _ in sets.values():
        if not (chosen.data / folder / "instances.json").exists():
            raise SystemExit(f"there is no {chosen.data / folder / 'instances.json'}")
    facts: dict[str, Any] = machine(chosen.threads)
    facts["load_average_before"] = load_average()
    models = Models(CACHE, chosen.threads)
    facts["precision"] = models.compute.precision
    found: dict[str, Measured] = {}
    for name, (folder, half) in sets.items():
        print(name, file=sys.stderr, flush=True)
        pictures = photographs(
            models,
            chosen.data / folder,
            OUT / "review-store",
            half=half,
            most=2 if chosen.quick else None,
        )
        found[name] = measured(pictures, models.decoder)
    report = report_of(found)
    report.write(chosen.out, "review")
    (chosen.out / "review_signals.md").write_text(tables(found))
    facts["load_average_after"] = load_average()
    write_json(chosen.out / "review_machine.json", facts)
    print((chosen.out / "review.md").read_text())
    print((chosen.out / "review_signals.md").read_text())


def planted(entry: Entry) -> bool:
    return entry.defect is not None


def wrong(entry: Entry) -> bool:
    """By itself, as everything-mode made it."""
    return entry.iou < RIGHT


def queues_of(found: dict[str, Measured]) -> list[list[Entry]]:
    """A data set's queues are its own, as a project's are."""
    return [queue for each in found.values() for queue in each.queues]


def report_of(found: dict[str, Measured]) -> Report:
    report = Report()
    parts = {"": found, **{f"{name}_": {name: each} for name, each in found.items()}}
    for prefix, part in parts.items():
        for share in SHARES:
            figure = f"{prefix}disagreement_recall_{share * 100:.0f}"
            row(report, figure, queues_of(part), share, "planted")
    for share in SHARES:
        queues = [each.as_it_is for each in found.values()]
        row(report, f"own_errors_recall_{share * 100:.0f}", queues, share, "wrong by itself")
    proposals = sum(each.proposals for each in found.values())
    seconds = sum(each.seconds for each in found.values())
    speed = proposals / seconds
    note = f"{proposals} proposals with all that is asked of the decoder, none of the encoder"
    report.single("doubt_proposals_per_second", speed, "1/s", note, values=[speed])
    return report


def row(report: Report, figure: str, queues: list[list[Entry]], share: float, what: str) -> None:
    bad = planted if what == "planted" else wrong
    ours, peer = (caught(queues, order, share, bad) for order in (by_doubt(), by_score))
    if not ours.entries:
        report.skipped[figure] = f"no mask is {what}"
        return
    mine, theirs, more = ours.figure(), peer.figure(), ours.minus(peer)
    most = min(1.0, share * sum(map(len, queues)) / len(ours.entries))
    note = (
        f"{len(ours.entries)} {what} of {sum(map(len, queues))}, at best {most:.2f}; "
        f"{more.mean:+.3f}, {more.low:+.3f} to {more.high:+.3f}"
    )
    ratio = mine.mean / theirs.mean if theirs.mean else None
    report.rows.append(
        Row(figure, mine.mean, theirs.mean, ratio, "share", 1, mine.low, mine.high, note)
    )


def tables(found: dict[str, Measured]) -> str:
    return f"{signals_table(found)}\n{defects_table(found)}"


def orders() -> dict[str, Order]:
    alone = {
        f"{one} alone": by_doubt({one_: float(one_ is one) * 0.9 for one_ in TRUST})
        for one in TRUST
        if one is not DoubtReason.CHALLENGER
    }
    without = {
        f"doubt without {one}": by_doubt(TRUST | {one: 0.0})
        for one, trust in TRUST.items()
        if trust and one is not DoubtReason.CHALLENGER
    }
    return {"doubt": by_doubt(), **without, **alone, "predicted IoU": by_score}


def signals_table(found: dict[str, Measured]) -> str:
    queues, own = queues_of(found), [each.as_it_is for each in found.values()]
    lines = [
        "| order | planted, first 10 % | first 20 % | wrong by itself, first 10 % | first 20 % |",
        "|---|---|---|---|---|",
    ]
    for name, order in orders().items():
        cells = [
            f"{caught(some, order, share, bad).figure().mean:.3f}"
            for some, bad in ((queues, planted), (own, wrong))
            for share in SHARES
            if any(bad(entry) for queue in some for entry in queue)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def defects_table(found: dict[str, Measured]) -> str:
    lines = [
        "| defect | planted | doubt, 10 % | 20 % | predicted IoU, 10 % | 20 % |",
        "|---|---|---|---|---|---|",
    ]
    for defect in DEFECTS:
        runs = [
            caught(queues_of(found), order, share, lambda entry, of=defect: entry.defect is of)
            for order in (by_doubt(), by_score)
            for share in SHARES
        ]
        if runs[0].entries:
            cells = " | ".join(f"{run.figure().mean:.3f}" for run in runs)
            lines.append(f"| {defect} | {len(runs[0].entries)} | {cells} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
