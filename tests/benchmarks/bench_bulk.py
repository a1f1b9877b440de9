"""What bulk work asks of the database, and how much of the machine its pipeline uses: masks written
in commits of one image each, how long people wait for the hot queries where there are many
proposals, a job beside a bare loop over the same photographs, on more and more nodes, what it keeps
in memory, and whether forecasts hold.

`make bench-bulk` runs it: `BENCH='--rows 10000000'` for the size of the contract, `--only` chooses
parts. Each part has an embedded server of its own with the durable settings that it starts with.
Ours is `proposals.copy_in` with the schema as it is; the peers write the same masks into the same
table in the same run: SQLAlchemy's insert of many rows, and psycopg's `executemany`.

Writes bulk.json, bulk.md (figures) and bulk_machine.json into build/bench/; figures of parts that
were not run stay as they were measured.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from harness.machine import load_average, machine
from harness.rows import Report, write_json

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests"))

from bulk.copying import WRITERS, Rates, rates  # noqa: E402
from bulk.forecasts import Foretold, foretold  # noqa: E402
from bulk.memory import BEGUN, Look, looks  # noqa: E402
from bulk.memory_plot import draw  # noqa: E402
from bulk.pipeline import Paces, paces  # noqa: E402
from bulk.queries import Waited, filled, sizes, waits  # noqa: E402
from bulk.scaling import Pace, scaled  # noqa: E402
from maskloop.platform.settings import Settings  # noqa: E402
from maskloop.services.runtime import Runtime, open_runtime  # noqa: E402

OUT = ROOT / "build" / "bench"
CACHE = ROOT / "build" / "test-cache"
PARTS = ("copying", "queries", "pipeline", "nodes", "memory", "forecasts")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rows", type=int, default=1_000_000, help="proposals to ask among")
    parser.add_argument("--runs", type=int, help="askings of each query; rounds of writing")
    parser.add_argument("--images", type=int, default=200, help="photographs of the pipeline")
    parser.add_argument("--points-per-side", type=int, default=16)
    parser.add_argument("--sets", type=int, default=10, help="of the forecasts")
    parser.add_argument("--folders", type=Path, nargs="*", default=[], help="whose images they are")
    parser.add_argument("--quick", action="store_true", help="does it run? Figures mean nothing")
    parser.add_argument("--scratch", type=Path, help="where the databases are made")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    chosen.out = chosen.out or (OUT / "quick" if chosen.quick else OUT)
    if chosen.quick:
        chosen.rows, chosen.runs = 20_000, 2
        chosen.images, chosen.points_per_side, chosen.sets = 4, 4, 2
    unknown = set(chosen.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return chosen


def main() -> None:
    chosen = arguments()
    chosen.out.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = machine(1)
    facts["load_average_before"] = load_average()
    report = Report()
    wanted = chosen.only.split(",")
    if "copying" in wanted:
        with database(chosen.scratch) as runtime:
            masks = 20 if chosen.quick else 400
            report_copying(report, rates(runtime.engine, chosen.runs or 5, images=masks))
    if "queries" in wanted:
        with database(chosen.scratch) as runtime:
            warehouse = filled(runtime.engine, chosen.rows)
            facts["sizes"] = sizes(runtime.engine)
            found = list(waits(runtime.engine, warehouse, chosen.runs or 200))
            report_queries(report, found, warehouse.proposals)
    if "pipeline" in wanted:
        with database(chosen.scratch) as runtime:
            pace = paces(runtime, CACHE / "weights", chosen.images, chosen.points_per_side)
        report_pipeline(report, pace, chosen.images, chosen.points_per_side)
    if "nodes" in wanted:
        with database(chosen.scratch) as runtime:
            each, seconds = (4, 0.5) if chosen.quick else (24, 1.5)
            report_nodes(report, scaled(runtime, CACHE / "weights", each, seconds))
    if "memory" in wanted:
        with database(chosen.scratch) as runtime:
            found = looks(runtime, CACHE / "weights", 60 if chosen.quick else 1000)
        report_memory(report, found)
        write_json(chosen.out / "bulk_memory.json", [asdict(look) for look in found])
        draw(found, chosen.out / "bulk_memory.png")
    if "forecasts" in wanted:
        told = foretold(
            lambda: database(chosen.scratch),
            CACHE / "weights",
            chosen.folders,
            sets=chosen.sets,
            images=8 if chosen.quick else 24,
            sample=4 if chosen.quick else 8,
            points_per_side=4,
        )
        report_forecasts(report, list(told))
    facts["load_average_after"] = load_average()
    report.keep(chosen.out, "bulk")
    report.write(chosen.out, "bulk")
    write_json(chosen.out / "bulk_machine.json", facts)
    print((chosen.out / "bulk.md").read_text())


@contextmanager
def database(scratch: Path | None) -> Iterator[Runtime]:
    with (
        tempfile.TemporaryDirectory(prefix="maskloop-bulk-", dir=scratch) as folder,
        open_runtime(Settings(home=Path(folder))) as runtime,
    ):
        yield runtime


def report_copying(report: Report, found: Rates) -> None:
    peer = max(found.peers, key=lambda name: found.peers[name].median)
    for writers in WRITERS:
        ours = found.ours[writers]
        figure = "copy_masks_per_second" + ("" if writers == max(WRITERS) else f"_{writers}")
        report.rate(
            figure,
            ours.median,
            found.peers[peer].median,
            "1/s",
            f"commits of one image with 100 masks, {writers} threads; peer: {peer}, one thread",
            values=ours.values,
        )
    for name, theirs in found.peers.items():
        report.single(f"peer: {name}", theirs.median, "1/s", "one thread", values=theirs.values)


def report_queries(report: Report, found: Sequence[Waited], rows: int) -> None:
    """The slowest by the contract's name, then each by its own."""
    falling = sorted(found, key=lambda each: -each.quantile(0.95))
    figures = [("hot_query_p95", falling[0])]
    figures += [(f"hot_query_p95: {each.name}", each) for each in falling]
    for figure, each in figures:
        report.quantile(
            figure,
            each.quantile(0.95) * 1000,
            None,
            "ms",
            f"{each.name}, {rows} proposals; median {each.quantile(0.5) * 1000:.2f}",
            values=[second * 1000 for second in each.seconds],
        )


def report_pipeline(report: Report, pace: Paces, images: int, points: int) -> None:
    report.rate(
        "pipeline_efficiency",
        images / pace.job,
        images / pace.bare,
        "images/s",
        f"{images} photographs, {points}×{points} points, {pace.workers} processes; with its start "
        f"the job took {pace.job:.0f} s, the bare loop {pace.bare:.0f} s",
        values=[images / pace.job],
    )


def report_nodes(report: Report, paces: Sequence[Pace]) -> None:
    """Of each node that was added, against what one gives; the contract's is the least of them."""
    one = paces[0].value
    for pace in paces[1:]:
        report.rate(
            "node_scaling" if pace is paces[-1] else f"node_scaling_{pace.nodes}",
            pace.value,
            one * pace.nodes,
            "images/s",
            f"{pace.images} images on {pace.nodes} nodes with {pace.workers} workers, against "
            f"{pace.nodes} times what one node does ({one:.2f})",
            values=[pace.value],
        )


def report_memory(report: Report, found: Sequence[Look]) -> None:
    steady = [look for look in found if look.images >= BEGUN]
    first, last = ([look.whole for look in part] for part in (steady[:5], steady[-5:]))
    report.rate(
        "job_memory",
        median(last),
        median(first),
        "MB",
        f"at {steady[-1].images} images, against {steady[0].images}: medians of five looks, all of "
        "the job's processes together; 1 is flat",
        values=[look.whole for look in steady],
    )


def report_forecasts(report: Report, found: Sequence[Foretold]) -> None:
    """How many sets' truth lay in the interval, by quantity; the contract's is the least."""
    quantities = [one.quantity for one in found[0].compared]
    held = {
        name: sum(bool(one.compared[place].holds) for one in found)
        for place, name in enumerate(quantities)
    }
    figures = [("forecasts_that_hold", min(held.values()), "the quantity that holds least often")]
    figures += [
        (f"forecasts_that_hold: {name}", held[name], _misses(found, place))
        for place, name in enumerate(quantities)
    ]
    for figure, count, note in figures:
        report.rate(figure, count, len(found), "sets", note, values=[count])


def _misses(found: Sequence[Foretold], place: int) -> str:
    """Truth over what was foretold, of all sets."""
    shares = []
    for one in found:
        told = one.compared[place]
        assert told.truth is not None
        star = "" if told.holds else "*"
        shares.append(f"{one.name} {told.truth / told.expected.mean:.2f}{star}")
    return "truth / forecast: " + ", ".join(shares) + "; * outside"


if __name__ == "__main__":
    main()
