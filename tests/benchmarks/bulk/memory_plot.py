"""The memory of a job by the number of images that it has done."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

from bulk.memory import BEGUN, Look

matplotlib.use("Agg")
from matplotlib import pyplot as plt

PARTS = {"job": "the job's process", "ray": "Ray's own, object store included", "actors": "workers"}


def draw(looks: Sequence[Look], file: Path) -> None:
    """Stacked, in gigabytes; a line where the figure of `job_memory` begins."""
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    images = [look.images for look in looks]
    heights = [[getattr(look, part) / 1000 for look in looks] for part in PARTS]
    axes.stackplot(images, heights, labels=PARTS.values(), colors=("#4c78a8", "#9ecae9", "#f58518"))
    axes.axvline(BEGUN, color="black", linewidth=0.8, linestyle="dotted")
    axes.set(
        xlabel="images done", ylabel="memory, GB", xlim=(images[0], images[-1]), ylim=(0, None)
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=True, fontsize="small")
    figure.savefig(file, dpi=150)
    plt.close(figure)
