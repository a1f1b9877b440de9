"""`maskloop plan`"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maskloop.platform.settings import cores, load_settings
from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson

if TYPE_CHECKING:
    from maskloop.platform.db.jobs import Job
    from maskloop.platform.planning import Cost, Gpu, Prices, ScalePlan

PUBLISHED_GPU_SECONDS = 0.008
PUBLISHED_GPU_SOURCE = "published for MobileSAM's encoder (arXiv 2306.14289), not measured here"


def plan(
    images: Annotated[int | None, typer.Option(min=1, help="Images of the corpus.")] = None,
    masks_per_image: Annotated[
        float | None, typer.Option(min=1, help="Unset: as many as the job found.")
    ] = None,
    image_mb: Annotated[
        float | None, typer.Option(min=0.001, help="Of an image file; unset: as the job's.")
    ] = None,
    job: Annotated[
        int | None, typer.Option(help="The job to measure by; unset: the newest that computed.")
    ] = None,
    days: Annotated[float, typer.Option(min=0.01, help="In how many it shall be done.")] = 7.0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Cores at hand; unset: this machine's.")
    ] = None,
    memory_gb: Annotated[
        float, typer.Option(min=0, help="Memory for the database; 0: this machine's.")
    ] = 0,
    on_gpu: Annotated[bool, typer.Option("--on-gpu", help="Encode on GPUs.")] = False,
    gpu_encode_ms: Annotated[
        float | None,
        typer.Option(min=0.01, help="Of a GPU for an image, where you have measured it."),
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="A TOML file, as --example-prices prints one.")
    ] = None,
    example_prices: Annotated[
        bool, typer.Option("--example-prices", help="Print a price file and leave.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hours, storage, database and money for a corpus, from a job and a database measured here."""
    from maskloop.platform.planning import Corpus, Here, plan_of
    from maskloop.platform.prices import EXAMPLE, read_prices
    from maskloop.services.planning import measured_job, memory, rows_of, sample_of
    from maskloop.services.runtime import open_runtime

    if example_prices:
        console.say(EXAMPLE.rstrip())
        return
    if images is None:
        raise typer.BadParameter("say how many with --images", param_hint="--images")
    known = None if prices is None else read_prices(prices)
    settings = load_settings()
    with open_runtime(settings) as runtime:
        by, rows = measured_job(runtime, job)
        sample = sample_of(runtime, by, rows)
        each = masks_per_image or sample.masks_per_image
        database = rows_of(runtime, rows, each)
    measured_bytes = sum(sample.bytes["images"]) / len(rows)
    made = plan_of(
        Corpus(images, each, measured_bytes if image_mb is None else image_mb * 1e6),
        sample,
        database,
        days=days,
        here=Here(workers or settings.workers or cores(), memory_gb * 1e9 or memory()),
        gpu=_gpu(on_gpu, gpu_encode_ms),
        prices=known,
    )
    if as_json:
        console.write_json(json_of(made, by.id, known))
    else:
        _tell(made, by, known)


def json_of(made: "ScalePlan", job_id: int, prices: "Prices | None") -> dict[str, Any]:
    """Seconds and bytes; costs in the currency, those without a price as null."""
    return {
        **asdict(made),
        "job": job_id,
        "masks": made.masks,
        "cpu_seconds_in_all": made.cpu_total,
        "cores_needed": made.workers,
        "gpus_needed": made.gpus,
        "days_here": made.days_here,
        "currency": None if prices is None else prices.currency,
        "costs": [{**asdict(each), "cost": each.cost} for each in made.costs],
        "limits": [{**asdict(each), "ratio": each.ratio} for each in made.limits],
    }


def _gpu(on_gpu: bool, milliseconds: float | None) -> "Gpu | None":
    from maskloop.platform.planning import Gpu

    if milliseconds is not None:
        return Gpu(milliseconds / 1000, "given")
    return Gpu(PUBLISHED_GPU_SECONDS, PUBLISHED_GPU_SOURCE) if on_gpu else None


def _tell(made: "ScalePlan", by: "Job", prices: "Prices | None") -> None:
    corpus = made.corpus
    console.say(
        f"{corpus.images:,} images, {corpus.masks_per_image:,.0f} masks each: {made.masks:,.0f} "
        f"masks. Measured by {made.sampled} images of job {by.id} and by this machine's database."
    )
    _tell_time(made)
    _tell_storage(made)
    if prices is None:
        console.say("\nNo prices: give them with --prices FILE (see --example-prices).")
    else:
        _tell_costs(made.costs, prices.currency)
    _tell_limits(made)


def _tell_limits(made: "ScalePlan") -> None:
    console.say(f"\nIn {made.days:g} days, what is needed beside what there is:")
    rows = [
        (
            limit.what,
            _amount(limit.needed, limit.unit),
            _amount(limit.there, limit.unit),
            f"{100 * limit.ratio:,.1f} %",
            limit.source,
        )
        for limit in made.limits
    ]
    console.table(["", "needed", "there is", "of it", "says"], rows)
    giving_way = [limit.what for limit in made.limits if limit.ratio > 1]
    console.say(f"What gives way: {', '.join(giving_way) or 'nothing'}.")
    if made.days_least is not None:
        what, days = made.days_least
        console.say(
            f"However many processors there are, it takes {days:,.2g} days or more ({what})."
        )


def _tell_time(made: "ScalePlan") -> None:
    total = made.cpu_total
    rows = [
        (stage, _hours(each.mean), _hours(each.low), _hours(each.high), f"{each.mean / total:.0%}")
        for stage, each in made.cpu_seconds.items()
    ]
    console.say("\nCore hours, with their 95 % interval:")
    rows.append(("in all", _hours(total), "", "", ""))
    console.table(["", "expected", "from", "to", ""], rows)
    gpus = ""
    if made.gpu is not None:
        hours, each = _hours(made.gpu_seconds), 1000 * made.gpu.encode_seconds
        console.say(f"GPU hours, encoding: {hours}, at {each:g} ms ({made.gpu.source})")
        gpus = f" and {made.gpus:,} GPU{'s' if made.gpus > 1 else ''}"
    console.say(
        f"In {made.days:g} days: {made.workers:,} cores{gpus}, always busy. "
        f"With {made.here.workers:,} cores: {made.days_here:,.0f} days."
    )


def _tell_storage(made: "ScalePlan") -> None:
    from maskloop.services.units import size

    console.say("\nStorage, with its 95 % interval:")
    kept = [
        (f"object store: {kind}", size(each.mean), size(each.low), size(each.high))
        for kind, each in made.storage.items()
    ]
    rows = [(f"database: {kind}", size(count), None, None) for kind, count in made.database.items()]
    log = ("database: log written meanwhile", size(made.log_bytes), None, None)
    console.table(["", "expected", "from", "to"], [*kept, *rows, log])


def _tell_costs(costs: "list[Cost]", currency: str) -> None:
    console.say("")
    console.table(
        ["", "amount", "unit", currency],
        [
            (
                each.what,
                f"{each.amount:,.0f}",
                each.unit,
                "no price" if each.cost is None else f"{each.cost:,.2f}",
            )
            for each in costs
        ],
    )


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.4g}" if seconds < 3600 else f"{seconds / 3600:,.0f}"


def _amount(value: float, unit: str) -> str:
    from maskloop.services.units import size

    if unit == "bytes":
        return size(value)
    number = f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
    return f"{number} {unit}".strip()
