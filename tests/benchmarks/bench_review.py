"""Whether a review queue in the order of doubt brings bad masks earlier than one by predicted IoU.

`make bench-review` runs it, some ten minutes the first time and five afterwards: everything-mode's
proposals for annotated nuclei and photographs, one in ten of them spoiled on purpose (eroded,
shifted, merged with a neighbour, a part cut off; IoU 0.6 with what it was) and otherwise as it was,
predicted IoU included. Ours is the order of doubt, the peer that of predicted IoU, the least
confident first; both rank the same queues in one run. `min to max` is the 95 % interval of ours
(bootstrap over photographs), the note has that of the difference.

With `--people` the same is done with the annotations in the place of the proposals, which a decoder
does not agree with as it does with its own masks. Trust in the signals was chosen on other
pictures, which `--tuning` measures. Writes review.json, review.md (figures), review_signals.md
(signals and defects) and review_machine.json into build/bench/.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.machine import load_average, machine
from harness.rows import Report, Row, write_json
from maskloop.platform.defects import IOU
from maskloop.platform.doubt import TRUST, DoubtReason
from review.material import RIGHT, Models, Photograph, as_people_drew, photographs
from review.planting import DEFECTS, Entry, Measured, measured
from review.ranking import Order, by_doubt, by_score, caught

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
CACHE = Path(os.environ.get("MASKLOOP_TEST_CACHE", ROOT / "build" / "test-cache"))
SHARES = (0.1, 0.2)
SLIGHT = 0.8
"""IoU of errors that are harder to see, in a figure of their own."""
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
    parser.add_argument("--people", action="store_true", help="rank what people drew, too")
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
    drawn: dict[str, Measured] = {}
    for name in sets:
        print(name, file=sys.stderr, flush=True)
        pictures = list(pictures_of(models, chosen, sets[name]))
        found[name] = measured(pictures, models.decoder, (IOU, SLIGHT))
        if chosen.people:
            drawn[name] = measured(map(as_people_drew, pictures), models.decoder, (IOU,))
    report = report_of(found, drawn)
    report.write(chosen.out, "review")
    (chosen.out / "review_signals.md").write_text(tables(found))
    facts["load_average_after"] = load_average()
    write_json(chosen.out / "review_machine.json", facts)
    print((chosen.out / "review.md").read_text())
    print((chosen.out / "review_signals.md").read_text())


def pictures_of(
    models: Models, chosen: argparse.Namespace, part: tuple[str, int | None]
) -> Iterator[Photograph]:
    folder, half = part
    most = 2 if chosen.quick else None
    return photographs(models, chosen.data / folder, OUT / "review-store", half=half, most=most)


def planted(entry: Entry) -> bool:
    return entry.defect is not None


def wrong(entry: Entry) -> bool:
    """By itself, as everything-mode made it."""
    return entry.iou < RIGHT


def queues_of(found: dict[str, Measured], kept_iou: float = IOU) -> list[list[Entry]]:
    """A data set's queues are its own, as a project's are."""
    return [queue for each in found.values() for queue in each.queues[kept_iou]]


def report_of(found: dict[str, Measured], drawn: dict[str, Measured]) -> Report:
    report = Report()
    parts = {"": found, **{f"{name}_": {name: each} for name, each in found.items()}}
    for prefix, part in parts.items():
        for share in SHARES:
            figure = f"{prefix}disagreement_recall_{share * 100:.0f}"
            row(report, figure, queues_of(part), share, "planted")
    for share in SHARES:
        figure = f"slight_disagreement_recall_{share * 100:.0f}"
        row(report, figure, queues_of(found, SLIGHT), share, "planted")
    for share in SHARES if drawn else ():
        figure = f"people_disagreement_recall_{share * 100:.0f}"
        row(report, figure, queues_of(drawn), share, "planted")
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


ALONE = 0.9
"""Trust in a signal that has no other beside it; any order of it is the same."""


def tables(found: dict[str, Measured]) -> str:
    return f"{signals_table(found)}\n{defects_table(found)}"


def orders() -> dict[str, Order]:
    """That of doubt, with and without each of its signals, and by each signal alone."""
    signals = [reason for reason in TRUST if reason is not DoubtReason.CHALLENGER]
    without = {
        f"doubt without {one}": by_doubt(TRUST | {one: 0.0}) for one in signals if TRUST[one]
    }
    more = {f"doubt and {one}": by_doubt(TRUST | {one: 0.5}) for one in signals if not TRUST[one]}
    alone = {
        f"{one} alone": by_doubt({reason: float(reason is one) * ALONE for reason in TRUST})
        for one in signals
    }
    return {"doubt": by_doubt(), **without, **more, **alone, "predicted IoU": by_score}


def signals_table(found: dict[str, Measured]) -> str:
    own = [each.as_it_is for each in found.values()]
    all_queues = (
        (queues_of(found), planted),
        (queues_of(found, SLIGHT), planted),
        (own, wrong),
    )
    lines = [
        "| order | planted, 10 % | 20 % | slight, 10 % | 20 % | wrong by itself, 10 % | 20 % |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, order in orders().items():
        cells = [
            f"{caught(some, order, share, bad).figure().mean:.3f}"
            for some, bad in all_queues
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
