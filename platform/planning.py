"""What a corpus of images will take, from what some images took: hours, storage, the database,
money, and what gives way first."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from maskloop.platform.forecast import total_of
from maskloop.platform.intervals import Interval

ENCODING: Final = "encode"
"""The stage that a GPU takes over where there are any."""
PROCESSORS: Final = "processors"
DAY: Final = 86_400.0
S3_WRITES, S3_READS = 3_500.0, 5_500.0
"""A second and prefix; Amazon S3's guide, "Best practices design patterns"."""
WRITES_OF_AN_IMAGE, READS_OF_AN_IMAGE = 3, 4
"""Embedding, candidates, result; and: is the result there, the embedding, the image, the result."""
TABLE_LIMIT: Final = 32e12
"""Bytes of a PostgreSQL table with pages of 8 kB; PostgreSQL's manual, appendix "Limits"."""
FREEZE_AFTER: Final = 200e6
"""Transactions until a table is vacuumed lest their ids run out; `autovacuum_freeze_max_age`."""


@dataclass(frozen=True)
class Corpus:
    images: int
    masks_per_image: float
    image_bytes: float


@dataclass(frozen=True)
class Sample:
    """What some images took; all of the same length."""

    seconds: Sequence[Mapping[str, float]]
    """Of one worker, by stage."""
    masks: Sequence[int]
    bytes: Mapping[str, Sequence[int]]
    """In the object store, by kind: `images`, `embeddings`, `candidates`, `results`."""

    @property
    def masks_per_image(self) -> float:
        return fmean(self.masks)


@dataclass(frozen=True)
class Rows:
    """What proposals take in the database, measured with the schema as it is."""

    table_bytes: float
    index_bytes: float
    """Of a proposal."""
    image_bytes: float
    """Of an image and its line in a job's ledger, indexes included."""
    log_bytes: float
    """Of the write-ahead log, for a proposal."""
    masks_per_second: float


@dataclass(frozen=True)
class Here:
    """What is at hand."""

    workers: int
    """Cores."""
    memory: float
    """Bytes, for the database."""


@dataclass(frozen=True)
class Gpu:
    encode_seconds: float
    """Of an image."""
    source: str


@dataclass(frozen=True)
class Prices:
    """Each for one unit; None: nobody said."""

    currency: str
    cpu_hour: float | None = None
    gpu_hour: float | None = None
    storage_gb_month: float | None = None
    database_gb_month: float | None = None
    put_1000: float | None = None
    get_1000: float | None = None


@dataclass(frozen=True)
class Cost:
    what: str
    amount: float
    unit: str
    price: float | None

    @property
    def cost(self) -> float | None:
        return None if self.price is None else self.amount * self.price


@dataclass(frozen=True)
class Limit:
    """Something that is needed beside what there is of it; above 1 it gives way."""

    what: str
    needed: float
    there: float
    unit: str
    source: str
    is_rate: bool = False
    """Twice the days need half of it."""

    @property
    def ratio(self) -> float:
        return self.needed / self.there


@dataclass(frozen=True)
class ScalePlan:
    """`days`: wanted on the clock; rates and limits are for them."""

    corpus: Corpus
    sampled: int
    days: float
    here: Here
    cpu_seconds: dict[str, Interval]
    """By stage, of one worker; without encoding where a GPU does that."""
    gpu: Gpu | None
    gpu_seconds: float
    storage: dict[str, Interval]
    """Bytes by kind."""
    database: dict[str, float]
    """Bytes: `proposals`, `their indexes`, `images and ledger`."""
    log_bytes: float
    costs: list[Cost]
    limits: list[Limit]
    """What gives way first is the first."""

    @property
    def cpu_total(self) -> float:
        return sum(each.mean for each in self.cpu_seconds.values())

    @property
    def masks(self) -> float:
        return self.corpus.images * self.corpus.masks_per_image

    @property
    def workers(self) -> int:
        """Cores that are needed, always busy."""
        return max(1, math.ceil(self.cpu_total / (self.days * DAY)))

    @property
    def gpus(self) -> int:
        return math.ceil(self.gpu_seconds / (self.days * DAY))

    @property
    def days_least(self) -> tuple[str, float] | None:
        """Which limit bounds the days however many processors there are, and to how many."""
        rates = [each for each in self.limits if each.is_rate and each.what != PROCESSORS]
        return (rates[0].what, rates[0].ratio * self.days) if rates else None

    @property
    def days_here(self) -> float:
        return self.cpu_total / self.here.workers / DAY


def plan_of(
    corpus: Corpus,
    sample: Sample,
    rows: Rows,
    *,
    days: float,
    here: Here,
    gpu: Gpu | None = None,
    prices: Prices | None = None,
) -> ScalePlan:
    """Seconds and embeddings grow with images, results and proposals with masks; candidates with
    the points that are asked, so with images too."""
    cpu_seconds = _seconds(corpus, sample, on_gpu=gpu is not None)
    gpu_seconds = 0.0 if gpu is None else corpus.images * gpu.encode_seconds
    storage = _storage(corpus, sample)
    masks = corpus.images * corpus.masks_per_image
    database = {
        "proposals": masks * rows.table_bytes,
        "their indexes": masks * rows.index_bytes,
        "images and ledger": corpus.images * rows.image_bytes,
    }
    return ScalePlan(
        corpus=corpus,
        sampled=len(sample.masks),
        days=days,
        here=here,
        cpu_seconds=cpu_seconds,
        gpu=gpu,
        gpu_seconds=gpu_seconds,
        storage=storage,
        database=database,
        log_bytes=masks * rows.log_bytes,
        costs=_costs(corpus, cpu_seconds, gpu_seconds, storage, database, prices),
        limits=_limits(corpus, cpu_seconds, database, rows, days, here),
    )


def _seconds(corpus: Corpus, sample: Sample, *, on_gpu: bool) -> dict[str, Interval]:
    stages = dict.fromkeys(stage for one in sample.seconds for stage in one)
    return {
        stage: total_of([one.get(stage, 0.0) for one in sample.seconds], corpus.images)
        for stage in stages
        if not (on_gpu and stage == ENCODING)
    }


def _storage(corpus: Corpus, sample: Sample) -> dict[str, Interval]:
    found = {kind: total_of(sizes, corpus.images) for kind, sizes in sample.bytes.items()}
    more = corpus.masks_per_image / (sample.masks_per_image or 1.0)
    scaled = found["results"]
    found["results"] = Interval(scaled.mean * more, scaled.low * more, scaled.high * more)
    known = corpus.images * corpus.image_bytes
    found["images"] = Interval(known, known, known)
    return found


def _costs(
    corpus: Corpus,
    cpu_seconds: Mapping[str, Interval],
    gpu_seconds: float,
    storage: Mapping[str, Interval],
    database: Mapping[str, float],
    prices: Prices | None,
) -> list[Cost]:
    if prices is None:
        return []
    hours = sum(each.mean for each in cpu_seconds.values()) / 3600
    kept = sum(each.mean for each in storage.values()) / 1e9
    writes = corpus.images * (WRITES_OF_AN_IMAGE + 1) / 1000
    reads = corpus.images * READS_OF_AN_IMAGE / 1000
    return [
        Cost(PROCESSORS, hours, "core hours", prices.cpu_hour),
        Cost("GPUs", gpu_seconds / 3600, "GPU hours", prices.gpu_hour),
        Cost("writes to the store", writes, "thousands", prices.put_1000),
        Cost("reads from the store", reads, "thousands", prices.get_1000),
        Cost("object store", kept, "GB, a month", prices.storage_gb_month),
        Cost("database", sum(database.values()) / 1e9, "GB, a month", prices.database_gb_month),
    ]


def _limits(
    corpus: Corpus,
    cpu_seconds: Mapping[str, Interval],
    database: Mapping[str, float],
    rows: Rows,
    days: float,
    here: Here,
) -> list[Limit]:
    clock = days * DAY
    images = corpus.images / clock
    cpu = sum(each.mean for each in cpu_seconds.values())
    masks = images * corpus.masks_per_image
    writes, reads = images * WRITES_OF_AN_IMAGE, images * READS_OF_AN_IMAGE
    table, indexes = database["proposals"], database["their indexes"]
    found = [
        Limit(PROCESSORS, cpu / clock, here.workers, "cores", "at hand", is_rate=True),
        Limit("indexes of proposals in memory", indexes, here.memory, "bytes", "this machine"),
        Limit("masks stored", masks, rows.masks_per_second, "a second", "measured", is_rate=True),
        Limit("objects written", writes, S3_WRITES, "a second", "Amazon S3", is_rate=True),
        Limit("objects read", reads, S3_READS, "a second", "Amazon S3", is_rate=True),
        Limit("the table of proposals", table, TABLE_LIMIT, "bytes", "PostgreSQL"),
        Limit("commits until freezing", corpus.images, FREEZE_AFTER, "", "PostgreSQL"),
    ]
    return sorted(found, key=lambda limit: -limit.ratio)
