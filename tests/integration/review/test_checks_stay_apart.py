"""Planted errors reach no training set, no export and no report: not by a filter, but because they
stand where none of these looks."""

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskloop.platform.masks import Rle
from maskloop.platform.states import QueueSubject
from maskloop.platform.training import SetRule
from maskloop.services import training_sets
from maskloop.services.export import ExportFormat, ExportSource, export_project
from maskloop.services.gold import make_gold
from maskloop.services.planting import plant
from maskloop.services.report import write_report
from maskloop.services.reviews import Judgement

if TYPE_CHECKING:
    from sites.coins import Tray

ROOT = Path(__file__).parents[3]
TABLES = ("images", "proposals", "annotations", "reviews", "never_trained", "votes")
TRAIN_ALL = SetRule(holdout_share=0, validation_share=0)
ALL_HELD_OUT = SetRule(holdout_share=1, validation_share=0)

KNOW_OF_CHECKS = {
    "card_faces.py",
    "check_answers.py",
    "check_figures.py",
    "check_picking.py",
    "check_shares.py",
    "check_sources.py",
    "checks.py",
    "gold_image_picking.py",
    "withdrawals.py",
}
"""Modules of platform/db that read or write them."""


def exported(tray: "Tray", folder: Path) -> dict[str, Any]:
    export_project(
        tray.runtime, "photos", format=ExportFormat.COCO, source=ExportSource.BOTH, out=folder
    )
    found = (folder / "annotations" / "instances_default.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(found)
    return {name: document[name] for name in ("images", "annotations", "categories")}


def reported(tray: "Tray", file: Path) -> str:
    (job_id,) = {one.job_id for one in tray.proposals}
    write_report(tray.runtime, job_id, file)
    # It says when it was written.
    return re.sub(r"[^>]*\d\d:\d\d UTC", "", file.read_text(encoding="utf-8"))


def counts(tray: "Tray") -> dict[str, int]:
    return {table: tray.count(table) for table in TABLES}


def test_answered_planted_errors_change_nothing_that_is_trained_on_or_taken_out(
    tray: "Tray", tmp_path: Path
) -> None:
    accepted = tray.accept(8)
    make_gold(tray.runtime, tray.project_id, accepted[:4], by=tray.anna)
    before = counts(tray)
    sets = [
        training_sets.freeze(tray.runtime, tray.project_id, rule, by=tray.anna)
        for rule in (TRAIN_ALL, ALL_HELD_OUT)
    ]
    export, report = exported(tray, tmp_path / "before"), reported(tray, tmp_path / "before.html")

    planted = plant(tray.runtime, tray.project_id, 24, by=tray.anna, seed=1)
    assert len(planted) == 24
    of_proposals = tray.queue(feedback=True)
    of_people = tray.queue(name="people", subject=QueueSubject.ANNOTATIONS)
    for queue in (of_proposals, of_people):
        for check in planted:
            shown = tray.handed(check, queue)
            tray.answer(shown, Judgement.accept(tray.old))
    assert tray.count("check_answers") == 48

    assert counts(tray) == before
    after = [
        training_sets.freeze(tray.runtime, tray.project_id, rule, by=tray.anna)
        for rule in (TRAIN_ALL, ALL_HELD_OUT)
    ]
    assert after == sets
    assert exported(tray, tmp_path / "after") == export
    digests = {one.new.mask.rle.digest for one in planted if one.new.iou < 1}
    shown_masks = {
        Rle((303, 384), one["segmentation"]["counts"].encode()).digest
        for one in export["annotations"]
    }
    assert len(shown_masks) == 20
    assert not digests & shown_masks
    assert reported(tray, tmp_path / "after.html") == report


def test_no_other_module_of_the_database_knows_where_checks_are() -> None:
    knowing = {
        path.name
        for path in (ROOT / "platform" / "db").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module == "maskloop.platform.db.review_tables"
        and {"checks", "check_answers"} & {alias.name for alias in node.names}
    }
    assert knowing == KNOW_OF_CHECKS
