"""What is labelled blindly reaches no training set, no export, no report and no figure of the
project: not by a filter, but because it stands where none of these looks."""

import ast
import json
import re
from pathlib import Path
from typing import Any

from maskloop.platform.db import image_summaries, reviews
from maskloop.platform.db.quality_rows import Period
from maskloop.platform.training import SetRule
from maskloop.services import quality, training_sets
from maskloop.services.export import ExportFormat, ExportSource, export_project
from maskloop.services.report import write_report
from maskloop.services.reviews import Judgement, review
from sites.studio import Studio

ROOT = Path(__file__).parents[3]
SETS = [
    SetRule(holdout_share=0, validation_share=0),
    SetRule(holdout_share=1, validation_share=0),
]
KNOW_OF_PASSES = {
    "every_table.py",
    "figures.py",
    "fold_picking.py",
    "folds.py",
    "gold_image_picking.py",
    "gold_images.py",
    "images.py",
    "pass_objects.py",
    "passes.py",
}
"""Modules of platform/db that read or write what is in passes, or tell it from the project's."""


def exported(studio: Studio, folder: Path) -> dict[str, Any]:
    export_project(
        studio.runtime, "photos", format=ExportFormat.COCO, source=ExportSource.BOTH, out=folder
    )
    found = (folder / "annotations" / "instances_default.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(found)
    return {name: document[name] for name in ("images", "annotations", "categories")}


def reported(studio: Studio, file: Path) -> str:
    ((job_id,),) = studio.rows("SELECT id FROM jobs WHERE kind = 'autolabel'")
    assert isinstance(job_id, int)
    write_report(studio.runtime, job_id, file)
    # It says when it was written.
    return re.sub(r"[^>]*\d\d:\d\d UTC", "", file.read_text(encoding="utf-8"))


def told(studio: Studio, folder: Path) -> dict[str, Any]:
    """All that is made of the project's data."""
    folder.mkdir()
    with studio.runtime.engine.connect() as connection:
        counts = image_summaries.counts(connection, studio.project_id)
        gallery = image_summaries.page(connection, studio.project_id, limit=100)
        said = reviews.page(connection, studio.project_id, before=None, limit=100)
    return {
        "sets": [
            training_sets.freeze(studio.runtime, studio.project_id, rule, by=studio.user("anna"))
            for rule in SETS
        ],
        "export": exported(studio, folder / "export"),
        "report": reported(studio, folder / "report.html"),
        "quality": quality.quality(studio.runtime, studio.project_id, Period()),
        "counts": counts,
        "gallery": gallery,
        "reviews": said,
    }


def test_passes_change_nothing_that_is_told_trained_on_or_taken_out(
    studio: Studio, tmp_path: Path
) -> None:
    for image in studio.images[:4]:
        studio.label(image, [(Studio.ONE, studio.cat), (Studio.THREE, studio.dog)])
    studio.gold(*studio.images[:3])
    before = told(studio, tmp_path / "before")
    assert before["counts"].todo == 2
    assert len(before["export"]["annotations"]) > 8

    for name in ("ben", "carl"):
        for _ in range(3):
            found = studio.begun(name)
            studio.draw(found, (Studio.TWO, studio.dog), ((20, 40, 15, 15), studio.cat))
            ((waiting,),) = studio.rows(
                f"SELECT min(id) FROM passes.proposals WHERE image_id = {found.pass_image_id}"
            )
            assert isinstance(waiting, int)
            review(
                studio.runtime.in_passes,
                studio.project_id,
                waiting,
                Judgement.accept(studio.cat),
                reviewer_id=studio.user(name),
            )
            studio.submit(found)
    assert studio.begin("dora") is not None
    assert studio.count("passes.annotations") == 18

    assert told(studio, tmp_path / "after") == before


def test_no_other_module_of_the_database_knows_where_passes_are() -> None:
    knowing = {
        path.name
        for path in (ROOT / "platform" / "db").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (
            node.module in ("maskloop.platform.db.pass_tables", "maskloop.platform.db.pass_schema")
            or "pass_tables" in {alias.name for alias in node.names}
        )
    }
    assert knowing == KNOW_OF_PASSES
