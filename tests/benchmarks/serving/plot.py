"""Latency by the number of labelers, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

WANTED_MS = 250


def draw(loads: Sequence[dict[str, Any]], file: Path) -> None:
    numbers = [load["labelers"] for load in loads]
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, colour in (("p95", "#b5462f"), ("p50", "#2f6db5")):
        values = [load[f"{name}_ms"] for load in loads]
        axes.plot(numbers, values, "o-", color=colour, label=name)
        axes.annotate(
            f"{values[-1]:.0f} ms",
            (numbers[-1], values[-1]),
            (6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )
    axes.axhline(WANTED_MS, color="#999999", linewidth=1, linestyle="--")
    axes.annotate(
        "wanted of p95 at 8",
        (numbers[0], WANTED_MS),
        (0, 4),
        textcoords="offset points",
        color="#777777",
        fontsize=9,
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks(numbers, [str(number) for number in numbers])
    axes.set_yscale("log")
    axes.set_ylim(5, 2000)
    axes.set_yticks([10, 30, 100, 300, 1000], ["10", "30", "100", "300", "1000"])
    axes.minorticks_off()
    axes.set_xlabel("labelers at work, 2 s of thought between clicks")
    axes.set_ylabel("a warm click over HTTP, ms")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#eeeeee")
    axes.legend(frameon=False, loc="upper left")
    figure.savefig(file, dpi=150)
    plt.close(figure)
