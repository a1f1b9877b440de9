"""What a server says of versions that were measured: evaluations, gates and shadows."""

from typing import Any

from browser.models.answers import Json, at, policy

METRICS = {"one_click": 0.61, "best_of_three": 0.78, "box": 0.81, "boundary_f": 0.66}
CLICKS = {"clicks_85": 6.4, "clicks_90": 9.1}


def figure(mean: float, half: float = 0.02, count: int = 428) -> Json:
    return {"mean": mean, "low": mean - half, "high": mean + half, "count": count}


def differences(rise: float, half: float = 0.02, count: int = 428) -> dict[str, Json]:
    shares = {"one_click": 1.0, "best_of_three": 0.5, "box": 0.3, "boundary_f": 0.8}
    found = {name: figure(rise * share, half, count) for name, share in shares.items()}
    found["everything_recall"] = figure(0.004, 0.03, 90)
    return found


def gate_rule(name: str, outcome: str, measured: float, sentence: str) -> Json:
    low, high = measured - 0.02, measured + 0.02
    return {
        "name": name,
        "outcome": outcome,
        "measured": measured,
        "low": low,
        "high": high,
        "bound": -0.01,
        "sentence": sentence,
    }


def gate_result(number: int, challenger: int, *, passed: bool, champion: int = 3) -> Json:
    rise = 0.083 if passed else 0.031
    broken = 0.05 if passed else -0.31
    clicks = {"clicks_85": figure(-1.4, 0.5, 300), "clicks_90": figure(-0.3, 0.6, 300)}
    challenger_means = {name: mean + rise for name, mean in METRICS.items()}
    return {
        "id": number,
        "challenger": challenger,
        "champion": champion,
        "training_set": 2,
        "general_set": None,
        "policy": policy()["gate"],
        "job_id": 60 + number,
        "created_at": at("12:40"),
        "passed": passed,
        "comparison": {
            "overall": differences(rise) | clicks,
            "by_category": {
                "nucleus": differences(rise, count=342),
                "cell": differences(broken, 0.05, 73),
                "debris": differences(0.01, 0.2, 13),
            },
            "by_size": {
                "small": differences(0.06, 0.03, 280),
                "medium": differences(0.1, 0.03, 128),
                "large": differences(0.0, 0.09, 20),
            },
            "general": {"one_click": figure(-0.006, 0.009), "box": figure(-0.002, 0.006)},
            "images": 24,
            "general_images": 20,
            "slowdown": 1.01,
            "champion": METRICS | CLICKS | {"everything_recall": 0.71},
            "challenger": challenger_means
            | {"clicks_85": 5.0, "clicks_90": 8.8, "everything_recall": 0.714},
        },
        "rules": rules(passed=passed),
    }


def rules(*, passed: bool) -> list[Json]:
    better = "One click had to be better: it is by +0.083, between +0.063 and +0.103."
    cell = (
        "Category cell may be worse by 0.03 at most: it changed by -0.310, between -0.360 and "
        "-0.260."
    )
    return [
        gate_rule("better:one_click", "passed", 0.083, better),
        gate_rule("not_worse:box", "passed", 0.025, "Box may be worse by 0.01 at most: it is not."),
        gate_rule("not_worse:category:nucleus", "passed", 0.08, "Category nucleus is not worse."),
        gate_rule(
            "not_worse:category:cell",
            "passed" if passed else "failed",
            0.05 if passed else -0.31,
            "Category cell is not worse." if passed else cell,
        ),
        gate_rule(
            "not_worse:category:debris", "too_few", 0.01, "13 objects; 30 are needed to judge."
        ),
        gate_rule("not_forgotten:box", "passed", -0.002, "The general set is not forgotten."),
        gate_rule("not_slower", "passed", 1.01, "A click takes 1.01 times as long; 1.20 may be."),
    ]


def summary(number: int, lift: float = 0.0) -> Json:
    means = {name: figure(mean + lift, 0.018) for name, mean in METRICS.items()}
    clicks = {name: figure(mean, 0.6, 300) for name, mean in CLICKS.items()}
    return {
        "id": 80 + number,
        "model_version": number,
        "training_set_id": 2,
        "job_id": 91,
        "created_at": at("12:38"),
        "summary": {
            "overall": means | clicks,
            "by_category": {},
            "by_size": {},
            "objects": 428,
            "images": 52,
            "click_milliseconds": 21.4,
        },
    }


def shadow(**more: Any) -> Json:
    return {
        "id": 4,
        "model_version": 5,
        "name": "nuclei",
        "share": 0.2,
        "started_by": "mia",
        "created_at": at("12:50"),
        "ended_at": None,
        "replicas": 2,
        "refused": None,
        "champion": 3,
        "untouched": 120,
        "samples": 412,
        "judged": 188,
        "agreement": {"mean": 0.871, "low": 0.858, "high": 0.884},
        "wins": 96,
        "losses": 41,
        "ties": 51,
        "win_rate": {"mean": 0.701, "low": 0.62, "high": 0.772},
        "seconds": {"p50": 0.024},
    } | more
