"""What a corpus takes, from what a few images took."""

from dataclasses import replace

import pytest

from maskloop.platform.planning import Corpus, Gpu, Here, Prices, Rows, Sample, plan_of

CORPUS = Corpus(images=1_000_000, masks_per_image=100, image_bytes=500_000)
SAMPLE = Sample(
    seconds=[{"read": 0.1, "encode": 0.2, "decode": 0.7}, {"read": 0.1, "encode": 0.2}],
    masks=[60, 40],
    bytes={
        "images": [1, 3],
        "embeddings": [2_000_000, 2_000_000],
        "candidates": [700_000, 300_000],
        "results": [10_000, 30_000],
    },
)
ROWS = Rows(
    table_bytes=400, index_bytes=300, image_bytes=500, log_bytes=1000, masks_per_second=20_000
)
HERE = Here(workers=2, memory=60e9)
PRICES = Prices("EUR", cpu_hour=0.04, gpu_hour=0.8, storage_gb_month=0.02, put_1000=0.005)


def test_seconds_and_bytes_of_images_grow_with_images() -> None:
    plan = plan_of(CORPUS, SAMPLE, ROWS, days=10, here=HERE)
    assert {stage: round(each.mean) for stage, each in plan.cpu_seconds.items()} == {
        "read": 100_000,
        "encode": 200_000,
        "decode": 350_000,
    }
    assert plan.cpu_total == pytest.approx(650_000)
    assert plan.storage["embeddings"].mean == pytest.approx(2e12)
    assert plan.storage["candidates"].mean == pytest.approx(5e11)
    assert plan.storage["images"].mean == 5e11
    assert plan.days_here == pytest.approx(650_000 / 2 / 86_400)


def test_an_interval_stands_around_what_differs_and_closes_on_what_does_not() -> None:
    plan = plan_of(CORPUS, SAMPLE, ROWS, days=10, here=HERE)
    decode, encode = plan.cpu_seconds["decode"], plan.cpu_seconds["encode"]
    assert decode.low < decode.mean < decode.high
    assert encode.low == pytest.approx(encode.high)


def test_results_and_proposals_grow_with_masks() -> None:
    plan = plan_of(CORPUS, SAMPLE, ROWS, days=10, here=HERE)
    assert plan.storage["results"].mean == pytest.approx(2 * 20_000 * 1e6)  # 100 masks, not 50
    assert plan.database == {
        "proposals": 4e10,
        "their indexes": 3e10,
        "images and ledger": 5e8,
    }
    assert plan.log_bytes == 1e11


def test_twice_the_images_take_twice_of_everything() -> None:
    one = plan_of(CORPUS, SAMPLE, ROWS, days=10, here=HERE, prices=PRICES)
    two = plan_of(
        replace(CORPUS, images=2_000_000), SAMPLE, ROWS, days=10, here=HERE, prices=PRICES
    )
    assert two.cpu_total == pytest.approx(2 * one.cpu_total)
    for kind, each in one.storage.items():
        assert two.storage[kind].mean == pytest.approx(2 * each.mean)
    assert [cost.amount for cost in two.costs] == pytest.approx(
        [2 * cost.amount for cost in one.costs]
    )


def test_a_gpu_takes_encoding_over() -> None:
    plan = plan_of(CORPUS, SAMPLE, ROWS, days=1, here=HERE, gpu=Gpu(0.2, "given"))
    assert list(plan.cpu_seconds) == ["read", "decode"]
    assert plan.gpu_seconds == pytest.approx(200_000)
    assert plan.gpus == 3  # of 86,400 seconds each
    assert plan.workers == 6  # 450,000 seconds


def test_what_has_no_price_costs_nobody_knows_what() -> None:
    plan = plan_of(CORPUS, SAMPLE, ROWS, days=10, here=HERE, prices=PRICES)
    costs = {cost.what: cost.cost for cost in plan.costs}
    assert costs["processors"] == pytest.approx(650_000 / 3600 * 0.04)
    assert costs["writes to the store"] == pytest.approx(4_000 * 0.005)
    assert costs["database"] is None
    assert plan_of(CORPUS, SAMPLE, ROWS, days=10, here=HERE).costs == []


def test_what_gives_way_first_stands_first() -> None:
    slow = plan_of(CORPUS, SAMPLE, ROWS, days=1, here=HERE).limits
    assert slow[0].what == "processors"
    assert slow[0].ratio == pytest.approx(650_000 / 86_400 / 2)
    many = plan_of(CORPUS, SAMPLE, replace(ROWS, masks_per_second=100), days=1, here=HERE).limits
    assert many[0].what == "masks stored"
    assert many[0].ratio == pytest.approx(1e8 / 86_400 / 100)
    assert [limit.ratio for limit in many] == sorted((one.ratio for one in many), reverse=True)


def test_what_is_not_processors_bounds_the_days() -> None:
    plan = plan_of(CORPUS, SAMPLE, ROWS, days=1, here=HERE)
    assert plan.days_least == ("masks stored", pytest.approx(1e8 / 86_400 / 20_000))


def test_indexes_are_held_against_the_memory() -> None:
    plan = plan_of(CORPUS, SAMPLE, ROWS, days=1, here=HERE)
    (indexes,) = [limit for limit in plan.limits if limit.what == "indexes of proposals in memory"]
    assert indexes.ratio == pytest.approx(3e10 / 60e9)
